"""What is asked for most: the home page, a post, the feed. Each is a CompiledQuery."""

from functools import cache
from typing import Any, cast

from django.contrib.sites.models import Site
from django.http import Http404

from blogs.models.compiled import CompiledQuery, Parameter
from blogs.models.placements import Placement
from blogs.models.rows import FeedRow, LastRow, ListRow, PostRow

KEY, MOMENT, SITE, SLUG = Parameter("key"), Parameter("moment"), Parameter("site"), Parameter("slug")


def on_home_page(site: Site, most: int, last: LastRow | None = None) -> list[ListRow]:
    """The first posts, the pinned ones on top; those below `last` when there is one."""
    if last is None:
        return _home_page(most).rows(site=site.pk)
    return _home_page_below(last.pinned, most).rows(site=site.pk, key=last.pk, moment=last.published_at)


def last_on_home_page(site: Site, key: int) -> LastRow | None:
    """The post of this placement, if it is in that list."""
    rows = _home_page_last().rows(site=site.pk, key=key)
    return rows[0] if rows else None


def post_at(site: Site, slug: str) -> PostRow:
    """The live post or page at this address of the site. Raises Http404."""
    for row in _post().rows(site=site.pk, slug=slug):  # there is one at most
        return row
    raise Http404(f"No post is at /{slug}/.")


def in_feed(site: Site, most: int) -> list[FeedRow]:
    return _feed(most).rows(site=site.pk)


@cache
def _home_page(most: int) -> CompiledQuery[ListRow]:
    return CompiledQuery(ListRow, Placement.objects.on(SITE).live().posts().pinned_first().columns(ListRow)[:most])


@cache
def _home_page_below(pinned: bool, most: int) -> CompiledQuery[ListRow]:
    last = LastRow(cast(Any, KEY), cast(Any, MOMENT), pinned)
    placements = Placement.objects.on(SITE).live().posts().pinned_first().below(last)
    return CompiledQuery(ListRow, placements.columns(ListRow)[:most])


@cache
def _home_page_last() -> CompiledQuery[LastRow]:
    return CompiledQuery(LastRow, Placement.objects.on(SITE).live().posts().filter(pk=KEY).columns(LastRow))


@cache
def _post() -> CompiledQuery[PostRow]:
    return CompiledQuery(PostRow, Placement.objects.on(SITE).live().at(SLUG).columns(PostRow))


@cache
def _feed(most: int) -> CompiledQuery[FeedRow]:
    return CompiledQuery(FeedRow, Placement.objects.on(SITE).live().posts().newest_first().columns(FeedRow)[:most])
