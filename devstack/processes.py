"""Processes with a folder, a log and a port of their own, which end at the latest with whoever started them."""

import atexit
import http.client
import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from pwd import getpwnam, struct_passwd
from typing import IO, Any

LAST_WORDS = 2_000  # characters of a log that a message holds
PATIENCE = 30  # seconds for a process to start or to stop; most take less than one

FIRST_PORT, LAST_PORT = 20_000, 32_000  # below those that systems give to outgoing connections

# PostgreSQL refuses to run as root, so the servers run as `nobody` then.
NOBODY = getpwnam("nobody") if os.geteuid() == 0 else None

# Waits for the end of whoever started the session: its standard input closes even when they are killed.
# Stops what they have not stopped themselves, with its children, and removes the folder.
REAPER = """
cat > /dev/null
pids=$(cat "$1"/*/pid) && {
    kill -INT $pids
    sleep 1
    for pid in $pids; do kill -KILL -$pid; done
}
tries=0
until rm -rf "$1" || test $((tries += 1)) -gt 50; do sleep 0.1; done
"""

Command = Sequence[str | Path]


class ProcessFailed(RuntimeError):
    """A process ended, or did not become ready in time; the message holds the end of its log."""


class Session:
    """A temporary folder for processes; both end with `close()` or with this process, however that ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="newsstand-"))
        give(self.folder, NOBODY)
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", REAPER, "reaper", self.folder],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(self.close)

    def close(self) -> None:
        """Return when the folder is gone, and with it all processes."""
        self._reaper.communicate()
        atexit.unregister(self.close)


class Process(ABC):
    """A process on a port of 127.0.0.1 that stays the same over restarts.

    `environment` is its whole environment, ours by default; it may be changed between two starts.
    """

    name: str
    account: struct_passwd | None = None
    directory: Path | None = None  # where it runs; its own folder by default
    stop_signal = signal.SIGTERM

    def __init__(self, session: Session, environment: Mapping[str, str] = os.environ) -> None:
        self.folder = session.folder / self.name
        self.folder.mkdir()
        give(self.folder, self.account)
        self.log = self.folder / "log"
        self.log.touch()
        self.port = free_port()
        self.environment = dict(environment)
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Command: ...

    @abstractmethod
    def is_ready(self, pid: int) -> bool: ...

    def start(self) -> None:
        """Return when the process answers. Raises ProcessFailed when it does not."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the process and wait for nothing."""
        with self.log.open("ab") as output:
            self.process = spawn(
                self.command(),
                self.folder,
                output,
                account=self.account,
                cwd=self.directory,
                environment=self.environment,
            )

    def wait_until_ready(self) -> None:
        if self.process is None:
            raise ProcessFailed(f"{self.name} was not launched.")
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready(self.process.pid):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ProcessFailed(f"{self.name} did not start:\n{self.last_words()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Return when the process and its children are gone. Stopping twice is fine."""
        self.begin_to_stop()
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
        self.kill()

    def begin_to_stop(self) -> None:
        """Ask the process to end and wait for nothing."""
        if self.process:
            self.process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """Give the process and its children no chance to finish anything."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        (self.folder / "pid").unlink()

    def restart(self) -> None:
        self.stop()
        self.start()

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-LAST_WORDS:].strip()


def output_of(command: Command, environment: Mapping[str, str], directory: Path) -> str:
    """What `command` prints. Raises ProcessFailed when it fails."""
    done = subprocess.run(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        words = (done.stdout + done.stderr)[-LAST_WORDS:]
        raise ProcessFailed(f"{' '.join(map(str, command))} failed:\n{words}")
    return done.stdout


def spawn(
    command: Command,
    folder: Path,
    output: IO[bytes],
    *,
    account: struct_passwd | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` and note its process in `folder` for the reaper.

    Away from the terminal: on Ctrl-C whoever started it decides what ends, and in which order.
    """
    with ctrl_c_later():
        process = subprocess.Popen(
            command,
            cwd=cwd or folder,
            env=environment,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        (folder / "pid").write_text(f"{process.pid}\n")
    return process


@contextmanager
def ctrl_c_later() -> Iterator[None]:
    """Hold Ctrl-C back: between the start of a process and the note of it, it would leave one that nobody stops."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before: Any = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


def give(path: Path, account: struct_passwd | None) -> None:
    """Let `account` own `path`; None leaves it ours."""
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


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


def children(pid: int) -> list[int]:
    """The processes that this one has started: of a gunicorn its workers."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(condition: Callable[[], object], patience: float = 10) -> float:
    """How many seconds it took. Raises TimeoutError when it has not happened after `patience` seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise TimeoutError(f"It did not happen within {patience:g} s.")
        time.sleep(0.02)
    return time.monotonic() - began


def status(port: int, host: str, path: str = "/") -> int | None:
    """The status of the answer to a GET with this Host header; None without an answer within a second."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
        try:
            connection.request("GET", path, headers={"Host": host})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
