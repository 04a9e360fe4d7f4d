"""Measures how soon Traefik routes a new site, and how many requests fail during failures, changes and overload.

    python -m benchmarks.stack

Everything runs on this machine, through a real Traefik. Each of two sites gets a request every 50 ms.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks import results
from benchmarks.figures import Figure
from devstack.overload import LOGIN_CONNECTIONS, failing_logins, locked_posts
from devstack.processes import children, status, wait_until
from devstack.readers import Readers
from devstack.stack import FINANCEBLOG, TECHBLOG, Stack
from devstack.web import PROJECT, Web

RESULTS = results.RESULTS / "stack.json"
SITES = 10
OVERLOAD_SECONDS = 7  # longer than the lock timeout of the application
HEALTH_INTERVAL = 1.0  # seconds between two health checks of Traefik


def main() -> int:
    """Return 0 when every figure meets its goal."""
    argparse.ArgumentParser(prog="python -m benchmarks.stack", description=__doc__).parse_args()
    stack = Stack()
    try:
        print("Starting the stack …", flush=True)
        stack.start()
        figures = []
        for figure in measure(stack):
            print(figure.line, flush=True)
            figures.append(figure)
    finally:
        stack.stop()
    write(figures)
    return 0 if all(figure.met for figure in figures) else 1


def measure(stack: Stack) -> Iterator[Figure]:
    yield from routing(stack)
    yield from failed_requests(stack, "kill -9 of a worker", kill_a_worker, 2)
    yield from failed_requests(stack, "kill -9 of a gunicorn, then its start", kill_and_start, 1)
    yield from failed_requests(stack, "reload (SIGHUP) of both gunicorns", reload_both, 4)
    yield from failed_requests(stack, "roll: each gunicorn drained, stopped, started", roll, 1)
    yield from failed_requests(stack, "move shared → own deployment → shared", move, 1)
    yield from overload(stack)


def routing(stack: Stack) -> Iterator[Figure]:
    """The times until a new site is routed. They begin at the end of the command, shortly after the commit."""
    served, routed = [], []
    for number in range(SITES):
        host = f"new-{number}.localhost"
        stack.manage("site", "create", host, "--name", host)
        served.append(wait_until(partial(is_served, stack, host)))
        routed.append(served[-1] + wait_until(partial(has_a_router, stack, host)))
    yield Figure("new site answers by the catch-all, median of ten", statistics.median(served), "s", 1.0)
    yield Figure("new site answers by its own router, median of ten", statistics.median(routed), "s", 1.0)
    yield Figure("new site answers by its own router, slowest of ten", max(routed), "s", 2.0)


def failed_requests(stack: Stack, name: str, event: Callable[[Stack], None], after: float) -> Iterator[Figure]:
    """The number of requests that fail before and during an event, and in the `after` seconds after it."""
    with Readers(stack.traefik.port, [TECHBLOG, FINANCEBLOG], after=after) as readers:
        event(stack)
    yield Figure(f"{name}: failed of {len(readers.requests)} requests", len(readers.failed), "requests", 0)
    yield Figure(f"{name}: slowest request", readers.slowest, "s", 2.5)


def overload(stack: Stack) -> Iterator[Figure]:
    """The failed cached pages, and their 95th percentile relative to that without load."""
    with Readers(stack.traefik.port, [TECHBLOG, FINANCEBLOG]) as quiet:
        time.sleep(OVERLOAD_SECONDS)
    logins, lock = f"{LOGIN_CONNECTIONS} connections of failing logins", "a locked table of posts"
    for name, harmful in ((logins, failing_logins), (lock, locked_posts)):
        with Readers(stack.traefik.port, [TECHBLOG, FINANCEBLOG]) as readers, harmful(stack):
            time.sleep(OVERLOAD_SECONDS)
        yield Figure(f"{name}: failed of {len(readers.requests)} cached pages", len(readers.failed), "requests", 0)
        ratio = readers.quantile(0.95) / quiet.quantile(0.95)
        yield Figure(f"{name}: 95th percentile, relative to no load", ratio, "×", 5)


def kill_a_worker(stack: Stack) -> None:
    os.kill(children(pid(stack.webs[0]))[0], signal.SIGKILL)


def kill_and_start(stack: Stack) -> None:
    stack.webs[1].kill()
    time.sleep(2 * HEALTH_INTERVAL)
    stack.webs[1].start()


def reload_both(stack: Stack) -> None:
    for web in stack.webs[:2]:
        os.kill(pid(web), signal.SIGHUP)


def roll(stack: Stack) -> None:
    for web in stack.webs[:2]:
        with draining(web):
            web.stop()
        web.start()
        time.sleep(2 * HEALTH_INTERVAL)


def move(stack: Stack) -> None:
    own = stack.add_web("own", SITE_ID=str(json.loads(stack.manage("site", "show", TECHBLOG, "--json"))["id"]))
    for target in (own.url, "shared"):
        stack.manage("site", "move", TECHBLOG, "--to", target)
        time.sleep(2)
    own.stop()


@contextmanager
def draining(web: Web) -> Iterator[None]:
    web.draining.touch()
    time.sleep(3 * HEALTH_INTERVAL)
    yield
    web.draining.unlink()


def is_served(stack: Stack, host: str) -> bool:
    return status(stack.traefik.port, host) == 200


def has_a_router(stack: Stack, host: str) -> bool:
    """Whether the host's own router handled its latest request."""
    status(stack.traefik.port, host)
    rows = [row for row in stack.traefik.access_log() if row["RequestHost"] == host]
    return bool(rows) and rows[-1].get("RouterName") == f"{host}@http"


def pid(web: Web) -> int:
    if web.process is None:
        raise RuntimeError(f"{web.name} is not running.")
    return web.process.pid


def write(figures: list[Figure]) -> None:
    document = results.document({"stack": figures}, {"python": platform.python_version()})
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    print(f"Written to {RESULTS.relative_to(PROJECT)}.")


if __name__ == "__main__":
    sys.exit(main())
