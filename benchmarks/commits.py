"""Commits of content per second with 1, 8 and 32 writers, on a PostgreSQL that flushes each commit to disk.

python -m benchmarks commits

pgbench runs the writers. Each edits posts of its own site. The disk of TMPDIR is measured as it is, and with slower
flushes: on a fast disk two cores are busy with a few writers, so that more writers could not show what the locks allow.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks import archive
from benchmarks.archive import Batch
from benchmarks.figures import Figure
from benchmarks.installation import Installation
from devstack.processes import Command, ProcessFailed, output_of
from devstack.servers import PostgreSQL
from devstack.web import PROJECT

WRITERS = (1, 8, 32)
POSTS = 10  # per site
SITES = Batch(range(1, max(WRITERS) + 1), posts=POSTS, days=2.5)
GOAL = 3.0  # commits of 32 writers by those of one

ROUNDS = 3  # the numbers of writers are measured in turns
DURATION = 3  # seconds of each turn
FLUSHES = 200
FLUSH_DELAY = 4_000  # microseconds; block storage over a network takes 1 to 5 ms, a disk 8 ms

# As the admin stores an edit: find the post, lock it, write it.
EDIT = """
\\set site {site}
\\set turn random(1, {posts}) - 1
BEGIN;
SELECT post_id AS post FROM blogs_placement WHERE site_id = :site
    ORDER BY published_at DESC, id DESC OFFSET :turn LIMIT 1 \\gset
SELECT * FROM blogs_post WHERE id = :post FOR UPDATE;
UPDATE blogs_post SET title = 'Edit ' || version, updated_at = now(), saved_at = now(), version = version + 1
    WHERE id = :post;
COMMIT;
"""
OWN_SITE, ONE_SITE = ":client_id + 1", "1"

_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def measure() -> Iterator[Figure]:
    with Installation() as installation:
        postgresql = installation.postgresql
        archive.add(postgresql.url, SITES)
        postgresql.durability = ()
        yield Figure("commits: one flush of this disk", _flush_time(postgresql.folder) * 1000, "ms")
        yield from _rates(postgresql, "this disk")
        postgresql.environment |= _slow_flush(postgresql.folder)
        yield from _rates(postgresql, f"flush + {FLUSH_DELAY / 1000:g} ms")


def _rates(postgresql: PostgreSQL, disk: str) -> Iterator[Figure]:
    postgresql.restart()
    turns = [[_rate(postgresql, count, OWN_SITE) for count in WRITERS] for _ in range(ROUNDS)]
    rates = dict(zip(WRITERS, map(median, zip(*turns, strict=True)), strict=True))
    yield Figure(f"commits: 1 writer, {disk}", rates[1], "commits/s")
    for count in WRITERS[1:]:
        yield Figure(f"commits: {count} writers on different sites, {disk}", rates[count], "commits/s")
    yield Figure(f"commits: 8 writers by one, {disk}", rates[8] / rates[1], "×")
    yield Figure(f"commits: 32 writers by one, {disk}", rates[32] / rates[1], "×", GOAL, at_least=True)
    yield Figure(f"commits: 32 writers on one site, {disk}", _rate(postgresql, 32, ONE_SITE), "commits/s")


def _rate(postgresql: PostgreSQL, writers: int, site: str) -> float:
    """The commits per second of this number of clients of pgbench."""
    script = postgresql.folder / "edit.sql"
    script.write_text(EDIT.format(site=site, posts=POSTS))
    command: Command = [
        *(postgresql.binaries / "pgbench", "--no-vacuum", "--protocol=prepared", f"--file={script}"),
        *(f"--client={writers}", f"--jobs={min(writers, 2)}", f"--time={DURATION}", postgresql.url),
    ]
    output = output_of(command, postgresql.environment, PROJECT)
    match = _RATE.search(output)
    if match is None:
        raise ProcessFailed(f"pgbench printed no rate:\n{output}")
    return float(match[1])


def _flush_time(folder: Path) -> float:
    """The median time in seconds in which the disk of this folder stores 8 kB, as PostgreSQL flushes its log."""
    times = []
    file = os.open(folder / "flushed", os.O_RDWR | os.O_CREAT)
    try:
        for _ in range(FLUSHES):
            os.pwrite(file, bytes(8192), 0)
            began = time.perf_counter()
            os.fdatasync(file)
            times.append(time.perf_counter() - began)
    finally:
        os.close(file)
    return median(times)


def _slow_flush(folder: Path) -> Mapping[str, str]:
    """Variables of the environment that make each flush of PostgreSQL slower. Raises an error without a C compiler."""
    library = folder / "slow_flush.so"
    source = PROJECT / "benchmarks" / "slow_flush.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "FLUSH_DELAY": str(FLUSH_DELAY)}
