"""Measure the figures of docs/performance.md and README.md on this machine, over 127.0.0.1.

python -m benchmarks                           all figures; writes benchmarks/results/latest.json, .md and .svg
python -m benchmarks cached starting           some figures; writes no files
python -m benchmarks --write cached starting   some figures; replaces those in the files
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
from benchmarks.load import UnexpectedResponse
from benchmarks.results import MEASURES
from devstack.processes import ProcessFailed
from devstack.web import PROJECT

MAX_DURATION = 45 * 60  # seconds for all figures
TOO_LONG = f"Stopped: not all figures were measured within {MAX_DURATION / 60:g} minutes."
MAX_LOAD = 0.5  # load average before the start
FAILURES = (ProcessFailed, UnexpectedResponse, OSError, psycopg.Error, subprocess.SubprocessError)


def main() -> int:
    """Return 0 when every figure was measured, whether or not it meets its goal."""
    arguments = _arguments()
    signal.signal(
        signal.SIGALRM,
        lambda number, frame: sys.exit(TOO_LONG),
    )
    signal.alarm(MAX_DURATION)
    if (load := os.getloadavg()[0]) > MAX_LOAD:
        print(f"Warning: other processes use this machine (load {load:.1f}), which distorts the figures.", flush=True)
    by_measure = _measured(arguments.measures or MEASURES)
    figures = [figure for group in by_measure.values() for figure in group]
    missed = sum(not figure.met for figure in figures)
    print(f"\n{len(figures)} figures, {missed} of them miss their goal.")
    if arguments.write or not arguments.measures:
        results.write(by_measure)
        print(f"Written to {results.RESULTS.relative_to(PROJECT)}/latest.*")
    return 1 if any(figure.value is None for figure in figures) else 0


def _measured(names: Sequence[str]) -> dict[str, list[Figure]]:
    measured: dict[str, list[Figure]] = {}
    began = time.monotonic()
    for number, name in enumerate(names, start=1):
        print(f"\n[{number}/{len(names)}] {name}, after {(time.monotonic() - began) / 60:.1f} min", flush=True)
        measured[name] = []
        for figure in _figures(name):
            print(figure.line, flush=True)
            if figure.reason:
                print(f"    {figure.reason}", flush=True)
            measured[name].append(figure)
    return measured


def _figures(name: str) -> Iterator[Figure]:
    """A measurement that fails is reported as a figure without a value, and the next one runs."""
    try:
        yield from import_module(f"benchmarks.{name}").measure()
    except FAILURES as failure:
        yield Figure(f"{name}: could not be measured", None, "", reason=str(failure).partition("\n")[0])
        print(failure, file=sys.stderr)


def _arguments() -> argparse.Namespace:
    purpose = "Measure the figures of docs/performance.md and README.md."
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=purpose)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--write", action="store_true", help="replace these figures in benchmarks/results/latest.*")
    arguments = parser.parse_args()
    if unknown := set(arguments.measures) - set(MEASURES):
        parser.error(f"{', '.join(sorted(unknown))}: unknown measurement. Choose from: {', '.join(MEASURES)}.")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
