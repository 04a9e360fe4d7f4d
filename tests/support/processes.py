"""Server processes on the test database, for tests that need more than one process."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from devstack.ports import free_port
from devstack.processes import children

KNOWN_WITHIN = 0.25  # seconds; after a commit, every process uses the change within this time
START_TIMEOUT = 20  # seconds in which a started process must respond


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


class Process:
    """A gunicorn with one worker. `environment` contains additional environment variables."""

    def __init__(self, **environment):
        self.port = free_port()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # closed by stop()
        database = connection.settings_dict
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "server/gunicorn.py", "server.wsgi"],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "settings.test",
                "DATABASE_URL": _url(database),
                "MEDIA_ROOT": str(settings.MEDIA_ROOT),
                "BIND": f"127.0.0.1:{self.port}",
                "WEB_WORKERS": "1",
                **environment,
            },
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its own process group, so that stop() also kills the worker
        )

    def get(self, host, path="/", method="GET", **headers):
        """Send a request with this Host header and return the response. Does not follow redirects."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, headers={"Host": host, **headers})
            response = connection.getresponse()
            return Response(response.status, dict(response.getheaders()), response.read().decode("utf-8", "replace"))

    def status(self, host, path="/"):
        return self.get(host, path).status

    def wait_until_it_responds(self):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"The process ended with exit code {self.process.returncode}:\n{self.output()}")
            try:
                self.get(settings.INTERNAL_HOST, "/health/live")
                return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(f"The process did not respond within {START_TIMEOUT} s:\n{self.output()}")

    def output(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def stop(self):
        """Kill the process: a graceful shutdown of gunicorn takes one or two seconds."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


@contextmanager
def running(count=1, **environment):
    """Start `count` processes and wait until all respond. All are stopped at the end, even if one does not start.

    A variable whose value is a tuple has another value in each process.
    """
    started = []
    try:
        for number in range(count):
            own = {name: value if isinstance(value, str) else value[number] for name, value in environment.items()}
            started.append(Process(**own))
        for process in started:
            process.wait_until_it_responds()
        yield started
    finally:
        for process in started:
            process.stop()


def until_all_know():
    """Sleep until every process must use the changes that are already committed."""
    time.sleep(KNOWN_WITHIN)


@contextmanager
def frozen(pid):
    """Suspend this process and its children with SIGSTOP."""
    os.kill(pid, signal.SIGSTOP)  # suspend the parent first, so that it starts no more children
    frozen = [*children(pid), pid]
    try:
        for each in frozen:
            os.kill(each, signal.SIGSTOP)
        yield
    finally:
        for each in frozen:
            os.kill(each, signal.SIGCONT)


def _url(database):
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{Path(database['NAME'])}"
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
