"""Writes the results of `make bench`: latest.json, a table in Markdown and a chart."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.chart import chart
from benchmarks.figures import Figure
from devstack.processes import Session
from devstack.servers import PostgreSQL, Redis
from devstack.traefik import traefik_binary
from devstack.web import PROJECT

RESULTS = PROJECT / "benchmarks" / "results"
# Modules with a function `measure`, in the order of the table.
MEASURES = ("limit", "cached", "proxied", "rendering", "peer", "growth", "visible", "commits", "importing", "starting")
LIBRARIES = ("django", "django-redis", "gunicorn", "psycopg", "redis")

_VERSION = re.compile(r"[0-9]+\.[0-9]+(?:\.[0-9]+)?")


def write(figures: Mapping[str, Sequence[Figure]], folder: Path = RESULTS) -> None:
    """Write the figures of each measure. Stored figures of other measures stay, with the commit that they belong to."""
    stored = _stored(folder)
    described = document(figures, versions())
    described["figures"] = sorted(
        [row for row in stored if row["measure"] not in figures] + described["figures"],
        key=lambda row: MEASURES.index(row["measure"]),
    )
    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    (folder / "latest.md").write_text(table(described))
    (folder / "latest.svg").write_text(chart([_figure(row) for row in described["figures"]]))


def _stored(folder: Path) -> list[dict[str, Any]]:
    """The rows of the last results, without those of measures that no longer exist."""
    path = folder / "latest.json"
    rows = json.loads(path.read_text())["figures"] if path.exists() else []
    return [row for row in rows if row["measure"] in MEASURES]


def document(figures: Mapping[str, Iterable[Figure]], versions: dict[str, str]) -> dict[str, Any]:
    measured_at = commit()
    return {
        "machine": machine(),
        "versions": versions,
        "figures": [row(figure, measure, measured_at) for measure, group in figures.items() for figure in group],
    }


def row(figure: Figure, measure: str, commit: str) -> dict[str, Any]:
    value = None if figure.value is None else float(f"{figure.value:.4g}")
    return figure._asdict() | {"value": value, "met": figure.met, "measure": measure, "commit": commit}


def table(described: dict[str, Any]) -> str:
    lines = [
        f"Measured on {described['machine']}.",
        "",
        "| figure | value | goal | met | commit | |",
        "|---|--:|--:|---|---|---|",
    ]
    for each in described["figures"]:
        figure = _figure(each)
        met = "" if figure.goal is None and figure.met else "yes" if figure.met else "**missed**"
        value = f"{figure.shown} {figure.unit}"
        lines.append(f"| {figure.name} | {value} | {figure.aim} | {met} | {each['commit']} | {figure.reason} |")
    named = ", ".join(f"{name} {version}" for name, version in described["versions"].items())
    return "\n".join([*lines, "", f"With {named}.", ""])


def _figure(row: Mapping[str, Any]) -> Figure:
    return Figure(**{name: row[name] for name in Figure._fields})


def machine() -> str:
    """A description of the hardware without the name of the machine."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    name = f", {processor[1]}" if processor else ""
    return f"{os.cpu_count()} cores{name}, {platform.machine()}, {memory:.0f} GiB"


def commit() -> str:
    """The measured commit. "-dirty" is appended when the checkout differs from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True).stdout.strip()


def versions() -> dict[str, str]:
    """The versions of the programs and libraries on which the figures depend."""
    with closing(Session()) as session:
        servers: dict[str, list[str | Path]] = {
            "postgresql": [PostgreSQL(session).binaries / "postgres", "--version"],
            "redis-server": [Redis(session).binary, "--version"],
            "traefik": [traefik_binary(), "version"],
        }
        installed = {name: _version(command) for name, command in servers.items()}
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES} | installed


def _version(command: Sequence[str | Path]) -> str:
    match = _VERSION.search(subprocess.run(command, capture_output=True, text=True).stdout)
    return match[0] if match else "unknown"
