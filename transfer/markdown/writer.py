"""A prepared file is written as a post, with its placement, redirects and record. The caller holds the transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain, count

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from blogs import redirects
from blogs.models import Author, Image, Placement, Post, Tag
from blogs.paths import validate_slug_is_free
from transfer.markdown.images import Picture
from transfer.markdown.outcomes import Edited, Note, Subject
from transfer.markdown.preparation import Prepared, digest_of
from transfer.models import ImportedFile

SLUG_LENGTH = 200
ADDRESS_LENGTH = 200  # of a redirect
_SUFFIX_LENGTH = 10


def unedited(record: ImportedFile, *, overwrite: bool) -> Post:
    """The post that the file became, locked. Raises Edited when it would lose what was changed here."""
    post = Post.objects.select_for_update().get(pk=record.post_id)
    if post.home_id != record.site_id:
        raise Edited("the post has another home now; edit it there")
    if not overwrite and state_of(post) != record.left_as:
        raise Edited("the post was edited here since it was imported; --overwrite replaces it")
    return post


def state_of(post: Post) -> str:
    """A digest of all that an import writes, as it stands in the database."""
    placement = post.placements.filter(site=post.home_id).values_list("published_at", "pinned").first()
    published_at, pinned = placement or (None, None)
    return digest_of(
        (
            *(post.title, str(post.kind), post.body, post.excerpt, post.cover_id, post.cover_alt),
            *(published_at and published_at.timestamp(), pinned),
            *(sorted(post.authors.values_list("slug", flat=True)), sorted(post.tags.values_list("slug", flat=True))),
        )
    )


class Writer:
    """Writes posts of one site. `taken` holds slugs that the database does not show: those of a dry run."""

    def __init__(self, site: Site, taken: set[str]) -> None:
        self.site = site
        self.taken = taken

    def write(self, prepared: Prepared, post: Post | None, images: Mapping[str, Image]) -> tuple[Placement, list[Note]]:
        """The placement of the post, which is new when there was none; `images` are those it shows, by digest."""
        draft, now = prepared.draft, timezone.now()
        placement = (post and post.placements.filter(site=self.site).first()) or Placement(site=self.site)
        placement.published_at = None if draft.is_draft else draft.date or placement.published_at or now
        updated_at = now if post else placement.published_at or now
        post = post or Post(home=self.site)
        self._write_post(post, prepared, images, updated_at)
        notes: list[Note] = []
        if placement._state.adding:
            placement.slug, notes = self.free_slug(draft.slug)
        placement.post = post
        placement.pinned = draft.pinned
        placement.save()
        return placement, [*notes, *self._lead_here(draft.old_addresses, placement.get_absolute_url())]

    def _write_post(self, post: Post, prepared: Prepared, images: Mapping[str, Image], updated_at: datetime) -> None:
        def address_of(picture: Picture) -> str:
            return images[picture.digest].get_absolute_url()

        draft = prepared.draft
        post.kind = draft.kind
        post.title = draft.title
        post.excerpt = draft.excerpt
        post.body = prepared.body_showing(address_of).strip("\n")
        post.cover = images[prepared.cover.digest] if prepared.cover else None
        post.cover_alt = draft.cover_alt
        post.clean_fields(exclude=["body_html", "cover", "created_by", "home", "summary"])
        post.updated_at = updated_at
        post.save()
        post.authors.set([self._author(slug, name) for slug, name in draft.authors.items()])
        post.tags.set(_tags(draft.tags))

    def free_slug(self, wanted: str) -> tuple[str, list[Note]]:
        """`wanted`, or with a number behind it and a note that says why."""
        wanted = wanted[:SLUG_LENGTH].strip("-")
        begin = wanted[: SLUG_LENGTH - _SUFFIX_LENGTH]
        placements = Placement.objects.on(self.site).filter(Q(slug=wanted) | Q(slug__startswith=f"{begin}-"))
        taken = self.taken | set(placements.values_list("slug", flat=True))
        why = "is taken on the site"
        try:
            validate_slug_is_free(wanted)
        except ValidationError:
            taken.add(wanted)
            why = "is an address that the site itself uses"
        if wanted not in taken:
            return wanted, []
        slug = next(slug for slug in (f"{begin}-{number}" for number in count(2)) if slug not in taken)
        return slug, [Note(Subject.ADDRESS, f"/{wanted}/ {why}; the post stands at /{slug}/")]

    def _author(self, slug: str, name: str) -> Author:
        """The site's author of that name. One of other sites may be another person, and their words are not ours."""
        like_it = Q(slug=slug) | Q(slug__startswith=f"{slug}-")
        for author in Author.objects.filter(like_it, posts__home=self.site).distinct():
            if slugify(author.name)[:100].strip("-") == slug:
                return author
        taken = set(Author.objects.filter(like_it).values_list("slug", flat=True))
        candidates = chain([slug], (f"{slug[:94]}-{number}" for number in count(2)))
        return Author.objects.create(slug=next(each for each in candidates if each not in taken), name=name)

    def _lead_here(self, old_addresses: Iterable[str], new: str) -> Iterable[Note]:
        known = dict(
            Redirect.objects.filter(site=self.site, old_path__in=old_addresses).values_list("old_path", "new_path")
        )
        for old in old_addresses:
            if len(old) > ADDRESS_LENGTH:
                yield Note(Subject.ADDRESS, f"the old address {old[:60]}… is too long; nothing leads from it")
            elif known.get(old, new) != new:
                yield Note(Subject.ADDRESS, f"the old address {old} leads to {known[old]} already, and stays so")
            elif old not in (new, *known):
                redirects.moved(self.site, old_path=old, new_path=new)


def _tags(names: Mapping[str, str]) -> list[Tag]:
    """Tags by their slugs, which all sites share; who is missing is created."""
    rows = {row.slug: row for row in Tag.objects.filter(slug__in=names)}
    missing = sorted(names.keys() - rows.keys())
    created = [Tag.objects.get_or_create(slug=slug, defaults={"name": names[slug]})[0] for slug in missing]
    return [*rows.values(), *created]
