"""The CPU time of processes and of those that they have started."""

import time
from collections.abc import Iterable

from devstack.processes import Process, children

_OF_A_PROCESS = 2  # CPUCLOCK_SCHED of Linux: nanoseconds of all its threads, those that ended included


def times(processes: Iterable[Process]) -> dict[int, float]:
    """Seconds, in user and system mode, by process id."""
    return {pid: _seconds(pid) for process in processes for pid in family(process)}


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Seconds between two calls of `times`. What a process did that ended meanwhile is not in it."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())


def family(process: Process) -> list[int]:
    """The process and its children: of a gunicorn its workers, of PostgreSQL its sessions."""
    if process.process is None:
        raise RuntimeError(f"{process.name} does not run.")
    return [process.process.pid, *children(process.process.pid)]


def _seconds(pid: int) -> float:
    # As clock_getcpuclockid(3) makes the clock's number: finer than the hundredths of /proc/<pid>/stat.
    return time.clock_gettime(~pid << 3 | _OF_A_PROCESS)
