"""Sitemaps (sitemaps.org) of the canonical URLs of a site.

A site with few posts has one sitemap. A larger site has an index of parts. A part covers a fixed range of placement
ids, so the index needs no count of the posts: it finds the ranges that are not empty with one index probe for each. A
part keeps its address, whatever is published or deleted.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from xml.sax.saxutils import escape

from django.contrib.sites.models import Site
from django.db import connection
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from blogs.models import Placement, PlacementQuerySet
from blogs.paths import public_path
from pagecache.decorators import public_page
from tenancy.absolute_urls import site_url

SINGLE_SIZE = 1_000  # A site with at most so many posts has no index. Their ids may be in many ranges.

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

Url = tuple[str, datetime | None]


@require_safe
@public_page()
def index(request: HttpRequest) -> HttpResponse:
    """The sitemap of a small site, or the index of the parts of a large one."""
    site = request.site
    if _live(site).newest_first().values("pk")[SINGLE_SIZE : SINGLE_SIZE + 1]:
        return _xml("sitemapindex", "sitemap", [(_part_url(site, number), None) for number in _part_numbers(site)])
    return _xml("urlset", "url", [_home(site), *_urls(site, _live(site))])


@require_safe
@public_page()
def part(request: HttpRequest, number: int) -> HttpResponse:
    """One range of ids. The first range that is not empty begins with the home page.

    An empty range gets 404, because otherwise each number would create an entry in the page cache.
    """
    site = request.site
    placements = _live(site).in_id_range(number)
    if not placements.exists():
        raise Http404(f"The sitemap has no part {number}.")
    home = [_home(site)] if _live(site).id_ranges().first() == number else []
    return _xml("urlset", "url", [*home, *_urls(site, placements)])


def _live(site: Site) -> PlacementQuerySet:
    return Placement.objects.on(site).live()


def _part_numbers(site: Site) -> list[int]:
    """The numbers of all id ranges that are not empty. Each step of the recursive query jumps to the next one."""
    first, first_parameters = _live(site).id_ranges()[:1].query.sql_with_params()
    later = _live(site).id_ranges(above=RawSQL("part.number", []))
    following, following_parameters = later[:1].query.sql_with_params()
    query = f"""
        WITH RECURSIVE part(number) AS (
            SELECT ({first})
            UNION ALL
            SELECT ({following}) FROM part WHERE part.number IS NOT NULL
        )
        SELECT number FROM part WHERE number IS NOT NULL
    """  # noqa: S608  # Django made both inner queries.
    with connection.cursor() as cursor:
        cursor.execute(query, [*first_parameters, *following_parameters])
        return [number for (number,) in cursor.fetchall()]


def _part_url(site: Site, number: int) -> str:
    return site_url(site, public_path("sitemap-part", number))


def _home(site: Site) -> Url:
    return site_url(site, public_path("home")), None


def _urls(site: Site, placements: PlacementQuerySet) -> list[Url]:
    rows = placements.canonical().order_by("pk").values_list("slug", "published_at", "post__updated_at")
    return [
        # `published_at` of a live placement is never None.
        (site_url(site, public_path("post", slug)), max(cast(datetime, published_at), updated_at))
        for slug, published_at, updated_at in rows
    ]


def _xml(root: str, element: str, rows: Iterable[Url]) -> HttpResponse:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<{root} xmlns="{_NAMESPACE}">']
    for address, changed in rows:
        lastmod = f"<lastmod>{changed.date().isoformat()}</lastmod>" if changed else ""
        lines.append(f"<{element}><loc>{escape(address)}</loc>{lastmod}</{element}>")
    lines.append(f"</{root}>\n")
    return HttpResponse("\n".join(lines), content_type="application/xml; charset=utf-8")
