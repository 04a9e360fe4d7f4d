"""Figure 7: the longest time after a commit at which a request to any process still gets the previous state.

python -m benchmarks visible
"""

import re
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

import psycopg

from benchmarks import sites
from benchmarks.figures import Figure
from benchmarks.installation import FIRST, PAGES, Gunicorn, Installation, two_blogs
from benchmarks.load import Page, UnexpectedResponse, connect, read_response

GOAL = 0.25  # seconds
HOSTS = 100_000
FURTHER = range(1_001, 1_001 + HOSTS)  # ids, after those of the two blogs
TRIALS = 130  # they take more than a minute, and in a minute a process re-reads every part of its map
READ_INTERVAL = 0.005  # seconds between two reads of a process; without this pause, eight readers occupy both cores
LAST_WAIT = 2  # seconds after the last change
CHANGE_INTERVAL = 0.45  # seconds until the next change; a varying addition prevents synchronisation with the processes

_VERSION = re.compile(rb"Version ([0-9]+)")
_CHANGE = "UPDATE blogs_post SET title = %s WHERE id = (SELECT post_id FROM blogs_placement WHERE slug = %s LIMIT 1)"


class Read(NamedTuple):
    began: float
    version: int


class Stale(NamedTuple):
    """The times in seconds after a commit for which any process still showed the previous state."""

    longest: float
    median: float


class Reader(threading.Thread):
    """Reads a page of one process repeatedly and records its version."""

    def __init__(self, port: int, page: Page) -> None:
        super().__init__(daemon=True)
        self.port, self.page = port, page
        self.reads: list[Read] = []
        self.failure: Exception | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            with connect(self.port) as connection:
                while not self._stopped.is_set():
                    began = time.monotonic()
                    connection.sendall(self.page.request())
                    match = _VERSION.search(read_response(connection).body)
                    self.reads.append(Read(began, int(match[1]) if match else 0))
                    time.sleep(READ_INTERVAL)
        except (OSError, UnexpectedResponse) as failure:
            self.failure = failure

    def stop(self) -> None:
        """Stop the reader. Raises the error that ended it early, if there is one."""
        self._stopped.set()
        self.join()
        if self.failure:
            raise self.failure


def measure() -> Iterator[Figure]:
    with two_blogs() as installation:
        for hosts in (2, HOSTS):
            if hosts == HOSTS:
                add_hosts(installation.postgresql.url)
            for count in (2, 8):
                stale = _stale(installation, f"{hosts}-{count}", count)
                name = f"commit to every process, {count} processes, {hosts:,} hosts, longest of {TRIALS}"
                yield Figure(name, stale.longest, "s", GOAL, reason=f"The median is {stale.median:.3f} s.")


def _stale(installation: Installation, name: str, count: int) -> Stale:
    servers = [installation.prepare(f"{name}-{number}") for number in range(count)]
    for server in servers:
        server.launch()
    try:
        for server in servers:
            server.wait_until_ready()
        return _watched(installation.postgresql.url, servers)
    finally:
        for server in servers:
            server.request_stop()
        for server in servers:
            server.stop()


def _watched(database: str, servers: Sequence[Gunicorn]) -> Stale:
    readers = [Reader(server.port, Page(FIRST, PAGES["post"])) for server in servers]
    for reader in readers:
        reader.start()
    commits = list(_changes(database))
    for reader in readers:
        reader.stop()
    by_commit = list(map(max, zip(*(stale_times(commits, reader.reads) for reader in readers), strict=True)))
    return Stale(max(by_commit), median(by_commit))


def _changes(database: str) -> Iterator[float]:
    """Change the title TRIALS times, and yield the time at which each commit began."""
    slug = PAGES["post"].strip("/")
    with psycopg.connect(database) as connection:
        for version in range(TRIALS + 1):
            connection.execute(_CHANGE, [f"Version {version}", slug])
            began = time.monotonic()
            connection.commit()
            if version:  # the page shows no version before the first change
                yield began
            time.sleep(CHANGE_INTERVAL + version * 37 % 100 / 1000)
    time.sleep(LAST_WAIT)


def stale_times(commits: Sequence[float], reads: Sequence[Read]) -> list[float]:
    """For each commit: seconds until the start of the last read that did not show it yet; 0 if every read showed it.

    `commits[0]` created version 1. Raises UnexpectedResponse when no read shows the last version.
    """
    if not reads or reads[-1].version != len(commits):
        raise UnexpectedResponse("No read shows the last change.")
    times = [0.0] * len(commits)
    for began, version in reads:
        for missed in range(version, bisect_right(commits, began)):
            times[missed] = max(times[missed], began - commits[missed])
    return times


def add_hosts(database: str) -> None:
    """Add HOSTS live sites without posts. Triggers are disabled, because no server is running that needs them."""
    with psycopg.connect(database) as connection:
        connection.execute("SET session_replication_role = replica")
        sites.add(connection, FURTHER)
        connection.execute("ANALYZE")
