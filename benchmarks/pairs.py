"""Compares two servers in turns, so that other load on the machine affects both."""

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
    processes: Sequence[Process]  # their CPU time and that of their children is measured
    keep_alive: bool = True
    connections: int = 4  # pending requests
    others: Sequence[Process] = ()  # their CPU time is measured separately


class Measured(NamedTuple):
    rate: float  # requests per second
    cpu: float  # milliseconds of CPU time per request
    others: float  # milliseconds of CPU time of the other processes per request


class Comparison(NamedTuple):
    """The result of a comparison of two servers. Each number is the median of the pairs."""

    rate: float  # as a multiple of the rate of the other server
    cpu: float  # as a multiple of the CPU time of the other server
    one: Measured
    other: Measured


def side(server: Process, page: Page, *further: Process, keep_alive: bool = True) -> Side:
    """A page of this server. The CPU time of the processes `further` is added to that of the server."""
    return Side(page, server.port, [server, *further], keep_alive)


def compare(one: Side, other: Side, pairs: int = 31, seconds: float = 0.4) -> Comparison:
    """Run the two sides in turns, each `pairs` times for `seconds`. Raises UnexpectedResponse."""
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
    groups = (side.processes, side.others)
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
