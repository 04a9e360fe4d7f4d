"""Writes a prepared file as a post with its placement and redirects. The caller opens the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.utils import timezone

from blogs import publishing, redirects
from blogs.models import Image, MediaFile, Placement, Post
from blogs.models.placements import SLUG_LENGTH
from blogs.paths import old_path_key, validate_slug_is_free
from blogs.publishing import NewPost
from blogs.redirects.lookup import is_reserved
from blogs.slugs import free_slug
from transfer.markdown.images import Picture
from transfer.markdown.outcomes import Edited, Note, Subject
from transfer.markdown.preparation import EMBEDDED, Prepared, digest_of
from transfer.markdown.storing.authors import Authors
from transfer.models import ImportedFile


def lock_unedited_post(record: ImportedFile, *, overwrite: bool) -> Post:
    """Return the post of the imported file and lock its row. Raises Edited if the import would overwrite edits."""
    post = Post.objects.select_for_update().get(pk=record.post_id)
    if post.home_id != record.site_id:
        raise Edited("the home of the post is now another site; edit the post there")
    if not overwrite and state_of(post) != record.left_as:
        raise Edited("the post was edited on the site after its import; use --overwrite to replace it")
    return post


def state_of(post: Post) -> str:
    """A digest of all stored values that an import writes."""
    placement = post.placements.filter(site=post.home_id).values_list("published_at", "pinned").first()
    return _state(post.content(), *placement or (None, None))


def _state(content: Mapping[str, Any], published_at: datetime | None, pinned: bool | None) -> str:
    return digest_of({**content, "published_at": published_at and published_at.timestamp(), "pinned": pinned})


class Written(NamedTuple):
    """A stored post. `state` is its digest of `state_of`."""

    placement: Placement
    state: str
    notes: list[Note]


class Writer:
    """Writes posts of one site. `taken` contains slugs that a dry run assigned in transactions rolled back since."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.taken: set[str] = set()

    @cached_property
    def _authors(self) -> Authors:
        return Authors(self.site)

    @cached_property
    def _feed_ids(self) -> dict[str, int]:
        """The post of each feed id on the site. New posts of this import have 0."""
        return dict(Post.objects.filter(home=self.site).exclude(feed_id="").values_list("feed_id", "pk"))

    def create(self, files: Sequence[Prepared], images: Mapping[str, Image | MediaFile]) -> list[Written]:
        """Create a post from each file. `images` maps digests to the images that the posts show."""
        now, taken = timezone.now(), self._taken(prepared.draft.slug for prepared in files)
        new: list[NewPost] = []
        notes: list[list[Note]] = []
        for prepared in files:
            draft, content = prepared.draft, self._content(prepared, images)
            published_at = None if draft.is_draft else draft.date or now
            authors, tags = content.pop("authors"), content.pop("tags")
            feed_id, on_feed_id = self._feed_id(prepared, None)
            updated_at = draft.updated or published_at or now
            post = Post(home=self.site, updated_at=updated_at, feed_id=feed_id, **content)
            slug, on_address = self.address(draft.slug, taken)
            taken.add(slug)
            placement = Placement(post=post, site=self.site, slug=slug, published_at=published_at, pinned=draft.pinned)
            new.append(NewPost(post, authors, tags, [placement]))
            notes.append([*on_address, *on_feed_id])
        self._authors.store_new()
        publishing.create_posts(new, by=None)
        placements = [each.placements[0] for each in new]
        on_redirects = self._redirect_old_addresses(zip(files, placements, strict=True))
        return [
            _written(each.placements[0], _content_of(each), [*on_address, *on_redirect, *_removed(each.post)])
            for each, on_address, on_redirect in zip(new, notes, on_redirects, strict=True)
        ]

    def edit(self, prepared: Prepared, post: Post, images: Mapping[str, Image | MediaFile]) -> Written:
        """Write the file to its post. For `images` see `create`."""
        draft, now, notes = prepared.draft, timezone.now(), list[Note]()
        placement = post.placements.filter(site=self.site).first()
        published_at = None if draft.is_draft else draft.date or (placement and placement.published_at) or now
        content = self._content(prepared, images)
        content["feed_id"], on_feed_id = self._feed_id(prepared, post)
        if draft.updated:
            content["updated_at"] = draft.updated
        self._authors.store_new()
        post = publishing.edit_post(post, content, by=None, version=post.version)
        if placement:
            changes = {"published_at": published_at, "pinned": draft.pinned}
            placement = publishing.change_placement(placement, changes, by=None)
        else:
            slug, notes = self.address(draft.slug, self._taken([draft.slug]))
            placement = Placement(post=post, site=self.site, slug=slug, published_at=published_at, pinned=draft.pinned)
            publishing.place(placement, by=None)
        (on_redirects,) = self._redirect_old_addresses([(prepared, placement)])
        return _written(placement, post.content(), [*notes, *on_feed_id, *on_redirects, *_removed(post)])

    def forget(self) -> None:
        """Read authors and feed ids of the site again, because the transaction that created some was rolled back."""
        self.__dict__.pop("_authors", None)
        self.__dict__.pop("_feed_ids", None)

    def _content(self, prepared: Prepared, images: Mapping[str, Image | MediaFile]) -> dict[str, Any]:
        """The values for `Post.CONTENT_FIELDS`."""

        def address_of(picture: Picture) -> str:
            return images[picture.digest].get_absolute_url()

        draft = prepared.draft
        return {
            "title": draft.title,
            "kind": draft.kind,
            "language": draft.language,
            "excerpt": draft.excerpt,
            "body": prepared.body_showing(address_of).strip("\n"),
            "cover": images[prepared.cover.digest] if prepared.cover else None,
            "cover_alt": draft.cover_alt,
            "authors": [self._authors.named(slug, name) for slug, name in draft.authors.items()],
            "tags": draft.tags,
        }

    def _feed_id(self, prepared: Prepared, post: Post | None) -> tuple[str, list[Note]]:
        """The feed id in the file, or "" and a note if another post of the site has it: entries need different ids."""
        feed_id = prepared.draft.feed_id
        if not feed_id:
            return "", []
        own = post.pk if post else None
        if self._feed_ids.get(feed_id) not in (None, own):
            message = f"another post of the site has the feed id {feed_id}; this post keeps its own id"
            return "", [Note(Subject.FIELD, message, None, "feed id of another post", feed_id)]
        self._feed_ids[feed_id] = own or 0
        return feed_id, []

    def _taken(self, wanted: Iterable[str]) -> set[str]:
        """The slugs among `wanted` that the site has, and all slugs in `taken`."""
        stored = Placement.objects.on(self.site).filter(slug__in=[_cut(slug) for slug in wanted])
        return {*self.taken, *stored.values_list("slug", flat=True)}

    def address(self, wanted: str, taken: set[str]) -> tuple[str, list[Note]]:
        """Return a free slug: `wanted`, or `wanted` with a number appended and a note that gives the reason."""
        wanted, why = _cut(wanted), "is taken on the site"
        try:
            validate_slug_is_free(wanted)
        except ValidationError:
            taken, why = taken | {wanted}, "is reserved for the site itself"
        if wanted not in taken:
            return wanted, []
        slug = free_slug(wanted, Placement.objects.on(self.site), SLUG_LENGTH, taken)
        return slug, [
            Note(Subject.ADDRESS, f"/{wanted}/ {why}; the address of the post is /{slug}/", None, f"the address {why}")
        ]

    def _redirect_old_addresses(self, files: Iterable[tuple[Prepared, Placement]]) -> list[list[Note]]:
        """Redirect the old addresses of each file to its post. Returns notes on the addresses that are left out."""
        moved = [(prepared.draft.old_addresses, placement.get_absolute_url()) for prepared, placement in files]
        moves = redirects.Moves(self.site, {path for old, new in moved for path in (*old, new)})
        notes = [list(_redirect(moves, old, new)) for old, new in moved]
        moves.save()
        return notes


def _redirect(moves: redirects.Moves, old_addresses: Iterable[str], new: str) -> Iterable[Note]:
    known = {old: moves.target(old) for old in old_addresses}
    for old, target in known.items():
        if is_reserved(old_path_key(old)):
            continue  # the site itself uses the address, so no reader reaches the post with it
        if reason := redirects.refusal(old):
            message = f"the old address {old[:60]} is left out. {reason}"
            yield Note(Subject.ADDRESS, message, None, "an address that cannot be redirected")
        elif target not in (None, new):
            message = f"the old address {old} already redirects to {target}; this redirect stays"
            yield Note(Subject.ADDRESS, message, None, "the old address redirects to another post", old)
        elif target is None and old != new:
            moves.add(old, new)


def _cut(slug: str) -> str:
    return slug[:SLUG_LENGTH].strip("-")


def _removed(post: Post) -> Iterable[Note]:
    """Notes on HTML that the sanitiser removed. `preparation` already wrote notes on embedded content."""
    for removal in post.removed:
        if removal.attribute or removal.element not in EMBEDDED:
            yield Note(
                Subject.EMBEDDED, f"{removal} is removed from the page", None, "removed from the page", str(removal)
            )


def _written(placement: Placement, content: Mapping[str, Any], notes: list[Note]) -> Written:
    return Written(placement, _state(content, placement.published_at, placement.pinned), notes)


def _content_of(new: NewPost) -> dict[str, Any]:
    """The content of a new post, equal to the stored `Post.content`, without a query."""
    post = new.post
    return {
        "title": post.title,
        "kind": str(post.kind),
        "language": post.language,
        "excerpt": post.excerpt,
        "body": post.body,
        "cover": post.cover_id,
        "cover_alt": post.cover_alt,
        "authors": sorted(author.slug for author in new.authors),
        "tags": sorted(new.tags),
    }
