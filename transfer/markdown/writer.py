"""Writes a prepared file as a post with its placement and redirects. The caller opens the transaction."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from blogs import publishing, redirects
from blogs.models import Author, Image, Placement, Post
from blogs.models.placements import SLUG_LENGTH
from blogs.models.posts import AUTHOR_SLUG_LENGTH
from blogs.paths import validate_slug_is_free
from blogs.slugs import free_slug, slug_from
from transfer.markdown.images import Picture
from transfer.markdown.outcomes import Edited, Note, Subject
from transfer.markdown.preparation import Prepared, digest_of
from transfer.models import ImportedFile

ADDRESS_LENGTH = 200  # max_length of Redirect.old_path


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
    published_at, pinned = placement or (None, None)
    return digest_of({**post.content(), "published_at": published_at and published_at.timestamp(), "pinned": pinned})


class Writer:
    """Writes posts of one site. `taken` contains slugs that a dry run assigned in transactions rolled back since."""

    def __init__(self, site: Site, taken: set[str]) -> None:
        self.site = site
        self.taken = taken

    def write(self, prepared: Prepared, post: Post | None, images: Mapping[str, Image]) -> tuple[Placement, list[Note]]:
        """Create a post, or edit `post`. `images` maps digests to the images that the post shows."""
        draft, now = prepared.draft, timezone.now()
        placement = post.placements.filter(site=self.site).first() if post else None
        published_at = None if draft.is_draft else draft.date or (placement and placement.published_at) or now
        content = self._content(prepared, images)
        if post:
            post = publishing.edit_post(post, content, by=None, version=post.version)
        else:
            authors, tags = content.pop("authors"), content.pop("tags")
            post = Post(home=self.site, updated_at=published_at or now, **content)
            publishing.create_post(post, by=None, authors=authors, tags=tags)
        notes: list[Note] = []
        if placement:
            changes = {"published_at": published_at, "pinned": draft.pinned}
            placement = publishing.change_placement(placement, changes, by=None)
        else:
            slug, notes = self._address(draft.slug)
            placement = Placement(post=post, site=self.site, slug=slug, published_at=published_at, pinned=draft.pinned)
            publishing.place(placement, by=None)
        return placement, [*notes, *self._redirect_old_addresses(draft.old_addresses, placement.get_absolute_url())]

    def _content(self, prepared: Prepared, images: Mapping[str, Image]) -> dict[str, Any]:
        """The values for `Post.CONTENT_FIELDS`."""

        def address_of(picture: Picture) -> str:
            return images[picture.digest].get_absolute_url()

        draft = prepared.draft
        return {
            "title": draft.title,
            "kind": draft.kind,
            "excerpt": draft.excerpt,
            "body": prepared.body_showing(address_of).strip("\n"),
            "cover": images[prepared.cover.digest] if prepared.cover else None,
            "cover_alt": draft.cover_alt,
            "authors": [self._author(slug, name) for slug, name in draft.authors.items()],
            "tags": draft.tags,
        }

    def _address(self, wanted: str) -> tuple[str, list[Note]]:
        """Return a free slug: `wanted`, or `wanted` with a number appended and a note that gives the reason."""
        wanted, taken, why = wanted[:SLUG_LENGTH].strip("-"), self.taken, "is taken on the site"
        try:
            validate_slug_is_free(wanted)
        except ValidationError:
            taken, why = taken | {wanted}, "is reserved for the site itself"
        slug = free_slug(wanted, Placement.objects.on(self.site), SLUG_LENGTH, taken)
        return slug, [] if slug == wanted else [
            Note(Subject.ADDRESS, f"/{wanted}/ {why}; the address of the post is /{slug}/")
        ]

    def _author(self, slug: str, name: str) -> Author:
        """Find or create the author of the site with this name."""
        authors = Author.objects.filter(site=self.site)
        for author in authors.filter(Q(slug=slug) | Q(slug__startswith=f"{slug}-")):
            if slug_from(author.name, AUTHOR_SLUG_LENGTH) == slug:
                return author
        author = Author(site=self.site, slug=free_slug(slug, authors, AUTHOR_SLUG_LENGTH), name=name)
        publishing.create_author(author, by=None)
        return author

    def _redirect_old_addresses(self, old_addresses: Iterable[str], new: str) -> Iterable[Note]:
        known = dict(
            Redirect.objects.filter(site=self.site, old_path__in=old_addresses).values_list("old_path", "new_path")
        )
        for old in old_addresses:
            if len(old) > ADDRESS_LENGTH:
                yield Note(Subject.ADDRESS, f"the old address {old[:60]}… is too long for a redirect and is left out")
            elif known.get(old, new) != new:
                yield Note(
                    Subject.ADDRESS, f"the old address {old} already redirects to {known[old]}; this redirect stays"
                )
            elif old not in (new, *known):
                redirects.moved(self.site, old_path=old, new_path=new)
