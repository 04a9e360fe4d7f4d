"""The queries of public pages. Each query is a CompiledQuery."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from django.contrib.sites.models import Site
from django.http import Http404
from django.utils import timezone

from blogs.models.compiled import CompiledQuery, Parameter, Row
from blogs.models.listings import AuthorListing, Listing, TagListing
from blogs.models.placements import Placement, PlacementQuerySet
from blogs.models.posts import Author, Tag
from blogs.models.rows import AuthorRow, FeedRow, LastRow, ListRow, PostRow, TagRow

BEGIN, END, KEY, MOMENT = Parameter("begin"), Parameter("end"), Parameter("key"), Parameter("moment")
NAME, SITE, SLUG = Parameter("name"), Parameter("site"), Parameter("slug")
# The sort key of the last row on the previous page of a list.
LAST = LastRow(cast(Any, KEY), cast(Any, MOMENT), pinned=False)


class Posts(NamedTuple):
    """A list of live posts on a site, with one query for each step of its pagination. `values` are their parameters."""

    first: Callable[[int], CompiledQuery[ListRow]]  # takes the maximum number of rows
    below: Callable[[int, bool], CompiledQuery[ListRow]]  # and whether the last row is pinned
    last: Callable[[], CompiledQuery[LastRow]]
    values: Mapping[str, Any]

    def rows(self, limit: int, last: LastRow | None = None) -> list[ListRow]:
        """The first `limit` posts after `last`, or from the start."""
        if last is None:
            return self.first(limit).rows(**self.values)
        return self.below(limit, last.pinned).rows(**self.values, key=last.pk, moment=last.published_at)

    def last_row(self, key: int) -> LastRow | None:
        """The sort key of the post whose placement has the id `key`, or None if the list has no such post."""
        rows = self.last().rows(**self.values, key=key)
        return rows[0] if rows else None


def home_page_posts(site: Site) -> Posts:
    """All posts: the pinned posts first, then the newest posts."""
    return Posts(_home_page, _home_page_below, _home_page_last, {"site": site.pk})


def tag_posts(site: Site, tag: TagRow) -> Posts:
    """The posts with this tag of the site, newest first."""
    return _listed(TagListing, {"site": site.pk, "name": tag.pk})


def author_posts(site: Site, author: AuthorRow) -> Posts:
    """The posts by this author of the site, newest first."""
    return _listed(AuthorListing, {"site": site.pk, "name": author.pk})


def month_posts(site: Site, first_day: date) -> Posts:
    """The posts of a month in the current time zone, newest first."""
    next_first_day = (first_day + timedelta(days=31)).replace(day=1)
    begin, end = (timezone.make_aware(datetime.combine(day, time())) for day in (first_day, next_first_day))
    return Posts(*_month_queries, {"site": site.pk, "begin": begin, "end": end})


def post_or_404(site: Site, slug: str) -> PostRow:
    """The live post or page with this slug on the site. Raises Http404."""
    return _only(_post().rows(site=site.pk, slug=slug), f"live post with the slug {slug}")


def tag_or_404(site: Site, slug: str) -> TagRow:
    """The tag of the site with this slug. Raises Http404."""
    return _only(_tag().rows(site=site.pk, slug=slug), f"tag {slug}")


def author_or_404(site: Site, slug: str) -> AuthorRow:
    """The author of the site with this slug. Raises Http404."""
    return _only(_author().rows(site=site.pk, slug=slug), f"author {slug}")


def feed_rows(site: Site, limit: int) -> list[FeedRow]:
    """The newest live posts, at most `limit`."""
    return _feed(limit).rows(site=site.pk)


def tag_feed_rows(site: Site, tag: TagRow, limit: int) -> list[FeedRow]:
    """The newest live posts with this tag of the site, at most `limit`."""
    return _tag_feed(limit).rows(site=site.pk, name=tag.pk)


def _only(rows: list[Row], what: str) -> Row:
    """The only row: slugs are unique on a site."""
    if not rows:
        raise Http404(f"The site has no {what}.")
    return rows[0]


def _live_posts() -> PlacementQuerySet:
    return Placement.objects.on(SITE).live().posts()


@cache
def _home_page(limit: int) -> CompiledQuery[ListRow]:
    return CompiledQuery(ListRow, _live_posts().pinned_first().columns(ListRow)[:limit])


@cache
def _home_page_below(limit: int, pinned: bool) -> CompiledQuery[ListRow]:
    placements = _live_posts().pinned_first().below(LAST._replace(pinned=pinned))
    return CompiledQuery(ListRow, placements.columns(ListRow)[:limit])


@cache
def _home_page_last() -> CompiledQuery[LastRow]:
    return CompiledQuery(LastRow, _live_posts().filter(pk=KEY).columns(LastRow))


def _in_month() -> PlacementQuerySet:
    return _live_posts().between(BEGIN, END).newest_first()


@cache
def _month(limit: int) -> CompiledQuery[ListRow]:
    return CompiledQuery(ListRow, _in_month().columns(ListRow)[:limit])


@cache
def _month_below(limit: int, pinned: bool) -> CompiledQuery[ListRow]:
    return CompiledQuery(ListRow, _in_month().older_than(LAST).columns(ListRow)[:limit])


@cache
def _month_last() -> CompiledQuery[LastRow]:
    return CompiledQuery(LastRow, _in_month().filter(pk=KEY).columns(LastRow))


_month_queries = _month, _month_below, _month_last


@cache
def _listing_queries(listing: type[Listing]) -> tuple[Any, Any, Any]:
    """The functions `first`, `below` and `last` of the lists of tags or of authors."""
    rows = listing.objects.of(SITE, NAME).live()

    @cache
    def first(limit: int) -> CompiledQuery[ListRow]:
        return CompiledQuery(ListRow, _placements_of(rows, limit).columns(ListRow))

    @cache
    def below(limit: int, pinned: bool) -> CompiledQuery[ListRow]:
        return CompiledQuery(ListRow, _placements_of(rows.older_than(LAST), limit).columns(ListRow))

    @cache
    def last() -> CompiledQuery[LastRow]:
        placements = _live_posts().filter(pk=KEY, pk__in=rows.filter(placement=KEY).values("placement"))
        return CompiledQuery(LastRow, placements.columns(LastRow))

    return first, below, last


def _placements_of(rows: Any, limit: int) -> PlacementQuerySet:
    """The placements of the first `limit` rows of a list.

    The inner query reads one range of an index and finds the placements. The outer query has no condition on the site,
    because PostgreSQL might then read all placements of the site instead. The rows of a list are of one site.
    """
    newest = rows.newest_first().values("placement")[:limit]
    return Placement.objects.filter(pk__in=newest).live().posts().newest_first()


def _listed(listing: type[Listing], values: Mapping[str, Any]) -> Posts:
    return Posts(*_listing_queries(listing), values)


@cache
def _post() -> CompiledQuery[PostRow]:
    return CompiledQuery(PostRow, Placement.objects.on(SITE).live().at(SLUG).columns(PostRow))


@cache
def _tag() -> CompiledQuery[TagRow]:
    return CompiledQuery(TagRow, Tag.objects.filter(site=SITE, slug=SLUG).values_list(*TagRow._fields))


@cache
def _author() -> CompiledQuery[AuthorRow]:
    return CompiledQuery(AuthorRow, Author.objects.filter(site=SITE, slug=SLUG).values_list(*AuthorRow._fields))


@cache
def _feed(limit: int) -> CompiledQuery[FeedRow]:
    return CompiledQuery(FeedRow, _live_posts().newest_first().columns(FeedRow)[:limit])


@cache
def _tag_feed(limit: int) -> CompiledQuery[FeedRow]:
    return CompiledQuery(FeedRow, _placements_of(TagListing.objects.of(SITE, NAME).live(), limit).columns(FeedRow))
