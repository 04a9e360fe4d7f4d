"""Figure 2: a cached page compared with the limits, and the Redis commands and SQL statements of a hit.

A page "from Redis" is not in the memory of the process. All other cached pages are: each figure of this and other
modules that does not name Redis measures hits from memory.

python -m benchmarks cached
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.counting import Counter
from benchmarks.figures import Figure
from benchmarks.installation import Gunicorn, Installation, two_blogs
from benchmarks.limit import CACHED, Pair, from_memory, from_redis
from benchmarks.load import Load, Page
from benchmarks.pairs import Comparison, compare, side
from devstack.servers import Redis

SHARE = 0.95  # of the limit
FROM_MEMORY, FROM_REDIS = "", ", from Redis"


def measure() -> Iterator[Figure]:
    with two_blogs() as installation:
        in_memory = from_memory(installation)
        for where, pair in ((FROM_MEMORY, in_memory), (FROM_REDIS, from_redis(installation))):
            for name in CACHED:
                yield from _share(name, where, pair)
            yield from _queries_of_a_hit(installation, where, pair.ours, CACHED["home"])
        for state, without in (("hangs", hanging), ("is gone", gone)):
            with without(installation.redis):
                yield from _share("home", f" while Redis {state}", in_memory)


def _share(name: str, where: str, pair: Pair) -> Iterator[Figure]:
    measured = compare(side(pair.ours, CACHED[name]), side(pair.limit, CACHED[name]))
    yield from compare_with_limit(f"cached {name}{where}", measured, SHARE)


def compare_with_limit(name: str, measured: Comparison, goal: float) -> Iterator[Figure]:
    """The rate of the server as a fraction of the limit, in requests and in CPU time. Higher is better for both."""
    one, limit = measured.one, measured.other
    rates = f"{one.rate:,.0f} of {limit.rate:,.0f} requests/s."
    yield Figure(f"{name}: requests/s of the limit", measured.rate, "×", goal, True, rates)
    times = f"{one.cpu:.3f} ms, the limit {limit.cpu:.3f} ms."
    yield Figure(f"{name}: limit's CPU of a request by ours", 1 / measured.cpu, "×", goal, True, times)


def _queries_of_a_hit(installation: Installation, where: str, server: Gunicorn, page: Page) -> Iterator[Figure]:
    with Load(server.port, page) as load:
        load.run(0.2)
        with Counter(installation.postgresql, installation.redis) as counter:
            hits = load.run(2).requests
    most = 1 if where == FROM_REDIS else 0
    yield Figure(f"cached home{where}: Redis commands of a hit", counter.redis_commands / hits, "", most)
    counted = f"{counter.statements} in {hits:,} hits, not counting those of the registry's own session."
    yield Figure(f"cached home{where}: SQL statements of a hit", counter.statements / hits, "", 0, reason=counted)


@contextmanager
def hanging(redis: Redis) -> Iterator[None]:
    """Suspend Redis: it accepts connections and does not respond."""
    if redis.process is None:
        raise RuntimeError("Redis is not running.")
    os.kill(redis.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(redis.process.pid, signal.SIGCONT)


@contextmanager
def gone(redis: Redis) -> Iterator[None]:
    """Stop Redis. It starts again without its data."""
    redis.stop()
    try:
        yield
    finally:
        redis.start()
