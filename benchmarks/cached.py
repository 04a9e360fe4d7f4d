"""Figure 2: a cached page compared with the limit, and the Redis commands and SQL statements of a hit.

python -m benchmarks cached
"""

from collections.abc import Iterator

from benchmarks.counting import Counter
from benchmarks.figures import Figure
from benchmarks.installation import Gunicorn, Installation, two_blogs
from benchmarks.limit import CACHED, serve
from benchmarks.load import Load, Page
from benchmarks.pairs import Comparison, compare, side

SHARE = 0.95  # of the limit


def measure() -> Iterator[Figure]:
    with two_blogs() as installation:
        ours, limit = serve(installation)
        for name, page in CACHED.items():
            yield from compare_with_limit(f"cached {name}", compare(side(ours, page), side(limit, page)), SHARE)
        yield from _queries_of_a_hit(installation, ours, CACHED["home"])


def compare_with_limit(name: str, measured: Comparison, goal: float) -> Iterator[Figure]:
    """The rate of the server as a fraction of the limit, in requests and in CPU time. Higher is better for both."""
    one, limit = measured.one, measured.other
    rates = f"{one.rate:,.0f} of {limit.rate:,.0f} requests/s."
    yield Figure(f"{name}: requests/s of the limit", measured.rate, "×", goal, True, rates)
    times = f"{one.cpu:.3f} ms, the limit {limit.cpu:.3f} ms."
    yield Figure(f"{name}: limit's CPU of a request by ours", 1 / measured.cpu, "×", goal, True, times)


def _queries_of_a_hit(installation: Installation, server: Gunicorn, page: Page) -> Iterator[Figure]:
    with Load(server.port, page) as load:
        load.run(0.2)
        with Counter(installation.postgresql, installation.redis) as counter:
            hits = load.run(2).requests
    yield Figure("cached home: Redis commands of a hit", counter.redis_commands / hits, "", 1)
    counted = f"{counter.statements} in {hits:,} hits, not counting those of the registry's own session."
    yield Figure("cached home: SQL statements of a hit", counter.statements / hits, "", 0, reason=counted)
