"""Finds the page that a path spells differently: in another letter case or Unicode form, or with other punctuation.

Each page is served at one path. A request for another spelling is redirected if the page exists. Otherwise it gets the
same 404 as any other path.
"""

from typing import Any

from django.contrib.sites.models import Site
from django.db.models import QuerySet
from django.utils.encoding import escape_uri_path

from blogs.models import AuthorListing, Listing, Placement, TagListing
from blogs.paths import normal_path, public_path
from blogs.slugs import MAX_SOURCE, slug_from

_MAX_SEGMENTS = 3  # of the path of a page that has a slug


def page_spelled(site: Site, path: str) -> str | None:
    """The path of the live page that `path` spells differently, or None. Sends at most one query."""
    segments = normal_path(path).strip("/").split("/", _MAX_SEGMENTS)
    slugs = [slug_from(segment) for segment in segments if len(segment) <= MAX_SOURCE]
    rows: QuerySet[Any]
    match slugs:
        case _ if len(slugs) != len(segments) or not all(slugs):
            return None
        case ["feed"]:
            return public_path("feed")
        case [slug]:
            page, rows = public_path("post", slug), Placement.objects.on(site).live().at(slug)
        case ["author", slug]:
            page, rows = public_path("author", slug), _listed(AuthorListing, site, slug)
        case ["tag", slug]:
            page, rows = public_path("tag", slug), _listed(TagListing, site, slug)
        case ["tag", slug, "feed"]:
            page, rows = public_path("tag-feed", slug), _listed(TagListing, site, slug)
        case _:
            return None
    return page if page != escape_uri_path(path) and rows.exists() else None


def _listed(listing: type[Listing], site: Site, slug: str) -> QuerySet[Any]:
    """The live posts in the list of a tag or an author."""
    return listing.objects.live().filter(**{"site": site, f"{listing.NAME}__site": site, f"{listing.NAME}__slug": slug})
