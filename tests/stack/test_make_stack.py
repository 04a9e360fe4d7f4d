"""`make stack`, as somebody types it in a terminal."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from devstack.processes import free_port, status, wait_until
from devstack.terminal import readable
from devstack.web import PROJECT

pytestmark = pytest.mark.stack

READY_WITHIN = 60  # seconds
STOPPED_WITHIN = 15

# Make's own, of a `make test` above us.
MAKES = ("MAKE", "MFLAGS")


class Run:
    """A `make stack` in a process group of its own, as a terminal starts it, and with a temporary folder of its own."""

    def __init__(self, port):
        self.port = str(port)
        self.temporary = Path(tempfile.mkdtemp(prefix="newsstand-stack-"))
        self.temporary.chmod(0o755)  # PostgreSQL and Redis may run as another account
        self.log = self.temporary / "said"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(MAKES)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                # --old-file: the libraries are there, whatever their times say.
                ["make", "stack", f"VENV={sys.prefix}", f"--old-file={sys.prefix}/.dev"],
                cwd=PROJECT,
                env={**clean, "PORT": self.port, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self):
        return self.log.read_text()

    def wait_until(self, condition):
        deadline = time.monotonic() + READY_WITHIN
        while not condition():
            assert self.process.poll() is None and time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def wait_until_ready(self):
        self.wait_until(lambda: "Ctrl-C stops" in self.said)

    def ctrl_c(self):
        """A terminal sends the signal to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(STOPPED_WITHIN)

    def files(self):
        return [path.name for path in self.temporary.iterdir() if path != self.log]

    def pid_of(self, name):
        return int(next(self.temporary.glob(f"*/{name}/pid")).read_text())

    def processes(self):
        """What runs in its temporary folder, or was told of it."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                told = str(self.temporary) in (folder / "environ").read_bytes().decode(errors="replace")
                if told or str(self.temporary) in str((folder / "cwd").readlink()):
                    found.append((folder / "cmdline").read_text().replace("\0", " ") or folder.name)
        return found

    def end(self):
        if self.process.poll() is None:
            self.ctrl_c()
        shutil.rmtree(self.temporary)


@pytest.fixture
def make_stack():
    """make_stack(port): begins one. Whatever happens, none outlives the test."""
    started = []

    def make_stack(port=None):
        started.append(Run(port or free_port()))
        return started[-1]

    yield make_stack
    for run in started:
        run.end()


def test_it_shows_addresses_and_logs_refuses_a_second_one_and_leaves_nothing_after_ctrl_c(make_stack):
    run = make_stack()
    run.wait_until_ready()
    for name in ("techblog", "financeblog", "admin"):
        assert f"http://{name}.localhost:{run.port}/" in run.said
    for part in ("“newsstand”", "admin@example.com", "thrown away at the end"):
        assert part in run.said

    assert status(int(run.port), "techblog.localhost", "/about/") == 200
    run.wait_until(lambda: re.search(r"^traefik    │ 200 GET techblog\.localhost/about/ \d+ ms", run.said, re.M))
    run.wait_until(lambda: re.search(r"^web-[12]      │ 200 GET techblog\.localhost/about/ \d+ ms", run.said, re.M))
    assert "\x1b" not in run.said  # no colours: this is no terminal

    began = time.monotonic()
    second = make_stack(run.port)
    assert second.process.wait(READY_WITHIN) != 0
    assert time.monotonic() - began < 5
    assert f"Port {run.port} is taken. Choose another: PORT={int(run.port) + 1} make stack" in second.said
    assert second.files() == []
    assert status(int(run.port), "techblog.localhost") == 200

    assert len(run.processes()) > 8
    run.ctrl_c()
    assert "Stopped. Nothing is left" in run.said
    assert run.processes() == []
    assert run.files() == []
    assert "Traceback" not in run.said + second.said


def test_when_one_process_ends_all_end_and_it_is_named_with_its_last_words(make_stack):
    run = make_stack()
    run.wait_until_ready()
    os.kill(run.pid_of("redis"), signal.SIGTERM)

    assert run.process.wait(STOPPED_WITHIN) == 2  # make's way to say that the command failed
    assert "redis has ended by itself. Its last words:" in run.said
    assert "Received SIGTERM scheduling shutdown" in run.said
    assert (run.processes(), run.files()) == ([], [])


def test_when_it_is_killed_nothing_stays_behind_either(make_stack):
    run = make_stack()
    run.wait_until(lambda: list(run.temporary.glob("*/postgresql/data/postmaster.pid")))
    os.killpg(run.process.pid, signal.SIGKILL)
    run.process.wait()

    wait_until(lambda: not run.processes() and not run.files(), STOPPED_WITHIN)


@pytest.mark.parametrize("delay", [0.3, 2.5])
def test_ctrl_c_while_it_starts_leaves_nothing(make_stack, delay):
    run = make_stack()
    run.wait_until(run.files)
    time.sleep(delay)
    run.ctrl_c()

    assert (run.processes(), run.files()) == ([], [])
    assert "Traceback" not in run.said


@pytest.mark.parametrize("port", ["abc", "0", "65536", "80800000", "-1"])
def test_a_port_that_is_none_is_refused_with_what_to_write(make_stack, port):
    run = make_stack(port)

    assert run.process.wait(READY_WITHIN) == 2
    assert f"PORT={port!r} is not possible. Write a whole number from 1 to 65535" in run.said


def test_a_port_that_somebody_else_has_is_named(make_stack):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        run = make_stack(port)
        assert run.process.wait(READY_WITHIN) == 2

    assert f"Port {port} is taken" in run.said


def test_rows_of_access_logs_are_shown_in_few_words():
    row = {"site": "techblog.test", "method": "GET", "path": "/", "status": 200, "ms": 3.2}

    assert readable(json.dumps(row)) == "200 GET techblog.test/ 3 ms"
    assert readable(json.dumps(row | {"path": "/\x1b[2J"})) == "200 GET techblog.test/�[2J 3 ms"
    assert readable("LOG:  starting \x1b[2J") == "LOG:  starting �[2J"
