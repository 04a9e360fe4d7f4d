"""`make run` works in a clean checkout in which only the libraries are installed."""

import http.client
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from devstack.ports import free_port
from tests.support.processes import Response

PROJECT = Path(__file__).resolve().parent.parent
READY_WITHIN = 90  # seconds, for the first start in a clean checkout
READY_AGAIN_WITHIN = 10  # seconds; 2 s on an idle machine
STOPPED_WITHIN = 2

# Prefixes of variables that the test run sets and a newcomer's shell does not, such as the URLs of databases.
UNSET_PREFIXES = (
    "DATABASE",
    "DJANGO",
    "REDIS",
    "MEDIA_ROOT",
    "PUBLIC_",
    "ADMIN_HOST",
    "INTERNAL_HOST",
    "SITE_ID",
    "PORT",
    "MAKE",
    "MFLAGS",
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of all files that git does not ignore. It uses the libraries of the test run."""
    return _copied_to(tmp_path_factory.mktemp("newsstand"))


def _copied_to(folder):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    return folder


class Run:
    """A `make run` in its own process group, as a terminal starts it."""

    def __init__(self, checkout, port, **environment):
        self.port = port
        self.began = time.monotonic()
        self.log = checkout / f"run-{port}.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(UNSET_PREFIXES)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                # --old-file: skip the installation of the libraries, although the copied files are newer.
                ["make", "run", f"VENV={sys.prefix}", f"--old-file={sys.prefix}/.base"],
                cwd=checkout,
                env={**clean, "PORT": str(port), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self):
        return self.log.read_text()

    def get(self, host, path="/"):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_WITHIN)) as connection:
            connection.request("GET", path, headers={"Host": f"{host}:{self.port}"})
            response = connection.getresponse()
            return Response(response.status, dict(response.getheaders()), response.read().decode())

    def ready_after(self):
        """Wait until the process responds. Returns the seconds since its start."""
        while self.process.poll() is None and time.monotonic() < self.began + READY_WITHIN:
            try:
                self.get("internal.localhost", "/health/live")
                return time.monotonic() - self.began
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"`make run` did not respond:\n{self.output}")

    def ctrl_c(self):
        """Send SIGINT to the process group, as a terminal does. Returns the seconds until `make run` has stopped."""
        began = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"`make run` did not stop: {self.processes()}\n{self.output}") from error
        return time.monotonic() - began

    def processes(self):
        """The command lines of all processes in the process group."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                group = (folder / "stat").read_text().rpartition(")")[2].split()[2]
                if group == str(self.process.pid):
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def kill(self):
        if self.processes():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def make_run(checkout):
    """make_run(port): start `make run`. It is killed at the end of the test."""
    started = []

    def make_run(port=None, **environment):
        started.append(Run(checkout, port or free_port(), **environment))
        return started[-1]

    yield make_run
    for run in started:
        run.kill()


@pytest.fixture(scope="module")
def running(checkout):
    """A `make run` that is ready, shared by all tests that do not stop it."""
    run = Run(checkout, free_port())
    try:
        run.ready_after()
        yield run
    finally:
        run.kill()


def test_the_first_start_takes_at_most_90_s_and_later_starts_at_most_10_s(checkout, make_run):
    shutil.rmtree(checkout / "var", ignore_errors=True)
    first = make_run()
    assert first.ready_after() < READY_WITHIN
    assert "The database is new" in first.output
    first.ctrl_c()

    again = make_run()
    assert again.ready_after() < READY_AGAIN_WITHIN
    assert "The database is new" not in again.output
    assert again.get("techblog.localhost").status == 200


def test_two_blogs_and_the_admin_are_served_and_other_hosts_get_404(running):
    tech, finance = running.get("techblog.localhost"), running.get("financeblog.localhost")
    assert (tech.status, finance.status) == (200, 200)
    assert tech.body != finance.body

    moved = running.get("www.techblog.localhost", "/any/path?x=1&y=%2F")
    assert moved.status == 308
    assert moved.headers["Location"] == f"http://techblog.localhost:{running.port}/any/path?x=1&y=%2F"

    login = running.get("admin.localhost", "/login/")
    assert login.status == 200
    assert 'type="password"' in login.body
    assert re.search(rf"csrf-{running.port}=", login.headers["Set-Cookie"])

    unknown = running.get("unknown.localhost")
    assert unknown.status == 404
    for name in re.findall(r"<title>([^<]+)</title>", tech.body + finance.body):
        assert name not in unknown.body


def test_the_urls_and_accounts_are_printed(running):
    addresses = re.findall(r"http://\S+", running.output)

    assert sorted(addresses) == [
        f"http://{name}.localhost:{running.port}/" for name in ("admin", "financeblog", "techblog")
    ]
    assert "Press Ctrl-C to stop" in running.output
    for part in ("password newsstand", "admin@example.com", "superuser", "owner", "editor", "author"):
        assert part in running.output


def test_deleted_accounts_are_not_printed(checkout, make_run):
    running = make_run()
    running.ready_after()
    running.ctrl_c()
    with closing(sqlite3.connect(checkout / "var/db.sqlite3")) as database:
        database.execute("UPDATE accounts_user SET email = 'other@else.test' WHERE email = 'admin@example.com'")
        database.commit()
    try:
        again = make_run()
        again.ready_after()
        assert "admin@example.com" not in again.output
        assert "owner@example.com" in again.output
    finally:
        with closing(sqlite3.connect(checkout / "var/db.sqlite3")) as database:
            database.execute("UPDATE accounts_user SET email = 'admin@example.com' WHERE email = 'other@else.test'")
            database.commit()


def test_ctrl_c_stops_all_processes_even_with_an_idle_connection_open(make_run):
    running = make_run()
    running.ready_after()
    with socket.create_connection(("127.0.0.1", running.port)):
        running.get("techblog.localhost")
        assert running.ctrl_c() < STOPPED_WITHIN

    # make ends by the signal, so one of these is its exit status.
    assert running.process.returncode in (0, 130, -signal.SIGINT)
    assert running.processes() == []
    assert "Traceback" not in running.output
    assert "error" not in running.output.lower()
    with pytest.raises(ConnectionRefusedError):
        running.get("techblog.localhost")


def test_ctrl_c_during_the_start_leaves_no_process_and_no_traceback(make_run):
    for delay in (0.2, 0.5, 0.8, 1.1, 1.4):
        run = make_run()
        while not any("manage.py" in line for line in run.processes()):
            time.sleep(0.01)
        time.sleep(delay)
        assert run.ctrl_c() < STOPPED_WITHIN + 2  # this takes longer, because SIGINT is blocked while gunicorn starts
        assert run.processes() == []
        assert "Traceback" not in run.output


def test_make_run_on_a_taken_port_stops_with_a_message_that_proposes_another_port(running, make_run):
    second = make_run(running.port)

    assert second.process.wait(30) != 0
    assert f"Port {running.port} is taken" in second.output
    assert f"PORT={running.port + 1} make run" in second.output
    assert "Traceback" not in second.output
    assert running.get("techblog.localhost").status == 200


def test_two_runs_in_one_checkout_work_independently(make_run):
    one, two = make_run(), make_run()

    for run in (one, two):
        run.ready_after()
        assert run.get("www.techblog.localhost").headers["Location"] == f"http://techblog.localhost:{run.port}/"
    one.ctrl_c()
    assert two.get("financeblog.localhost").status == 200


def test_two_first_runs_in_one_checkout_prepare_the_database_once(tmp_path):
    checkout = _copied_to(tmp_path)
    runs = [Run(checkout, free_port()) for _ in range(2)]
    try:
        for run in runs:
            run.ready_after()
            assert run.get("techblog.localhost").status == 200
        assert sum("loading the demo" in run.output for run in runs) == 1
    finally:
        for run in runs:
            run.kill()


def test_a_pinned_run_serves_and_prints_only_its_site(running, make_run):
    pinned = make_run(SITE_ID="1")
    pinned.ready_after()

    assert pinned.get("techblog.localhost").status == 200
    assert pinned.get("financeblog.localhost").status == 404
    assert pinned.get("admin.localhost", "/login/").status == 200
    assert "techblog.localhost" in pinned.output
    assert "financeblog.localhost" not in pinned.output


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SITE_ID": "999"}, ["SITE_ID=999", "techblog.localhost (1)", "financeblog.localhost (2)"]),
        ({"SITE_ID": "x"}, ["SITE_ID='x'", "whole number"]),
        ({"PORT": "abc"}, ["PORT='abc'", "from 1 to 65535"]),
        ({"PUBLIC_PORT": "abc"}, ["PUBLIC_PORT='abc'", "from 1 to 65535"]),
        ({"ADMIN_HOST": "a b"}, ["ADMIN_HOST='a b'", "a label is"]),
        ({"ADMIN_HOST": "x.localhost", "INTERNAL_HOST": "x.localhost"}, ["newsstand.E003", "different host names"]),
    ],
)
def test_an_invalid_variable_stops_make_run_with_a_message(running, make_run, environment, expected):
    run = make_run(**environment)

    assert run.process.wait(30) != 0
    for part in expected:
        assert part in run.output
    assert "Traceback" not in run.output
