"""The processes of a server on this machine: PostgreSQL, Redis, two gunicorns and Traefik, with the demo."""

import os
import secrets
import subprocess
import sys

from devstack.processes import PROCESS_TIMEOUT, Process, ProcessFailed, Session, output_of, spawn, status, wait_until
from devstack.servers import PostgreSQL, Redis
from devstack.traefik import Traefik
from devstack.web import PROJECT, Web

ADMIN_HOST = "admin.localhost"
INTERNAL_HOST = "internal.localhost"
TECHBLOG = "techblog.localhost"
FINANCEBLOG = "financeblog.localhost"

# The variables that processes inherit. Others, such as DATABASE_URL or SITE_ID, could change their behaviour.
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")


class Stack:
    """The stack, with the database and all files in a temporary folder that is removed with it.

    `manage` and the processes of `add_web` get `environment`. Each process has its own copy, which may be changed.
    """

    def __init__(self, port: int | None = None) -> None:
        """Raises OSError when `port` is not available."""
        self.session = Session()
        self.postgresql = PostgreSQL(self.session)
        self.redis = Redis(self.session)
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        common = {
            "INTERNAL_HOST": INTERNAL_HOST,
            "INTERNAL_TOKEN": secrets.token_urlsafe(48),
            "PUBLIC_SCHEME": "http",
        }
        self.traefik = Traefik(self.session, inherited | common, port)
        self.environment = inherited | common | self._application()
        self.webs = [Web(self.session, name, self.environment) for name in ("web-1", "web-2")]
        self.further_traefiks: list[Traefik] = []
        addresses = ",".join(web.url for web in self.webs)
        for environment in (self.environment, self.traefik.environment, *(web.environment for web in self.webs)):
            environment["SHARED_DEPLOYMENT"] = addresses
        self.welcome = ""  # set by `start`: the addresses and accounts of the demo

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
        """All processes, in the order in which they are stopped."""
        return [*self.further_traefiks, self.traefik, *self.webs, self.redis, self.postgresql]

    def start(self) -> None:
        """Return when Traefik serves the demo. Raises ProcessFailed."""
        self.redis.launch()
        collecting = self._begin("collectstatic", "--no-input")
        self.postgresql.start()
        self.postgresql.create_database()
        self.manage("migrate", "--verbosity", "0")
        self.redis.wait_until_ready()
        self._finish(collecting, "collectstatic")
        for process in (*self.webs, self.traefik):
            process.launch()
        self.welcome = self.manage("demo", "--verbosity", "0")  # a running server serves new sites without a restart
        for process in (*self.webs, self.traefik):
            process.wait_until_ready()
        self._wait_until_routed()

    def stop(self) -> None:
        """Return when all processes have ended and all files are removed."""
        for process in (*self.further_traefiks, self.traefik, *self.webs):  # before the servers that they use
            process.request_stop()
        for process in self.processes:
            process.stop()
        self.session.close()

    def add_web(self, name: str, **environment: str) -> Web:
        """Start another gunicorn, to which Traefik does not route yet. The stack stops it."""
        web = Web(self.session, name, self.environment | environment)
        self.webs.append(web)
        web.start()
        return web

    def add_traefik(self, name: str, **environment: str) -> Traefik:
        """Start another Traefik for the same gunicorns, on other ports. The stack stops it."""
        traefik = Traefik(self.session, self.traefik.environment | environment, name=name)
        self.further_traefiks.append(traefik)
        traefik.start()
        return traefik

    def manage(self, *arguments: str) -> str:
        """The output of a command of manage.py. Raises ProcessFailed when the command fails."""
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
            wait_until(lambda: status(self.traefik.port, TECHBLOG) == 200, PROCESS_TIMEOUT)
        except TimeoutError as error:
            raise ProcessFailed(f"Traefik does not serve {TECHBLOG}:\n{self.traefik.log_tail()}") from error
