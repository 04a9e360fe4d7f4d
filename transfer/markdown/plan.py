"""Decides the address of each post before the first one is stored, so that links between files can be written."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.contrib.sites.models import Site

from blogs.models import Author, Placement, Redirect, Tag
from blogs.paths import public_path
from transfer.dialects import Dialect
from transfer.markdown.catalogue import Catalogue, SiteAddresses
from transfer.markdown.drafts import Draft
from transfer.markdown.outcomes import Note
from transfer.markdown.storing.records import Record
from transfer.markdown.storing.writer import Writer


@dataclass
class Plan:
    """The catalogue of all files, and the slugs of the new posts with notes on slugs that were taken."""

    catalogue: Catalogue
    taken: set[str]  # all slugs of the site after the import
    slugs: dict[str, tuple[str, list[Note]]] = field(default_factory=dict)

    def with_slug(self, draft: Draft) -> Draft:
        """The draft with the slug that its post gets."""
        slug, notes = self.slugs.get(draft.name, (draft.slug, []))
        # The address of a post answers itself, so a redirect from there would never be used.
        old = tuple(path for path in draft.old_addresses if path.strip("/") not in self.taken)
        return replace(draft, slug=slug, old_addresses=old, notes=(*draft.notes, *notes))


def plan(site: Site, dialect: Dialect, drafts: Iterable[tuple[Draft, Record | None]], writer: Writer) -> Plan:
    """Plan the addresses of the drafts. A file that was imported before keeps the address of its post."""
    known = SiteAddresses(
        slugs=set(Placement.objects.on(site).live().values_list("slug", flat=True)),
        tags=set(Tag.objects.filter(site=site).values_list("slug", flat=True)),
        authors=set(Author.objects.filter(site=site).values_list("slug", flat=True)),
        old_paths=set(Redirect.objects.on(site).exclude(new_path="").values_list("old_path", flat=True)),
    )
    planned = Plan(Catalogue(dialect, known), set(Placement.objects.on(site).values_list("slug", flat=True)))
    for draft, record in drafts:
        slug = record.slug if record else None
        if slug is None:
            slug, notes = writer.address(draft.slug, planned.taken)
            planned.slugs[draft.name] = slug, notes
            planned.taken.add(slug)
        planned.catalogue.add(draft, public_path("post", slug))
    return planned
