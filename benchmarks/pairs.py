"""Two servers compared in turns, so that whatever else the machine does meets both."""

from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

from benchmarks import cpu
from benchmarks.load import Load, Page
from devstack.processes import Process

WARM_UP = 0.5  # seconds


class Side(NamedTuple):
    page: Page
    port: int
    processes: Sequence[Process]  # whose CPU time counts, with that of their children
    keep_alive: bool = True
    connections: int = 4  # requests on their way at once
    apart: Sequence[Process] = ()  # whose CPU time is told beside


class Measured(NamedTuple):
    rate: float  # requests a second
    cpu: float  # milliseconds a request
    apart: float  # the same of what stands apart


class Comparison(NamedTuple):
    """Of one server with the other; each number is the median of the pairs."""

    rate: float  # as a multiple of the other's
    cpu: float  # as a multiple of the other's
    one: Measured
    other: Measured


def side(server: Process, page: Page, *further: Process, keep_alive: bool = True) -> Side:
    """The page of this server; the CPU time of `further` processes counts as well."""
    return Side(page, server.port, [server, *further], keep_alive)


def compare(one: Side, other: Side, pairs: int = 31, seconds: float = 0.4) -> Comparison:
    """Each side is asked `pairs` times for so many seconds, in turns. Raises WrongAnswer."""
    taken: tuple[list[Measured], list[Measured]] = ([], [])
    with ExitStack() as stack:
        loads = [stack.enter_context(_load(each)) for each in (one, other)]
        for load in loads:
            load.run(WARM_UP)
        for number in range(pairs):
            turns = [(taken[0], loads[0], one), (taken[1], loads[1], other)]
            for measured, load, each in turns if number % 2 == 0 else reversed(turns):
                measured.append(_measure(load, each, seconds))
    return _compared(*taken)


def _load(side: Side) -> Load:
    return Load(side.port, side.page, side.keep_alive, side.connections)


def _measure(load: Load, side: Side, seconds: float) -> Measured:
    groups = (side.processes, side.apart)
    before = [cpu.times(group) for group in groups]
    requests, took = load.run(seconds)
    spent = (cpu.spent(then, cpu.times(group)) for then, group in zip(before, groups, strict=True))
    return Measured(requests / took, *(each / requests * 1000 for each in spent))


def _compared(ones: list[Measured], others: list[Measured]) -> Comparison:
    couples = list(zip(ones, others, strict=True))
    return Comparison(
        rate=median(one.rate / other.rate for one, other in couples),
        cpu=median(one.cpu / other.cpu for one, other in couples),
        one=_middle(ones),
        other=_middle(others),
    )


def _middle(measured: list[Measured]) -> Measured:
    return Measured(*map(median, zip(*measured, strict=True)))
