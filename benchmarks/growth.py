"""Figure 6: the cost of a page in a database of a million posts, as a multiple of its cost in one of two sites.

python -m benchmarks growth

A small and a growing database run on one PostgreSQL and are measured in turns. PostgreSQL's CPU time is included.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import archive, sites
from benchmarks.archive import Batch
from benchmarks.figures import Figure
from benchmarks.installation import Gunicorn, Installation
from benchmarks.limit import HIT
from benchmarks.load import Page, Response, UnexpectedResponse, fetch
from benchmarks.pairs import Side, compare, side
from devstack.processes import status, wait_until

# The sites have enough posts to fill a page of every list, so that pages have the same length.
TWO = Batch(range(1, 3), posts=200, days=2.5)
THOUSAND = Batch(range(3, 1_001), posts=200, days=2.5)
TEN_THOUSAND = Batch(range(1_001, 10_000), posts=78, days=2.5)
LARGE = Batch(range(10_000, 10_001), posts=100_000, days=0.05)

ALL = (TWO, THOUSAND, TEN_THOUSAND, LARGE)

# Sites whose rows are neither the first nor the last in their tables.
AMONG_TWO, AMONG_THOUSAND, AMONG_TEN_THOUSAND, LARGE_SITE = 2, 500, 5_000, 10_000

LAST_MONTH = datetime.now(UTC).replace(day=1) - timedelta(days=1)
PAGES = {
    "home": "/",
    "post": f"/{archive.slug(3)}/",
    "feed": "/feed/",
    "tag page": f"/tag/{archive.COMMON_TAG}/",
    "author page": f"/author/{archive.AUTHOR}/",
    "month": f"/{LAST_MONTH:%Y/%m}/",
}
CACHED = ("home", "post", "feed")
# Lists of the large site that are compared with its home page.
LISTS = {
    "rare tag": f"/tag/{archive.OLD_TAG}/",
    "common tag": f"/tag/{archive.COMMON_TAG}/",
    "author": f"/author/{archive.AUTHOR}/",
    "month": f"/{LAST_MONTH:%Y/%m}/",
}

UNCACHED_GOAL, DEEP_GOAL, CACHED_GOAL, LIST_GOAL = 1.15, 1.5, 1.05, 1.3
# One request at a time: the server renders identical parallel requests only once.
RENDERING = {"DJANGO_SETTINGS_MODULE": "benchmarks.uncached"}
UNCACHED_PACE = (15, 0.5)  # pairs, seconds of each turn
CACHED_PACE = (15, 0.4)
MAX_DIFFERENCE = 0.05  # between the lengths of two compared pages, as a fraction


def measure() -> Iterator[Figure]:
    archive.check_space(Path(tempfile.gettempdir()), sum(batch.rows for batch in ALL))
    with Installation() as installation:
        small, growing = (installation.create_database(name) for name in ("small", "growing"))
        archive.add(small, TWO)
        archive.add(growing, TWO, THOUSAND)
        trial = Trial(installation, small, growing)
        yield from trial.pages("1,000 sites × 200 posts", AMONG_THOUSAND)
        archive.add(growing, TEN_THOUSAND, LARGE)
        yield Figure("growth: a million posts on disk", archive.size(growing) / 1e9, "GB")
        yield from trial.pages("a million posts, small site", AMONG_TEN_THOUSAND)
        yield from trial.pages("a million posts, site of 100,000", LARGE_SITE)
        yield trial.last_page(archive.last_page_placement(growing, LARGE_SITE))
        yield trial.old_tag()
        yield from trial.lists()


class Trial:
    """Servers on both databases, with and without the page cache."""

    def __init__(self, installation: Installation, small: str, growing: str) -> None:
        self.servers = (installation.postgresql, installation.redis)
        self.small = installation.serve("small", worker="sync", DATABASE_URL=small, **RENDERING)
        self.growing = installation.serve("growing", worker="sync", DATABASE_URL=growing, **RENDERING)
        self.small_cached = installation.serve("small-cached", DATABASE_URL=small)
        self.growing_cached = installation.serve("growing-cached", DATABASE_URL=growing)

    def pages(self, where: str, site: int) -> Iterator[Figure]:
        self._wait_until_served(sites.host(site))
        for name, path in PAGES.items():
            yield self._uncached(f"growth: {name}, {where}", _page(site, path), _page(AMONG_TWO, path), UNCACHED_GOAL)
        for name in CACHED:
            yield self._cached(
                f"growth: cached {name}, {where}", _page(site, PAGES[name]), _page(AMONG_TWO, PAGES[name])
            )

    def _wait_until_served(self, host: str) -> None:
        """Repeat the request: loading thousands of new sites may take longer than a request waits for the registry."""
        wait_until(lambda: all(status(server.port, host) == 200 for server in (self.growing, self.growing_cached)))

    def last_page(self, placement: int) -> Figure:
        """Compare the last page of the large site's list with the first page of the small site."""
        page = _page(LARGE_SITE, f"/?before={placement}")
        return self._uncached("growth: end of the list, site of 100,000", page, _page(AMONG_TWO, "/"), DEEP_GOAL)

    def old_tag(self) -> Figure:
        page, baseline = (_page(site, f"/tag/{archive.OLD_TAG}/") for site in (LARGE_SITE, AMONG_TWO))
        return self._uncached("growth: tag of the oldest posts, site of 100,000", page, baseline, UNCACHED_GOAL)

    def lists(self) -> Iterator[Figure]:
        """Compare the lists of a tag, an author and a month with the home page of the same site."""
        for name, path in LISTS.items():
            page, home = (
                side(self.growing, _page(LARGE_SITE, each), *self.servers, keep_alive=False) for each in (path, "/")
            )
            measured = compare(page, home, *UNCACHED_PACE)
            times = f"{measured.one.cpu:.3g} ms, the home page {measured.other.cpu:.3g} ms."
            yield Figure(f"growth: {name}, of its home page, 100,000", measured.cpu, "×", LIST_GOAL, reason=times)

    def _uncached(self, name: str, page: Page, baseline: Page, goal: float) -> Figure:
        one, other = (
            side(server, each, *self.servers, keep_alive=False)
            for server, each in ((self.growing, page), (self.small, baseline))
        )
        return _figure(name, one, other, UNCACHED_PACE, goal)

    def _cached(self, name: str, page: Page, baseline: Page) -> Figure:
        one, other = (
            side(server, _stored(server, each), *self.servers)
            for server, each in ((self.growing_cached, page), (self.small_cached, baseline))
        )
        return _figure(name, one, other, CACHED_PACE, CACHED_GOAL)


def _page(site: int, path: str) -> Page:
    return Page(sites.host(site), path)


def _stored(server: Gunicorn, page: Page) -> Page:
    """Store the page in the cache. The returned page requires a hit for each response."""
    fetch(server.port, page)
    return page._replace(marker=HIT)


def _figure(name: str, one: Side, other: Side, pace: tuple[int, float], goal: float) -> Figure:
    _check_lengths(*(fetch(each.port, each.page) for each in (one, other)))
    measured = compare(one, other, *pace)
    times = f"{measured.one.cpu:.3g} ms, among two sites {measured.other.cpu:.3g} ms."
    return Figure(name, measured.cpu, "×", goal, reason=times)


def _check_lengths(*responses: Response) -> None:
    """Raise UnexpectedResponse when the lengths differ, because then the costs are not comparable."""
    lengths = sorted(len(response.body) for response in responses)
    if lengths[-1] > lengths[0] * (1 + MAX_DIFFERENCE):
        raise UnexpectedResponse(f"Pages of {lengths} bytes cannot be compared.")
