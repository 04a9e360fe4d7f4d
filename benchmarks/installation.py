"""An installation for measurements: PostgreSQL, Redis and the servers to compare."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import psycopg

from benchmarks import posts
from devstack.processes import Command, Session, output_of
from devstack.servers import PostgreSQL, Redis
from devstack.stack import Stack
from devstack.traefik import Traefik
from devstack.web import PROJECT, Web

EMPTY = "empty"  # a migrated database, the template of the others
FIRST, SECOND = "first.localhost", "second.localhost"
POSTS = 10  # per site: a full home page


class Gunicorn(Web):
    """A gunicorn with one worker of the class `worker`, so that the load generator has a core.

    WEB_WORKERS in `environment` changes the number of workers.
    """

    def __init__(
        self, session: Session, name: str, environment: Mapping[str, str], application: str, worker: str
    ) -> None:
        super().__init__(session, name, {"WEB_WORKERS": "1"} | dict(environment))
        if worker == "sync":
            self.environment["WEB_THREADS"] = "1"  # with more threads, gunicorn uses gthread instead of sync
        self.application, self.worker = application, worker

    def command(self) -> Command:
        options = ["-c", "server/gunicorn.py", "--worker-class", self.worker]
        return [sys.executable, "-m", "gunicorn", *options, self.application]


class Installation:
    """In a `with` block, provides a migrated PostgreSQL without sites, Redis and static files. Starts no web server."""

    def __init__(self) -> None:
        self._stack = Stack()  # its gunicorns and its demo are not used
        self._servers: list[Gunicorn | Traefik] = []

    @property
    def session(self) -> Session:
        return self._stack.session

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a server with settings.production."""
        return self._stack.environment

    @property
    def postgresql(self) -> PostgreSQL:
        return self._stack.postgresql

    @property
    def redis(self) -> Redis:
        return self._stack.redis

    def __enter__(self) -> Self:
        try:
            self.redis.launch()
            self.postgresql.start()
            self.postgresql.create_database()
            self.manage("migrate", "--verbosity", "0")
            self._copy_database("newsstand", EMPTY)
            self.manage("collectstatic", "--no-input", "--verbosity", "0")
            self.redis.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        for server in reversed(self._servers):
            server.stop()
        self._stack.stop()

    def manage(self, *arguments: str, **variables: str) -> str:
        """The output of a command of manage.py. `variables` are added to its environment. Raises ProcessFailed."""
        return self._run("manage.py", *arguments, **variables)

    def run(self, module: str, *arguments: str, **variables: str) -> str:
        """The output of `python -m module`. Arguments and errors are those of `manage`."""
        return self._run("-m", module, *arguments, **variables)

    def create_database(self, name: str) -> str:
        """Create another migrated database without sites, and return its URL."""
        self._copy_database(EMPTY, name)
        return self.postgresql.url.rpartition("/")[0] + f"/{name}"

    def serve(
        self, name: str, application: str = "server.wsgi", worker: str = "server.worker.Worker", **variables: str
    ) -> Gunicorn:
        """Start a gunicorn. It stops with the installation."""
        server = self.prepare(name, application, worker, **variables)
        server.start()
        return server

    def prepare(
        self, name: str, application: str = "server.wsgi", worker: str = "server.worker.Worker", **variables: str
    ) -> Gunicorn:
        """Like `serve`, but does not start the server. To start several at once, pass them to `launch`."""
        server = Gunicorn(self.session, name, self.environment | variables, application, worker)
        server.environment["SHARED_DEPLOYMENT"] = server.url
        self._servers.append(server)
        return server

    def put_in_front(self, server: Gunicorn, name: str) -> Traefik:
        """Start a Traefik in front of this server only."""
        environment = self._stack.traefik.environment | {"SHARED_DEPLOYMENT": server.url}
        traefik = Traefik(self.session, environment, name=name)
        self._servers.append(traefik)
        traefik.start()
        return traefik

    def _run(self, *command: str, **variables: str) -> str:
        return output_of([sys.executable, *command], self.environment | variables, PROJECT)

    def _copy_database(self, source: str, copy: str) -> None:
        with psycopg.connect(self.postgresql.url, dbname="postgres", autocommit=True) as connection:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(psycopg.sql.Identifier, (copy, source)))
            )


@contextmanager
def two_blogs() -> Iterator[Installation]:
    """An installation with two sites of ten posts each."""
    with Installation() as installation:
        for host in (FIRST, SECOND):
            installation.manage("site", "create", host, "--name", host.partition(".")[0].title())
            installation.run("benchmarks.posts", host, str(POSTS))
        with psycopg.connect(installation.postgresql.url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        yield installation


PAGES = {"home": "/", "post": posts.path(posts.NEWEST), "feed": "/feed/"}
