"""Figure 6: what a page costs beside a million posts, as a multiple of what it costs beside one other site.

python -m benchmarks growth

A small database and one that grows stand on one PostgreSQL and are asked in turns. The CPU time of PostgreSQL counts.
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
from benchmarks.load import Answer, Page, WrongAnswer, fetch
from benchmarks.pairs import Side, compare, side
from devstack.processes import status, wait_until

# Every list of every site fills a page, so that pages are equally long.
TWO = Batch(range(1, 3), posts=200, days=2.5)
THOUSAND = Batch(range(3, 1_001), posts=200, days=2.5)
TEN_THOUSAND = Batch(range(1_001, 10_000), posts=78, days=2.5)
LARGE = Batch(range(10_000, 10_001), posts=100_000, days=0.05)

ALL = (TWO, THOUSAND, TEN_THOUSAND, LARGE)

# Neither among the first rows of the tables nor among the last.
AMONG_TWO, AMONG_THOUSAND, AMONG_TEN_THOUSAND, LARGE_SITE = 2, 500, 5_000, 10_000

LAST_MONTH = datetime.now(UTC).replace(day=1) - timedelta(days=1)
PAGES = {
    "home": "/",
    "post": f"/{archive.slug(3)}/",
    "feed": "/feed/",
    "tag page": f"/tag/{archive.COMMON_TAG}/",
    "month": f"/{LAST_MONTH:%Y/%m}/",
}
CACHED = ("home", "post", "feed")

UNCACHED_GOAL, DEEP_GOAL, CACHED_GOAL = 1.15, 1.5, 1.05
# One request at a time: of several that come at once one is rendered and answers all.
RENDERING = {"DJANGO_SETTINGS_MODULE": "benchmarks.uncached"}
UNCACHED_PACE = (15, 0.5)  # pairs, seconds of each turn
CACHED_PACE = (15, 0.4)
ALIKE = 0.05  # by this part of their length two pages may differ

WHY_OLD_TAG = (
    "Common elsewhere, here only on the oldest 15 of 100,000 posts: PostgreSQL meets all the others first, for no index"
    " holds site, tag and time together."
)


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
        yield trial.far_down(archive.deep(growing, LARGE_SITE))
        yield trial.old_tag()


class Trial:
    """Servers on both databases, without the page cache and with it."""

    def __init__(self, installation: Installation, small: str, growing: str) -> None:
        self.behind = (installation.postgresql, installation.redis)
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
        """Thousands of sites came at once: a process may take longer to load them than its first request waits."""
        wait_until(lambda: all(status(server.port, host) == 200 for server in (self.growing, self.growing_cached)))

    def far_down(self, placement: int) -> Figure:
        """A page at the end of the large site's list, beside the first page of the small site."""
        page = _page(LARGE_SITE, f"/?before={placement}")
        return self._uncached("growth: end of the list, site of 100,000", page, _page(AMONG_TWO, "/"), DEEP_GOAL)

    def old_tag(self) -> Figure:
        page, beside = (_page(site, f"/tag/{archive.OLD_TAG}/") for site in (LARGE_SITE, AMONG_TWO))
        figure = self._uncached("growth: tag of the oldest posts, site of 100,000", page, beside, UNCACHED_GOAL)
        return figure._replace(reason=f"{figure.reason} {WHY_OLD_TAG}")

    def _uncached(self, name: str, page: Page, beside: Page, goal: float) -> Figure:
        one, other = (
            side(server, each, *self.behind, keep_alive=False)
            for server, each in ((self.growing, page), (self.small, beside))
        )
        return _figure(name, one, other, UNCACHED_PACE, goal)

    def _cached(self, name: str, page: Page, beside: Page) -> Figure:
        one, other = (
            side(server, _stored(server, each), *self.behind)
            for server, each in ((self.growing_cached, page), (self.small_cached, beside))
        )
        return _figure(name, one, other, CACHED_PACE, CACHED_GOAL)


def _page(site: int, path: str) -> Page:
    return Page(sites.host(site), path)


def _stored(server: Gunicorn, page: Page) -> Page:
    """The page, which must come from the cache from now on."""
    fetch(server.port, page)
    return page._replace(marker=HIT)


def _figure(name: str, one: Side, other: Side, pace: tuple[int, float], goal: float) -> Figure:
    _check_alike(*(fetch(each.port, each.page) for each in (one, other)))
    measured = compare(one, other, *pace)
    times = f"{measured.one.cpu:.3g} ms, among two sites {measured.other.cpu:.3g} ms."
    return Figure(name, measured.cpu, "×", goal, reason=times)


def _check_alike(*answers: Answer) -> None:
    """Raises WrongAnswer when one page shows more than the other: their costs would say nothing."""
    lengths = sorted(len(answer.body) for answer in answers)
    if lengths[-1] > lengths[0] * (1 + ALIKE):
        raise WrongAnswer(f"Pages of {lengths} bytes cannot be compared.")
