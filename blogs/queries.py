"""The queries of the busiest pages: the home page, a post and the feed. Each query is a CompiledQuery."""

from functools import cache
from typing import Any, cast

from django.contrib.sites.models import Site
from django.http import Http404

from blogs.models.compiled import CompiledQuery, Parameter
from blogs.models.placements import Placement
from blogs.models.rows import FeedRow, LastRow, ListRow, PostRow

KEY, MOMENT, SITE, SLUG = Parameter("key"), Parameter("moment"), Parameter("site"), Parameter("slug")


def home_page_rows(site: Site, limit: int, last: LastRow | None = None) -> list[ListRow]:
    """The first `limit` live posts after `last`, or from the start: the pinned posts first, then the newest posts."""
    if last is None:
        return _home_page(limit).rows(site=site.pk)
    return _home_page_below(last.pinned, limit).rows(site=site.pk, key=last.pk, moment=last.published_at)


def home_page_last_row(site: Site, key: int) -> LastRow | None:
    """The sort key of the live post whose placement has the id `key`, or None if the site has no such post."""
    rows = _home_page_last().rows(site=site.pk, key=key)
    return rows[0] if rows else None


def post_or_404(site: Site, slug: str) -> PostRow:
    """The live post or page with this slug on the site. Raises Http404."""
    rows = _post().rows(site=site.pk, slug=slug)  # At most one row, because slugs are unique on a site.
    if not rows:
        raise Http404(f"The site has no live post with the slug {slug}.")
    return rows[0]


def feed_rows(site: Site, limit: int) -> list[FeedRow]:
    """The newest live posts, at most `limit`."""
    return _feed(limit).rows(site=site.pk)


@cache
def _home_page(limit: int) -> CompiledQuery[ListRow]:
    return CompiledQuery(ListRow, Placement.objects.on(SITE).live().posts().pinned_first().columns(ListRow)[:limit])


@cache
def _home_page_below(pinned: bool, limit: int) -> CompiledQuery[ListRow]:
    last = LastRow(cast(Any, KEY), cast(Any, MOMENT), pinned)
    placements = Placement.objects.on(SITE).live().posts().pinned_first().below(last)
    return CompiledQuery(ListRow, placements.columns(ListRow)[:limit])


@cache
def _home_page_last() -> CompiledQuery[LastRow]:
    return CompiledQuery(LastRow, Placement.objects.on(SITE).live().posts().filter(pk=KEY).columns(LastRow))


@cache
def _post() -> CompiledQuery[PostRow]:
    return CompiledQuery(PostRow, Placement.objects.on(SITE).live().at(SLUG).columns(PostRow))


@cache
def _feed(limit: int) -> CompiledQuery[FeedRow]:
    return CompiledQuery(FeedRow, Placement.objects.on(SITE).live().posts().newest_first().columns(FeedRow)[:limit])
