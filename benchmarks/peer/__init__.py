"""Figure 5: Wagtail with the same posts on two sites, on the same PostgreSQL, Redis, gunicorn and worker class.

python -m benchmarks peer

`wagtailblog` follows `wagtail start` and Wagtail's tutorial, with a fixed number of queries per page. Its pages show
the same content as ours. Its page cache is wagtail-cache, the usual choice for whole pages: Django's cache middleware
on Redis, made safe for previews and editors. Our hits come from
the memory of the process. The CPU time of PostgreSQL and Redis is included on both sides.
"""

from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.installation import FIRST, PAGES, Gunicorn, two_blogs
from benchmarks.limit import HIT
from benchmarks.load import Page, fetch
from benchmarks.pairs import Side, compare, side
from benchmarks.peer.setting_up import install, peer
from devstack.processes import Process

UNCACHED_GOAL, CACHED_GOAL = 5, 3
PEERS_HIT = b"X-Wagtail-Cache: hit"


def measure() -> Iterator[Figure]:
    install()
    with two_blogs() as installation, peer(installation) as wagtail:
        servers = (installation.postgresql, installation.redis)
        # One request at a time: our server renders identical parallel requests only once.
        theirs = wagtail.serve("wagtail", page_cache=False, worker="sync")
        ours = installation.serve("ours", worker="sync", DJANGO_SETTINGS_MODULE="benchmarks.uncached")
        for name, path in PAGES.items():
            page = Page(FIRST, path)
            sides = (side(server, page, *servers, keep_alive=False) for server in (theirs, ours))
            yield _figure(f"uncached {name}", *sides, goal=UNCACHED_GOAL)
        theirs = wagtail.serve("wagtail-cached", page_cache=True)
        ours = installation.serve("ours-cached")
        for name, path in PAGES.items():
            sides = (_cached(server, path, hit, servers) for server, hit in ((theirs, PEERS_HIT), (ours, HIT)))
            yield _figure(f"cached {name}", *sides, goal=CACHED_GOAL)


def _cached(server: Gunicorn, path: str, hit: bytes, servers: tuple[Process, ...]) -> Side:
    page = Page(FIRST, path)
    fetch(server.port, page)  # stores the page in the cache
    return side(server, page._replace(marker=hit), *servers)


def _figure(name: str, theirs: Side, ours: Side, *, goal: float) -> Figure:
    measured = compare(theirs, ours)
    costs = [
        f"{name} {taken.cpu:.2f} ms for {len(fetch(each.port, each.page).body) / 1000:.1f} kB"
        for name, taken, each in (("Wagtail", measured.one, theirs), ("ours", measured.other, ours))
    ]
    return Figure(f"{name}: Wagtail's CPU by ours", measured.cpu, "×", goal, True, f"{', '.join(costs)}.")
