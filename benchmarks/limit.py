"""Figure 1, the limits: the requests that gunicorn can serve from memory, and when each needs one GET from Redis.

python -m benchmarks limit
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

import redis

from benchmarks.figures import Figure
from benchmarks.installation import FIRST, PAGES, Gunicorn, Installation, two_blogs
from benchmarks.load import BROWSERS, Page, Response, fetch
from benchmarks.pairs import compare, side

HIT = b"X-Cache: HIT"
HOP_BY_HOP = ("connection", "date", "server")  # gunicorn adds these headers

# Pages of the first site. The load requires that each response comes from the cache.
CACHED = {name: Page(FIRST, path, BROWSERS, marker=HIT) for name, path in PAGES.items()}


class Pair(NamedTuple):
    """Our server with the pages of CACHED in its cache, and the function that sends the same bytes."""

    ours: Gunicorn
    limit: Gunicorn


def measure() -> Iterator[Figure]:
    with two_blogs() as installation:
        with_redis, without = from_redis(installation).limit, from_memory(installation).limit
        measured = compare(side(with_redis, CACHED["home"]), side(without, CACHED["home"]))
    for name, taken in (("one GET from Redis", measured.one), ("without Redis", measured.other)):
        yield Figure(f"limit, {name}", taken.rate, "requests/s")
        yield Figure(f"limit, {name}: CPU of a request", taken.cpu, "ms")
    yield Figure("limit, one GET from Redis: CPU of the limit without", measured.cpu, "×")


def from_memory(installation: Installation) -> Pair:
    """Each hit of our server comes from the memory of its process. The limit sends the responses from memory."""
    ours = installation.serve("pages")
    responses = _store_responses(installation, ours)
    return Pair(ours, installation.serve("memory", "benchmarks.bare:memory()", BARE_RESPONSES=responses))


def from_redis(installation: Installation) -> Pair:
    """Our server keeps no pages in memory, so each hit comes from Redis. The limit gets each response from Redis."""
    ours = installation.serve("pages-in-redis", PAGE_MEMORY_MB="0")
    responses = _store_responses(installation, ours)
    return Pair(ours, installation.serve("one-get", "benchmarks.bare:one_get()", BARE_RESPONSES=responses))


def _store_responses(installation: Installation, server: Gunicorn) -> str:
    """Store the server's responses in Redis for benchmarks.bare. Return the path of the JSON file with their keys."""
    client = redis.Redis.from_url(installation.redis.url)
    described = {}
    for page in CACHED.values():
        fetch(server.port, page)  # stores the page in the cache
        response = fetch(server.port, page)
        key = f"bare:{page.path}"
        client.set(key, response.body)
        described[page.path] = {"key": key, "headers": _end_to_end_headers(response)}
    client.close()
    file = installation.session.folder / f"{server.name}.json"
    file.write_text(json.dumps(described))
    return str(file)


def _end_to_end_headers(response: Response) -> list[tuple[str, str]]:
    lines = response.head.decode("latin-1").split("\r\n")[1:]
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
    return [(name, value) for name, value in pairs if name.lower() not in HOP_BY_HOP]
