"""The CPU time of processes and of their children."""

import time
from collections.abc import Iterable

from devstack.processes import Process, children

_OF_A_PROCESS = 2  # CPUCLOCK_SCHED of Linux: the time of all threads, including those that ended


def times(processes: Iterable[Process]) -> dict[int, float]:
    """CPU time in seconds, in user and system mode, by process id."""
    return {pid: of_process(pid) for process in processes for pid in family(process)}


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """CPU time in seconds between two calls of `times`, without the time of processes that ended in between."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())


def family(process: Process) -> list[int]:
    """The ids of the process and of its children, which are the workers of gunicorn or the sessions of PostgreSQL."""
    if process.process is None:
        raise RuntimeError(f"{process.name} is not running.")
    return [process.process.pid, *children(process.process.pid)]


def of_process(pid: int) -> float:
    """CPU time of one process in seconds, in user and system mode."""
    # The clock id of clock_getcpuclockid(3). Its resolution is finer than that of /proc/<pid>/stat.
    return time.clock_gettime(~pid << 3 | _OF_A_PROCESS)
