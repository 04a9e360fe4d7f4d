"""All of a server as processes of this machine: PostgreSQL, Redis, the demo, two gunicorns, Traefik."""

import os
import secrets
import subprocess
import sys

from devstack.processes import PATIENCE, Process, ProcessFailed, Session, output_of, spawn, status, wait_until
from devstack.servers import PostgreSQL, Redis
from devstack.traefik import Traefik
from devstack.web import PROJECT, Web

ADMIN_HOST = "admin.localhost"
INTERNAL_HOST = "internal.localhost"
TECHBLOG = "techblog.localhost"
FINANCEBLOG = "financeblog.localhost"

# Of our own environment. The rest could lead a process elsewhere: to another database, to one site alone.
KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")


class Stack:
    """Nothing of it is kept: database and files lie in a temporary folder that ends with the stack.

    `environment` is what `manage` and further processes are told. Each process has a copy of its own to change.
    """

    def __init__(self, port: int | None = None) -> None:
        """Raises OSError when `port` cannot be had."""
        self.session = Session()
        self.postgresql = PostgreSQL(self.session)
        self.redis = Redis(self.session)
        ambient = {name: os.environ[name] for name in KEPT if name in os.environ}
        common = {
            "INTERNAL_HOST": INTERNAL_HOST,
            "INTERNAL_TOKEN": secrets.token_urlsafe(48),
            "PUBLIC_SCHEME": "http",
        }
        self.traefik = Traefik(self.session, ambient | common, port)
        self.environment = ambient | common | self._application()
        self.webs = [Web(self.session, name, self.environment) for name in ("web-1", "web-2")]
        self.further_traefiks: list[Traefik] = []
        addresses = ",".join(web.url for web in self.webs)
        for environment in (self.environment, self.traefik.environment, *(web.environment for web in self.webs)):
            environment["SHARED_DEPLOYMENT"] = addresses
        self.welcome = ""  # addresses and accounts of the demo, after the start

    def _application(self) -> dict[str, str]:
        return {
            "ADMIN_HOST": ADMIN_HOST,
            "DATABASE_URL": self.postgresql.url,
            "DJANGO_SETTINGS_MODULE": "settings.production",
            "MEDIA_ROOT": str(self.session.folder / "media"),
            "PUBLIC_PORT": str(self.traefik.port),
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": secrets.token_urlsafe(64),
            "STATIC_ROOT": str(self.session.folder / "static"),
            "TRUSTED_PROXIES": "127.0.0.1/32",
        }

    @property
    def processes(self) -> list[Process]:
        """In the order in which they stop."""
        return [*self.further_traefiks, self.traefik, *self.webs, self.redis, self.postgresql]

    def start(self) -> None:
        """Return when the demo answers through Traefik. Raises ProcessFailed."""
        self.redis.launch()
        collecting = self._begin("collectstatic", "--no-input")
        self.postgresql.start()
        self.postgresql.create_database()
        self.manage("migrate", "--verbosity", "0")
        self.redis.wait_until_ready()
        self._finish(collecting, "collectstatic")
        for process in (*self.webs, self.traefik):
            process.launch()
        self.welcome = self.manage("demo", "--verbosity", "0")  # new sites need no restart
        for process in (*self.webs, self.traefik):
            process.wait_until_ready()
        self._wait_until_routed()

    def stop(self) -> None:
        """Return when nothing is left, neither a process nor a file."""
        for process in (*self.further_traefiks, self.traefik, *self.webs):  # before what they stand on
            process.begin_to_stop()
        for process in self.processes:
            process.stop()
        self.session.close()

    def add_web(self, name: str, **environment: str) -> Web:
        """One more gunicorn, which answers and is not behind Traefik yet. It stops with the others."""
        web = Web(self.session, name, self.environment | environment)
        self.webs.append(web)
        web.start()
        return web

    def add_traefik(self, name: str, **environment: str) -> Traefik:
        """One more Traefik in front of the same gunicorns, on ports of its own. It stops with the others."""
        traefik = Traefik(self.session, self.traefik.environment | environment, name=name)
        self.further_traefiks.append(traefik)
        traefik.start()
        return traefik

    def manage(self, *arguments: str) -> str:
        """What this command of manage.py prints. Raises ProcessFailed when it fails."""
        return output_of([sys.executable, "manage.py", *arguments], self.environment, PROJECT)

    def _begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        folder = self.session.folder / arguments[0]
        folder.mkdir()
        with (folder / "log").open("wb") as output:
            command = [sys.executable, "manage.py", *arguments]
            return spawn(command, folder, output, cwd=PROJECT, environment=self.environment)

    def _finish(self, process: subprocess.Popen[bytes], name: str) -> None:
        if process.wait():
            raise ProcessFailed(f"{name} failed:\n{(self.session.folder / name / 'log').read_text()}".strip())
        (self.session.folder / name / "pid").unlink()

    def _wait_until_routed(self) -> None:
        try:
            wait_until(lambda: status(self.traefik.port, TECHBLOG) == 200, PATIENCE)
        except TimeoutError as error:
            raise ProcessFailed(f"Traefik reaches no blog:\n{self.traefik.last_words()}") from error
