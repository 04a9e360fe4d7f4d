"""Finds the authors of a site by name, and creates missing ones."""

from django.contrib.sites.models import Site

from blogs import publishing
from blogs.models import Author
from blogs.models.posts import AUTHOR_SLUG_LENGTH
from blogs.slugs import free_slug, slug_from

_SHORTENED = 10  # characters that `free_slug` removes from a long slug to append a number


class Authors:
    """The authors of one site, read with one query."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._by_name: dict[str, Author] = {}  # by the slug that their name gives
        self._slugs: set[str] = set()
        self._new: list[Author] = []
        for author in Author.objects.filter(site=site):
            wanted = slug_from(author.name, AUTHOR_SLUG_LENGTH)
            if author.slug == wanted or author.slug.startswith(f"{wanted}-") or _is_shortened(author.slug, wanted):
                self._by_name.setdefault(wanted, author)
            self._slugs.add(author.slug)

    def named(self, slug: str, name: str) -> Author:
        """The author with this name, whose slug is `slug` if it is free. A new author is stored by `store_new`.

        `slug` must be the slug of `name` as it is stored, by which a later import finds the author.
        """
        if slug not in self._by_name:
            free = free_slug(slug, Author.objects.none(), AUTHOR_SLUG_LENGTH, self._slugs)
            author = Author(site=self._site, slug=free, name=name)
            self._by_name[slug] = author
            self._slugs.add(free)
            self._new.append(author)
        return self._by_name[slug]

    def store_new(self) -> None:
        """Create the new authors that `named` returned."""
        publishing.create_authors(self._new, by=None)
        self._new = []


def _is_shortened(slug: str, wanted: str) -> bool:
    """Whether `slug` is the beginning of `wanted` and a number: `free_slug` shortens a long slug that is taken."""
    begin, _, number = slug.rpartition("-")
    is_long = len(wanted) > AUTHOR_SLUG_LENGTH - _SHORTENED and len(begin) > AUTHOR_SLUG_LENGTH // 2
    return is_long and number.isdecimal() and wanted.startswith(begin)
