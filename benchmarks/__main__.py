"""Measure what docs/performance.md tells of and README quotes, on this machine, at 127.0.0.1. It ends by itself.

python -m benchmarks                   all of it; writes benchmarks/results/latest.json, .md and .svg
python -m benchmarks cached starting   some of it; writes nothing
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module

import psycopg

from benchmarks import results
from benchmarks.figures import Figure
from benchmarks.load import WrongAnswer
from devstack.processes import ProcessFailed
from devstack.web import PROJECT

# Modules with a function `measure`, in the order of the table.
MEASURES = ("limit", "cached", "proxied", "rendering", "peer", "growth", "visible", "starting")
AT_MOST = 45 * 60  # seconds for all
BUSY = 0.5  # processes that run besides ours
FAILURES = (ProcessFailed, WrongAnswer, OSError, psycopg.Error, subprocess.SubprocessError)


def main() -> int:
    """0 when everything could be measured, whether or not it met its goal."""
    names = _arguments().measures
    signal.signal(signal.SIGALRM, lambda number, frame: sys.exit(f"Not done after {AT_MOST / 60:g} minutes."))
    signal.alarm(AT_MOST)
    if (load := os.getloadavg()[0]) > BUSY:
        print(f"This machine is busy with something else (load {load:.1f}): that distorts the figures.", flush=True)
    figures = list(_measured(names or MEASURES))
    missed = sum(not figure.met for figure in figures)
    print(f"\n{len(figures)} figures, {missed} missed.")
    if not names:
        results.write(figures)
        print(f"Written to {results.RESULTS.relative_to(PROJECT)}/latest.*")
    return 1 if any(figure.value is None for figure in figures) else 0


def _measured(names: Sequence[str]) -> Iterator[Figure]:
    began = time.monotonic()
    for number, name in enumerate(names, start=1):
        print(f"\n[{number}/{len(names)}] {name}, after {(time.monotonic() - began) / 60:.1f} min", flush=True)
        for figure in _figures(name):
            print(figure.line, flush=True)
            if figure.reason:
                print(f"    {figure.reason}", flush=True)
            yield figure


def _figures(name: str) -> Iterator[Figure]:
    """One that cannot be measured is a figure too, and the others go on."""
    try:
        yield from import_module(f"benchmarks.{name}").measure()
    except FAILURES as failure:
        yield Figure(f"{name}: could not be measured", None, "", reason=str(failure).partition("\n")[0])
        print(failure, file=sys.stderr)


def _arguments() -> argparse.Namespace:
    purpose = "Measure what docs/performance.md tells of and README quotes."
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=purpose)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    arguments = parser.parse_args()
    if unknown := set(arguments.measures) - set(MEASURES):
        parser.error(f"{', '.join(sorted(unknown))}: there is no such measure. Write some of: {', '.join(MEASURES)}.")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
