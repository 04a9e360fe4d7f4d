"""Finds which addresses of a site have a page, with a fixed number of queries for any number of posts and names."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.sites.models import Site
from django.db.models import Exists, OuterRef
from django.urls import Resolver404, ResolverMatch, resolve

from blogs.models import Author, AuthorListing, Placement, Tag, TagListing
from blogs.slugs import MAX_SOURCE, slug_from

_CHUNK = 500  # values in one condition


def pages_at(site: Site, keys: Collection[str], *, drafts_too: bool = False) -> set[str]:
    """Those of the addresses, in the form of `old_path_key`, at which the site has a page now.

    Addresses that every site has, such as the feed, count as pages even if they are empty. `drafts_too` adds those of
    drafts and scheduled posts, and addresses that resemble that of a page: no pattern covers them.
    """
    routes: dict[str, dict[Any, set[str]]] = defaultdict(lambda: defaultdict(set))
    found = set()
    for key in keys:
        match = _route(key, resembling=drafts_too)
        if match is None:
            continue
        name = str(match.url_name)
        if name in ("post", "tag", "tag-feed", "author"):
            routes["tag" if name == "tag-feed" else name][match.kwargs["slug"]].add(key)
        elif name == "month":
            routes[name][date(int(match.kwargs["year"]), int(match.kwargs["month"]), 1)].add(key)
        else:
            found.add(key)
    placements = Placement.objects.on(site) if drafts_too else Placement.objects.on(site).live()
    existing: dict[str, Callable[[list[Any]], Iterable[Any]]] = {
        "post": lambda slugs: placements.filter(slug__in=slugs).values_list("slug", flat=True),
        "tag": lambda slugs: _listed(site, Tag, TagListing, slugs),
        "author": lambda slugs: _listed(site, Author, AuthorListing, slugs),
        "month": lambda days: _months_with_posts(site, days),
    }
    for name, wanted in routes.items():
        for chunk in _chunks(wanted):
            for value in existing[name](chunk):
                found |= wanted[value]
    return found


def _route(key: str, *, resembling: bool) -> ResolverMatch | None:
    """The view for this address. With `resembling` also for the address that it resembles (`blogs.pages.spellings`)."""
    slugs = [slug_from(segment[:MAX_SOURCE]) for segment in key.strip("/").split("/")]
    for path in (key, f"/{'/'.join(slugs)}/") if resembling else (key,):
        with suppress(Resolver404):
            return resolve(path, urlconf="blogs.pages.urls")
    return None


def _listed(site: Site, model: Any, listing: Any, slugs: Collection[str]) -> Iterable[str]:
    posts = listing.objects.of(site, OuterRef("pk")).live()
    names = model.objects.filter(Exists(posts), site=site, slug__in=slugs)
    return [str(slug) for slug in names.values_list("slug", flat=True)]


def _months_with_posts(site: Site, days: Collection[date]) -> Iterator[date]:
    zone = ZoneInfo(site.settings.time_zone)
    for day in days:
        begin, end = (
            datetime.combine(first, time(), zone) for first in (day, (day + timedelta(days=31)).replace(day=1))
        )
        if Placement.objects.on(site).live().posts().between(begin, end).exists():
            yield day


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    listed = list(values)
    for begin in range(0, len(listed), _CHUNK):
        yield listed[begin : begin + _CHUNK]
