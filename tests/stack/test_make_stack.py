"""`make stack` starts, reports errors and stops as its users expect in a terminal."""

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

from devstack.ports import free_port
from devstack.processes import status, wait_until
from devstack.terminal import format_line
from devstack.web import PROJECT

pytestmark = pytest.mark.stack

READY_WITHIN = 60  # seconds
STOPPED_WITHIN = 15

# Prefixes of the variables that an outer `make test` sets. The inner `make` must not inherit them.
MAKE_VARIABLES = ("MAKE", "MFLAGS")


class Run:
    """A running `make stack` with its own process group, as in a terminal, and its own temporary folder."""

    def __init__(self, port):
        self.port = str(port)
        self.temporary = Path(tempfile.mkdtemp(prefix="newsstand-stack-"))
        self.temporary.chmod(0o755)  # PostgreSQL and Redis may run as another account
        self.log = self.temporary / "output"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(MAKE_VARIABLES)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                # --old-file: skip the installation of the libraries.
                ["make", "stack", f"VENV={sys.prefix}", f"--old-file={sys.prefix}/.dev"],
                cwd=PROJECT,
                env={**clean, "PORT": self.port, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self):
        return self.log.read_text()

    def wait_until(self, condition):
        deadline = time.monotonic() + READY_WITHIN
        while not condition():
            assert self.process.poll() is None and time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def wait_until_ready(self):
        self.wait_until(lambda: "Press Ctrl-C to stop" in self.output)

    def ctrl_c(self):
        """Send SIGINT to the whole process group, as a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(STOPPED_WITHIN)

    def files(self):
        return [path.name for path in self.temporary.iterdir() if path != self.log]

    def pid_of(self, name):
        return int(next(self.temporary.glob(f"*/{name}/pid")).read_text())

    def processes(self):
        """The processes that run in the temporary folder or have it in their environment."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                in_environment = str(self.temporary) in (folder / "environ").read_bytes().decode(errors="replace")
                if in_environment or str(self.temporary) in str((folder / "cwd").readlink()):
                    found.append((folder / "cmdline").read_text().replace("\0", " ") or folder.name)
        return found

    def end(self):
        if self.process.poll() is None:
            self.ctrl_c()
        shutil.rmtree(self.temporary)


@pytest.fixture
def make_stack():
    """make_stack(port): starts `make stack`. It is stopped at the end of the test."""
    started = []

    def make_stack(port=None):
        started.append(Run(port or free_port()))
        return started[-1]

    yield make_stack
    for run in started:
        run.end()


def test_make_stack_serves_the_demo_refuses_a_second_run_and_leaves_nothing_after_ctrl_c(make_stack):
    run = make_stack()
    run.wait_until_ready()
    for name in ("techblog", "financeblog", "admin"):
        assert f"http://{name}.localhost:{run.port}/" in run.output
    for part in ("“newsstand”", "admin@example.com", "is deleted when you stop"):
        assert part in run.output

    assert status(int(run.port), "techblog.localhost", "/about/") == 200
    run.wait_until(lambda: re.search(r"^traefik    │ 200 GET techblog\.localhost/about/ \d+ ms", run.output, re.M))
    run.wait_until(lambda: re.search(r"^web-[12]      │ 200 GET techblog\.localhost/about/ \d+ ms", run.output, re.M))
    assert "\x1b" not in run.output  # no colours: the output is not a terminal

    began = time.monotonic()
    second = make_stack(run.port)
    assert second.process.wait(READY_WITHIN) != 0
    assert time.monotonic() - began < 5
    assert f"Port {run.port} is taken. Choose another: PORT={int(run.port) + 1} make stack" in second.output
    assert second.files() == []
    assert status(int(run.port), "techblog.localhost") == 200

    assert len(run.processes()) > 8
    run.ctrl_c()
    assert "Stopped. All processes and data are removed." in run.output
    assert run.processes() == []
    assert run.files() == []
    assert "Traceback" not in run.output + second.output


def test_when_one_process_exits_all_processes_stop_and_the_end_of_its_log_is_shown(make_stack):
    run = make_stack()
    run.wait_until_ready()
    os.kill(run.pid_of("redis"), signal.SIGTERM)

    assert run.process.wait(STOPPED_WITHIN) == 2  # make's exit status when a command fails
    assert "redis exited unexpectedly. The end of its log:" in run.output
    assert "Received SIGTERM scheduling shutdown" in run.output
    assert (run.processes(), run.files()) == ([], [])


def test_a_killed_make_stack_leaves_no_processes_and_files(make_stack):
    run = make_stack()
    run.wait_until(lambda: list(run.temporary.glob("*/postgresql/data/postmaster.pid")))
    os.killpg(run.process.pid, signal.SIGKILL)
    run.process.wait()

    wait_until(lambda: not run.processes() and not run.files(), STOPPED_WITHIN)


@pytest.mark.parametrize("delay", [0.3, 2.5])
def test_ctrl_c_during_the_start_leaves_no_processes_and_files(make_stack, delay):
    run = make_stack()
    run.wait_until(run.files)
    time.sleep(delay)
    run.ctrl_c()

    assert (run.processes(), run.files()) == ([], [])
    assert "Traceback" not in run.output


@pytest.mark.parametrize("port", ["abc", "0", "65536", "80800000", "-1"])
def test_an_invalid_port_is_refused_with_the_valid_range(make_stack, port):
    run = make_stack(port)

    assert run.process.wait(READY_WITHIN) == 2
    assert f"PORT={port!r} is not valid. Write a whole number from 1 to 65535" in run.output


def test_a_taken_port_is_refused_with_its_number(make_stack):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        run = make_stack(port)
        assert run.process.wait(READY_WITHIN) == 2

    assert f"Port {port} is taken" in run.output


def test_rows_of_access_logs_are_shortened_and_control_characters_are_replaced():
    row = {"site": "techblog.test", "method": "GET", "path": "/", "status": 200, "ms": 3.2}

    assert format_line(json.dumps(row)) == "200 GET techblog.test/ 3 ms"
    assert format_line(json.dumps(row | {"path": "/\x1b[2J"})) == "200 GET techblog.test/�[2J 3 ms"
    assert format_line("LOG:  starting \x1b[2J") == "LOG:  starting �[2J"
