"""Processes with their own folder, log and port. They end at the latest when the process that started them ends."""

import atexit
import http.client
import os
import signal
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

from devstack.ports import free_port

LOG_TAIL = 2_000  # characters of a log that a message contains
PROCESS_TIMEOUT = 30  # seconds for a process to start or to stop; most take less than one


# PostgreSQL refuses to run as root. In that case the servers run as `nobody`.
SERVER_ACCOUNT = getpwnam("nobody") if os.geteuid() == 0 else None

# The script waits until its standard input closes, which happens when the process that started the session ends, even
# by a kill. Then it stops the remaining processes with their children and removes the folder.
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
    """A process exited or did not become ready in time. The message contains the end of its log."""


class Session:
    """Processes in a temporary folder. `close()` or the end of this process, even a kill, ends them and removes it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="newsstand-"))
        set_owner(self.folder, SERVER_ACCOUNT)
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", REAPER, "reaper", self.folder],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(self.close)

    def close(self) -> None:
        """Return when all processes have ended and the folder is removed."""
        self._reaper.communicate()
        atexit.unregister(self.close)


class Process(ABC):
    """A process that listens on a port of 127.0.0.1 and keeps this port when it restarts.

    `environment` is its whole environment, by default that of this process. It may be changed before each start.
    """

    name: str
    account: struct_passwd | None = None
    directory: Path | None = None  # the working directory; by default the folder of the process
    stop_signal = signal.SIGTERM

    def __init__(self, session: Session, environment: Mapping[str, str] = os.environ) -> None:
        self.folder = session.folder / self.name
        self.folder.mkdir()
        set_owner(self.folder, self.account)
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
        """Start the process and wait until it is ready. Raises ProcessFailed."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the process without waiting for it."""
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
        deadline = time.monotonic() + PROCESS_TIMEOUT
        while not self.is_ready(self.process.pid):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ProcessFailed(f"{self.name} did not start:\n{self.log_tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Return when the process and its children have ended. A second call has no effect."""
        self.request_stop()
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PROCESS_TIMEOUT)
        self.kill()

    def request_stop(self) -> None:
        """Send the stop signal without waiting for the end of the process."""
        if self.process:
            self.process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """Kill the process and its children."""
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

    def log_tail(self) -> str:
        """The end of the log."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:].strip()


def output_of(command: Command, environment: Mapping[str, str], directory: Path) -> str:
    """The standard output of `command`. Raises ProcessFailed when the command fails."""
    done = subprocess.run(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        output = (done.stdout + done.stderr)[-LOG_TAIL:]
        raise ProcessFailed(f"{' '.join(map(str, command))} failed:\n{output}")
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
    """Start `command` and write its process id to `folder` for the reaper.

    The process gets a session of its own, so that Ctrl-C does not reach it: the program that started it stops its
    processes in the right order.
    """
    with defer_sigint():
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
def defer_sigint() -> Iterator[None]:
    """Defer Ctrl-C. Between the start of a process and the record of its id, Ctrl-C would leave the process running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    previous: Any = signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if received:
        signal.raise_signal(signal.SIGINT)


def set_owner(path: Path, account: struct_passwd | None) -> None:
    """Make `account` the owner of `path`, unless `account` is None."""
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def children(pid: int) -> list[int]:
    """The ids of the child processes. The children of gunicorn are its workers."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(condition: Callable[[], object], timeout: float = 10) -> float:
    """Wait until the condition is true, and return the seconds that it took. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout:
            raise TimeoutError(f"The condition did not become true within {timeout:g} s.")
        time.sleep(0.02)
    return time.monotonic() - began


def status(port: int, host: str, path: str = "/") -> int | None:
    """The status of a GET request with this Host header, or None when there is no response within a second."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
        try:
            connection.request("GET", path, headers={"Host": host})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
