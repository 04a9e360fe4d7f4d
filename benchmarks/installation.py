"""An installation to measure: PostgreSQL, Redis and, one after the other, the servers that are to be compared."""

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

EMPTY = "empty"  # a migrated database, of which others are copies
FIRST, SECOND = "first.localhost", "second.localhost"
POSTS = 10  # of each site: a full home page


class Gunicorn(Web):
    """One worker of the class `worker`, so that the load has the other core. WEB_WORKERS makes it more."""

    def __init__(
        self, session: Session, name: str, environment: Mapping[str, str], application: str, worker: str
    ) -> None:
        super().__init__(session, name, {"WEB_WORKERS": "1"} | dict(environment))
        if worker == "sync":
            self.environment["WEB_THREADS"] = "1"  # with more gunicorn would take its worker with threads
        self.application, self.worker = application, worker

    def command(self) -> Command:
        options = ["-c", "server/gunicorn.py", "--worker-class", self.worker]
        return [sys.executable, "-m", "gunicorn", *options, self.application]


class Installation:
    """In a `with` block: PostgreSQL, migrated, without a site; Redis; static files. Nothing is served yet."""

    def __init__(self) -> None:
        self._stack = Stack()  # of which neither the demo nor its gunicorns are started
        self._servers: list[Gunicorn | Traefik] = []

    @property
    def session(self) -> Session:
        return self._stack.session

    @property
    def environment(self) -> dict[str, str]:
        """Of a server on settings.production."""
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
        """What this command of manage.py prints. `variables` are added to its environment. Raises ProcessFailed."""
        return self._run("manage.py", *arguments, **variables)

    def run(self, module: str, *arguments: str, **variables: str) -> str:
        """The same for `python -m module`."""
        return self._run("-m", module, *arguments, **variables)

    def create_database(self, name: str) -> str:
        """The address of one more database: migrated, without a site."""
        self._copy_database(EMPTY, name)
        return self.postgresql.url.rpartition("/")[0] + f"/{name}"

    def serve(
        self, name: str, application: str = "server.wsgi", worker: str = "server.worker.Worker", **variables: str
    ) -> Gunicorn:
        """A gunicorn that answers. It stops with the installation."""
        server = self.prepare(name, application, worker, **variables)
        server.start()
        return server

    def prepare(
        self, name: str, application: str = "server.wsgi", worker: str = "server.worker.Worker", **variables: str
    ) -> Gunicorn:
        """The same, not started: `launch` several and wait for them together."""
        server = Gunicorn(self.session, name, self.environment | variables, application, worker)
        server.environment["SHARED_DEPLOYMENT"] = server.url
        self._servers.append(server)
        return server

    def put_in_front(self, server: Gunicorn, name: str) -> Traefik:
        """A Traefik that answers, and asks this server alone."""
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
