"""Figure 2: a cached page beside the limit, and what a hit asks of Redis and of PostgreSQL.

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
            yield from shares(f"cached {name}", compare(side(ours, page), side(limit, page)), SHARE)
        yield from _asked_of_servers(installation, ours, CACHED["home"])


def shares(name: str, measured: Comparison, goal: float) -> Iterator[Figure]:
    """What a server reaches of its limit: more is better, also of CPU."""
    one, limit = measured.one, measured.other
    rates = f"{one.rate:,.0f} of {limit.rate:,.0f} requests/s."
    yield Figure(f"{name}: requests/s of the limit", measured.rate, "×", goal, True, rates)
    times = f"{one.cpu:.3f} ms, the limit {limit.cpu:.3f} ms."
    yield Figure(f"{name}: limit's CPU of a request by ours", 1 / measured.cpu, "×", goal, True, times)


def _asked_of_servers(installation: Installation, server: Gunicorn, page: Page) -> Iterator[Figure]:
    with Load(server.port, page) as load:
        load.run(0.2)
        with Counter(installation.postgresql, installation.redis) as counter:
            hits = load.run(2).requests
    yield Figure("cached home: Redis commands of a hit", counter.redis_commands / hits, "", 1)
    counted = f"{counter.statements} in {hits:,} hits; the registry's own session left out."
    yield Figure("cached home: SQL statements of a hit", counter.statements / hits, "", 0, reason=counted)
