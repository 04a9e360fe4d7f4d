"""Sitemaps (sitemaps.org) of the canonical URLs of a site. A large site has an index of several sitemaps."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from xml.sax.saxutils import escape

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from blogs.models import Placement
from blogs.paths import public_path
from pagecache.decorators import public_page
from tenancy.absolute_urls import site_url

PART_SIZE = 10_000  # URLs per file. The protocol allows 50,000 URLs and 50 MB.

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@require_safe
@public_page()
def index(request: HttpRequest) -> HttpResponse:
    """The sitemap if one part is enough, otherwise an index of parts. The first placement of a part gives its name."""
    firsts = _firsts(request)
    if len(firsts) > 1:
        parts = [(site_url(request.site, public_path("sitemap-part", first)), None) for first in firsts]
        return _xml("sitemapindex", "sitemap", parts)
    home = (site_url(request.site, public_path("home")), None)
    return _xml("urlset", "url", [home, *_part(request, 0)])


@require_safe
@public_page()
def part(request: HttpRequest, first: int) -> HttpResponse:
    # Refuse all ids but those of first placements, because every other id would create an entry in the page cache. The
    # query by id comes first, so that a request with a random id does not read all placements.
    exists = Placement.objects.on(request.site).live().filter(pk=first).exists()
    if not exists or first not in _firsts(request):
        raise Http404(f"No part of the sitemap starts at the placement {first}.")
    return _xml("urlset", "url", _part(request, first))


def _firsts(request: HttpRequest) -> list[int]:
    numbered = Placement.objects.on(request.site).live().annotate(number=Window(RowNumber(), order_by=F("pk").asc()))
    return list(numbered.annotate(rest=(F("number") - 1) % PART_SIZE).filter(rest=0).values_list("pk", flat=True))


def _part(request: HttpRequest, first: int) -> list[tuple[str, datetime | None]]:
    site = request.site
    ids = Placement.objects.on(site).live().filter(pk__gte=first).order_by("pk").values("pk")[:PART_SIZE]
    placements = Placement.objects.on(site).filter(pk__in=ids).canonical().order_by("pk")
    return [
        # `published_at` of a live placement is never None.
        (site_url(site, public_path("post", slug)), max(cast(datetime, published_at), updated_at))
        for slug, published_at, updated_at in placements.values_list("slug", "published_at", "post__updated_at")
    ]


def _xml(root: str, element: str, rows: Iterable[tuple[str, datetime | None]]) -> HttpResponse:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<{root} xmlns="{_NAMESPACE}">']
    for address, changed in rows:
        lastmod = f"<lastmod>{changed.date().isoformat()}</lastmod>" if changed else ""
        lines.append(f"<{element}><loc>{escape(address)}</loc>{lastmod}</{element}>")
    lines.append(f"</{root}>\n")
    return HttpResponse("\n".join(lines), content_type="application/xml; charset=utf-8")
