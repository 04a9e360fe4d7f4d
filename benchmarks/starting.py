"""Figure 8: the time from the start to the first response, the memory of two workers, and the size of a page.

python -m benchmarks starting
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import cpu
from benchmarks.figures import Figure
from benchmarks.installation import Gunicorn, Installation
from benchmarks.load import BROWSERS, Load, Page, fetch
from devstack.processes import PROCESS_TIMEOUT, status, wait_until
from devstack.stack import TECHBLOG

STARTS = 5
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


def memory(server: Gunicorn) -> float:
    """The memory of all processes of the server in megabytes. Shared memory is counted once."""
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in cpu.family(server)]
    return sum(int(kilobytes) for text in texts for kilobytes in _PSS.findall(text)) * 1024 / 1e6


def _bytes(server: Gunicorn, path: str) -> int:
    """The size in bytes of the page and its stylesheets as they are sent to a browser."""
    html = fetch(server.port, Page(TECHBLOG, path)).body.decode()
    paths = [path, *_STYLESHEET.findall(html)]
    return sum(len(fetch(server.port, Page(TECHBLOG, each, BROWSERS)).body) for each in paths)
