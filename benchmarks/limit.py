"""Figure 1, the limit: what gunicorn can answer when all there is to do is one GET from Redis.

python -m benchmarks limit
"""

import json
from collections.abc import Iterator

import redis

from benchmarks.figures import Figure
from benchmarks.installation import FIRST, PAGES, Gunicorn, Installation, two_blogs
from benchmarks.load import BROWSERS, Answer, Page, fetch
from benchmarks.pairs import compare, side

HIT = b"X-Cache: HIT"
HOP_BY_HOP = ("connection", "date", "server")  # gunicorn adds these itself

# Pages of the first site that must come from the cache each time.
CACHED = {name: Page(FIRST, path, BROWSERS, marker=HIT) for name, path in PAGES.items()}


def measure() -> Iterator[Figure]:
    with two_blogs() as installation:
        _, with_redis = serve(installation)
        answers = with_redis.environment["BARE_ANSWERS"]
        without = installation.serve("memory", "benchmarks.bare:memory()", BARE_ANSWERS=answers)
        measured = compare(side(with_redis, CACHED["home"]), side(without, CACHED["home"]))
    for name, taken in (("one GET from Redis", measured.one), ("without Redis", measured.other)):
        yield Figure(f"limit, {name}", taken.rate, "requests/s")
        yield Figure(f"limit, {name}: CPU of a request", taken.cpu, "ms")
    yield Figure("limit, one GET from Redis: CPU of the limit without", measured.cpu, "×")


def serve(installation: Installation) -> tuple[Gunicorn, Gunicorn]:
    """Ours with the pages of CACHED in its cache, and the limit, which gives the same answers by one GET."""
    ours = installation.serve("pages")
    answers = _store_answers(installation, ours)
    return ours, installation.serve("one-get", "benchmarks.bare:one_get()", BARE_ANSWERS=answers)


def _store_answers(installation: Installation, server: Gunicorn) -> str:
    """Put what the server answers into Redis, for benchmarks.bare. Return the file that says where it lies."""
    client = redis.Redis.from_url(installation.redis.url)
    described = {}
    for page in CACHED.values():
        fetch(server.port, page)  # so that the cache has it
        answer = fetch(server.port, page)
        key = f"bare:{page.path}"
        client.set(key, answer.body)
        described[page.path] = {"key": key, "headers": _own_headers(answer)}
    client.close()
    file = installation.session.folder / "bare.json"
    file.write_text(json.dumps(described))
    return str(file)


def _own_headers(answer: Answer) -> list[tuple[str, str]]:
    lines = answer.head.decode("latin-1").split("\r\n")[1:]
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
    return [(name, value) for name, value in pairs if name.lower() not in HOP_BY_HOP]
