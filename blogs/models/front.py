"""What is asked for most: the home page, a post, the feed. Each is a Statement."""

from functools import cache

from django.contrib.sites.models import Site
from django.http import Http404

from blogs.models.placements import Placement
from blogs.models.rows import FeedRow, ListRow, PageRow
from blogs.models.statements import Parameter, Statement

SITE, SLUG = Parameter("site"), Parameter("slug")


def on_home_page(site: Site, most: int) -> list[ListRow]:
    """The first posts, the pinned ones on top."""
    return _home_page(most).rows(site=site.pk)


def post_at(site: Site, slug: str) -> PageRow:
    """The live post or page at this address of the site. Raises Http404."""
    for row in _post().rows(site=site.pk, slug=slug):  # there is one at most
        return row
    raise Http404(f"No post is at /{slug}/.")


def in_feed(site: Site, most: int) -> list[FeedRow]:
    return _feed(most).rows(site=site.pk)


@cache
def _home_page(most: int) -> Statement[ListRow]:
    return Statement(ListRow, Placement.objects.on(SITE).live().posts().pinned_first().columns(ListRow)[:most])


@cache
def _post() -> Statement[PageRow]:
    return Statement(PageRow, Placement.objects.on(SITE).live().at(SLUG).columns(PageRow))


@cache
def _feed(most: int) -> Statement[FeedRow]:
    return Statement(FeedRow, Placement.objects.on(SITE).live().posts().newest_first().columns(FeedRow)[:most])
