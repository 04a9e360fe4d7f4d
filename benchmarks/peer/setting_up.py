"""Runs Wagtail in its own virtual environment, with PostgreSQL and Redis of an installation."""

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.installation import FIRST, POSTS, SECOND, Gunicorn, Installation
from benchmarks.posts import texts
from blogs import markdown
from devstack.processes import Command, ProcessFailed, output_of, status
from devstack.web import PROJECT

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
ENVIRONMENT = PROJECT / ".venv-peer"
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / "installed"  # a copy of the installed requirements


def install() -> None:
    """Install requirements.txt into .venv-peer, unless it is installed already."""
    wanted = f"Python {platform.python_version()}\n{REQUIREMENTS.read_text()}"
    if INSTALLED.exists() and INSTALLED.read_text() == wanted:
        return
    print("Installing Wagtail …", flush=True)
    uv = _uv()
    output_of([uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT], os.environ, PROJECT)
    output_of([uv, "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", REQUIREMENTS], os.environ, PROJECT)
    INSTALLED.write_text(wanted)


def _uv() -> Path:
    """The uv that `make` uses."""
    found = sorted(PROJECT.glob(".tools/uv-*/bin/uv"), key=lambda file: file.stat().st_mtime)
    if not found:
        raise ProcessFailed("There is no uv in .tools. Run `make bench`, which installs it.")
    return found[-1]


class Wagtail(Gunicorn):
    """Wagtail under gunicorn with our configuration."""

    def command(self) -> Command:
        return [PYTHON, *super().command()[1:]]

    def is_ready(self, pid: int) -> bool:
        return status(self.port, FIRST) == 200


class Peer:
    """Two Wagtail sites in a separate database. `stop` ends its servers."""

    def __init__(self, installation: Installation) -> None:
        self._session = installation.session
        self._environment = installation.environment | {
            "DATABASE_URL": _create_database(installation),
            "DJANGO_SETTINGS_MODULE": "wagtailblog.settings",
            "PAGE_CACHE": "no",
            "PYTHONPATH": str(HERE),
            "REDIS_URL": installation.redis.url.removesuffix("/0") + "/1",
        }
        self._servers: list[Wagtail] = []

    def fill(self) -> None:
        file = self._session.folder / "peer.json"
        file.write_text(json.dumps(dict.fromkeys((FIRST, SECOND), _posts())))
        for command in (["migrate", "--verbosity", "0"], ["fill", file]):
            output_of([PYTHON, "-m", "django", *command], self._environment, PROJECT)
        with psycopg.connect(self._environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def serve(self, name: str, *, page_cache: bool, worker: str = "server.worker.Worker", **variables: str) -> Wagtail:
        """Start a gunicorn, like `Installation.serve`."""
        environment = self._environment | variables | {"PAGE_CACHE": "yes" if page_cache else "no"}
        server = Wagtail(self._session, name, environment, "wagtailblog.wsgi", worker)
        self._servers.append(server)
        server.start()
        return server

    def stop(self) -> None:
        for server in self._servers:
            server.stop()


@contextmanager
def peer(installation: Installation) -> Iterator[Peer]:
    peer = Peer(installation)
    try:
        peer.fill()
        yield peer
    finally:
        peer.stop()


def _create_database(installation: Installation) -> str:
    with psycopg.connect(installation.postgresql.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE peer")
    return installation.postgresql.url.rpartition("/")[0] + "/peer"


def _posts() -> list[dict[str, object]]:
    """The posts of benchmarks.posts, rendered by our code, so that both servers show the same HTML."""
    now = datetime.now(UTC)
    return [
        {
            "slug": text.slug,
            "title": text.title,
            "summary": text.excerpt,
            "body": markdown.render(text.body),
            "tags": text.tags,
            "author": text.author,
            "published_at": (now - timedelta(hours=number + 1)).isoformat(),
        }
        for number, text in enumerate(texts(POSTS))
    ]
