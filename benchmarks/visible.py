"""Figure 7: how long after a commit a read still begins that shows the state before, in any process.

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
from benchmarks.load import Page, WrongAnswer, connect, read_answer

GOAL = 0.25  # seconds
HOSTS = 100_000
FURTHER = range(1_001, 1_001 + HOSTS)  # ids, behind those of the two blogs
TRIALS = 130  # over more than a minute: in one a process reads each part of the map anew
BREATH = 0.005  # seconds between two reads of a process: eight that are asked without end leave two cores no time
AT_LAST = 2  # seconds for the last change
PAUSE = 0.45  # seconds until the next change; a bit more each time, so that they meet no rhythm

_VERSION = re.compile(rb"Version ([0-9]+)")
_CHANGE = "UPDATE blogs_post SET title = %s WHERE id = (SELECT post_id FROM blogs_placement WHERE slug = %s LIMIT 1)"


class Read(NamedTuple):
    began: float
    version: int


class Stale(NamedTuple):
    """How long after a commit any process still showed the state before, in seconds."""

    longest: float
    median: float


class Reader(threading.Thread):
    """Reads a page of one process again and again, and notes which version it saw."""

    def __init__(self, port: int, page: Page) -> None:
        super().__init__(daemon=True)
        self.port, self.page = port, page
        self.reads: list[Read] = []
        self.failure: Exception | None = None
        self._enough = threading.Event()

    def run(self) -> None:
        try:
            with connect(self.port) as connection:
                while not self._enough.is_set():
                    began = time.monotonic()
                    connection.sendall(self.page.request())
                    match = _VERSION.search(read_answer(connection).body)
                    self.reads.append(Read(began, int(match[1]) if match else 0))
                    time.sleep(BREATH)
        except (OSError, WrongAnswer) as failure:
            self.failure = failure

    def leave(self) -> None:
        """Raises what ended the reader early."""
        self._enough.set()
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
        reader.leave()
    by_commit = list(map(max, zip(*(stale_times(commits, reader.reads) for reader in readers), strict=True)))
    return Stale(max(by_commit), median(by_commit))


def _changes(database: str) -> Iterator[float]:
    """Change the title TRIALS times; each time the moment at which its commit began."""
    slug = PAGES["post"].strip("/")
    with psycopg.connect(database) as connection:
        for version in range(TRIALS + 1):
            connection.execute(_CHANGE, [f"Version {version}", slug])
            began = time.monotonic()
            connection.commit()
            if version:  # before the first one the page shows no version
                yield began
            time.sleep(PAUSE + version * 37 % 100 / 1000)
    time.sleep(AT_LAST)


def stale_times(commits: Sequence[float], reads: Sequence[Read]) -> list[float]:
    """For each commit the longest time after it at which a read began that did not show it, 0 when all did.

    `commits[0]` made version 1. Raises WrongAnswer when no read showed the last one.
    """
    if not reads or reads[-1].version != len(commits):
        raise WrongAnswer("The last change was never shown.")
    times = [0.0] * len(commits)
    for began, version in reads:
        for missed in range(version, bisect_right(commits, began)):
            times[missed] = max(times[missed], began - commits[missed])
    return times


def add_hosts(database: str) -> None:
    """So many live sites more, without a post. Nobody runs who must be told: their triggers rest."""
    with psycopg.connect(database) as connection:
        connection.execute("SET session_replication_role = replica")
        sites.add(connection, FURTHER)
        connection.execute("ANALYZE")
