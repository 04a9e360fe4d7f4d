"""Figure 8: the time to the first response, the memory of two workers, also when it is full of pages, and page sizes.

python -m benchmarks starting
"""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import psycopg

from benchmarks import cpu
from benchmarks.figures import Figure
from benchmarks.installation import FIRST, Gunicorn, Installation
from benchmarks.load import BROWSERS, Load, Page, connect, fetch, read_response
from benchmarks.posts import texts
from devstack.processes import PROCESS_TIMEOUT, status, wait_until
from devstack.stack import TECHBLOG

STARTS = 5
CONNECTIONS = 8  # the probability that all reach one worker is 1/128
ENCODINGS = ("br", "gzip", "")  # values of Accept-Encoding
MANY_POSTS = 300  # 60 MB of pages
POST = "/git-keeps-snapshots/"

_STYLESHEET = re.compile(r'<link rel="stylesheet" href="(/[^"]+)"')
_PSS = re.compile(r"^Pss: +([0-9]+) kB$", re.MULTILINE)


def measure() -> Iterator[Figure]:
    """Measure the demo, because its texts and styles are realistic."""
    with Installation() as installation:
        installation.manage("demo", "--verbosity", "0")
        server = installation.prepare("two-workers", WEB_WORKERS="2")
        took = [_start(server) for _ in range(STARTS)]
        yield Figure(f"start to first answer, two workers, median of {STARTS}", median(took), "s", 1.0)
        _warm_up(server)
        yield Figure("memory (PSS) of two workers and their master", memory(server), "MB", 150)
        _fill_memory(installation, server)
        yield Figure("memory (PSS) of two workers and their master, full of pages", memory(server), "MB", 220)
        for name, path in (("home", "/"), ("post", POST)):
            yield Figure(f"bytes of {name}: HTML and CSS, compressed", _bytes(server, path) / 1000, "kB", 12)


def _start(server: Gunicorn) -> float:
    """Seconds until the home page is served."""
    server.stop()
    began = time.monotonic()
    server.launch()
    wait_until(lambda: status(server.port, TECHBLOG) == 200, PROCESS_TIMEOUT)
    return time.monotonic() - began


def _warm_up(server: Gunicorn) -> None:
    """Send requests on enough connections that both workers get requests."""
    for path in ("/", POST, "/feed/"):
        with Load(server.port, Page(TECHBLOG, path, BROWSERS), connections=16) as load:
            load.run(1)


def _fill_memory(installation: Installation, server: Gunicorn) -> None:
    """Request more pages than the default of PAGE_MEMORY_MB, in each encoding and from both workers."""
    installation.manage("site", "create", FIRST, "--name", "First")
    installation.run("benchmarks.posts", FIRST, str(MANY_POSTS))
    with psycopg.connect(installation.postgresql.url, autocommit=True) as database:
        database.execute("UPDATE tenancy_sitesettings SET posts_per_page = 50")
        placements: dict[str, int] = dict(database.execute("SELECT slug, id FROM blogs_placement").fetchall())
    wait_until(lambda: status(server.port, FIRST) == 200)
    with ExitStack() as stack:
        # The kernel assigns each connection to one of the workers.
        connections = [stack.enter_context(connect(server.port)) for _ in range(CONNECTIONS)]
        for text in texts(MANY_POSTS):
            lists = ("/", *(f"/tag/{tag.lower()}/" for tag in text.tags))
            addresses = [f"/{text.slug}/", *(f"{path}?before={placements[text.slug]}" for path in lists)]
            for request in [Page(FIRST, each, encoding).request() for each in addresses for encoding in ENCODINGS]:
                for connection in connections:
                    connection.sendall(request)
                    read_response(connection)


def memory(server: Gunicorn) -> float:
    """The memory of all processes of the server in megabytes. Shared memory is counted once."""
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in cpu.family(server)]
    return sum(int(kilobytes) for text in texts for kilobytes in _PSS.findall(text)) * 1024 / 1e6


def _bytes(server: Gunicorn, path: str) -> int:
    """The size in bytes of the page and its stylesheets as they are sent to a browser."""
    html = fetch(server.port, Page(TECHBLOG, path)).body.decode()
    paths = [path, *_STYLESHEET.findall(html)]
    return sum(len(fetch(server.port, Page(TECHBLOG, each, BROWSERS)).body) for each in paths)
