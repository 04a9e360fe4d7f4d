"""Helpers of compose/smoke: a Compose project, clients that send requests to it, and one line of output per check."""

# ruff: noqa: S101  # the checks are assertions; the script is never run with -O

import http.client
import os
import secrets
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
BLOGS = {"techblog.localhost": "Stack &amp; Heap", "financeblog.localhost": "The Long Ledger"}
ADMIN = "admin.localhost"
INTERNAL = "internal.localhost"
COMMAND_TIMEOUT = 300  # seconds
REQUEST_INTERVAL = 0.12  # seconds between two requests of Readers


class Response(NamedTuple):
    status: int
    text: str
    location: str | None
    cookies: dict[str, str]


class Stack:
    """A Compose project with an env file of its own."""

    def __init__(self, folder: Path, name: str, image: str, **differences: str) -> None:
        self.name, self.image = name, image
        self.http_port, self.https_port = free_port(), free_port()
        self.env = folder / f"{name}.env"
        self.write(
            **{secret: secrets.token_hex(32) for secret in ("SECRET_KEY", "INTERNAL_TOKEN")},
            **{password: secrets.token_hex(16) for password in ("POSTGRES_PASSWORD", "REDIS_PASSWORD")},
            COMPOSE_FILE="compose.yml",
            COMPOSE_PROFILES="postgres,redis",
            COMPOSE_PROJECT_NAME=name,
            DYNAMIC_FOLDER=str(folder / "dynamic"),
            HTTP_PORT=str(self.http_port),
            HTTPS_PORT=str(self.https_port),
            IMAGE=image,
            PUBLIC_PORT=str(self.http_port),
            # `manage.py demo` refuses to run where the scheme is https.
            PUBLIC_SCHEME="http",
            TAG="1",
        )
        self.write(**{"ADMIN_HOST": ADMIN, "INTERNAL_HOST": INTERNAL, **differences})

    def write(self, **changes: str) -> None:
        """Set variables in the env file. `roll` also writes to it, so it is read first."""
        lines = self.env.read_text().splitlines() if self.env.exists() else []
        values = dict(line.split("=", 1) for line in lines) | changes
        self.env.write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def run(self, *command: str | Path) -> str:
        # Variables in the caller's environment would override the env file, so Compose gets only these.
        passed = {name: value for name, value in os.environ.items() if name in ("HOME", "PATH") or "DOCKER" in name}
        return run(*command, env={**passed, "COMPOSE_ENV_FILES": str(self.env)})

    def compose(self, *command: str) -> str:
        return self.run("docker", "compose", "--progress", "quiet", *command)

    def up(self, *options: str) -> None:
        self.compose("up", "--detach", "--wait", "--remove-orphans", *options)

    def down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "3")

    def roll(self, *arguments: str) -> None:
        self.run(HERE / "roll", *arguments)

    def manage(self, *command: str) -> str:
        return self.compose("exec", "-T", "web", "python", "manage.py", *command)

    def containers(self, service: str) -> set[str]:
        return set(self.compose("ps", "--quiet", service).split())

    def get(self, host: str, path: str = "/", headers: dict[str, str] | None = None) -> Response:
        return send(
            http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10), "GET", host, path, None, headers
        )

    def get_by_tls(self, host: str, path: str = "/") -> Response:
        # Traefik uses a self-signed certificate here: no CA issues one for a name below localhost.
        context = ssl._create_unverified_context()  # noqa: S323
        connection = http.client.HTTPSConnection("127.0.0.1", self.https_port, timeout=10, context=context)
        return send(connection, "GET", host, path)

    def post(self, host: str, path: str, form: str, headers: dict[str, str]) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        return send(connection, "POST", host, path, form, headers)

    def status_of(self, service: str, host: str, path: str) -> int:
        """The status of a request sent directly to a container of the service, not through Traefik."""
        program = (
            "import http.client; connection = http.client.HTTPConnection('127.0.0.1', 8000);"
            f"connection.request('GET', {path!r}, headers={{'Host': {host!r}}}); print(connection.getresponse().status)"
        )
        return int(self.compose("exec", "-T", service, "python", "-c", program))

    def is_served_by(self, host: str, service: str, of: "Stack | None" = None) -> bool:
        """Whether Traefik routes the host to this service: a new request appears in the log of the service."""
        path = f"/{secrets.token_hex(8)}/"
        self.get(host, path)
        return happens(lambda: path in (of or self).compose("logs", "--tail", "50", service), within=1)

    def check_blog(self, host: str) -> None:
        response = self.get(host)
        assert response.status == 200, f"status {response.status} from {host}"
        titles = [title for title in BLOGS.values() if title in response.text]
        assert titles == [BLOGS[host]], f"{host} shows another blog: {titles}"


class Readers:
    """Request the home page of both blogs in turn while the `with` block runs. No request may fail."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.sent = 0
        self.failed: list[str] = []
        self.stopped = Event()
        self.thread = Thread(target=self.read)

    def __enter__(self) -> None:
        self.thread.start()
        sleep(0.5)

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind is None:
            sleep(2)
        self.stopped.set()
        self.thread.join()
        if kind is None:
            assert not self.failed, f"{len(self.failed)} of {self.sent} requests failed: {self.failed[:3]}"
            note(f"{self.sent} requests, none failed")

    def read(self) -> None:
        while not self.stopped.wait(REQUEST_INTERVAL):
            host = list(BLOGS)[self.sent % len(BLOGS)]
            self.sent += 1
            try:
                self.stack.check_blog(host)
            except (AssertionError, OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))


def send(
    connection: http.client.HTTPConnection,
    method: str,
    host: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    try:
        connection.request(method, path, body, {"Host": f"{host}:{connection.port}", **(headers or {})})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    finally:
        connection.close()
    cookies = [cookie.partition(";")[0].split("=", 1) for cookie in response.headers.get_all("Set-Cookie") or ()]
    return Response(response.status, text, response.headers["Location"], dict(cookies))


def run(*command: str | Path, env: dict[str, str] | None = None, stdin: str = "") -> str:
    """The output of the command, including stderr. Raises CalledProcessError and TimeoutExpired."""
    done = subprocess.run(
        command,
        cwd=HERE,
        check=True,
        env=env,
        input=stdin,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=COMMAND_TIMEOUT,
    )
    return done.stdout


def error_output(command: Callable[..., object], *arguments: str) -> str:
    """The output of a command that must fail."""
    try:
        command(*arguments)
    except subprocess.CalledProcessError as error:
        return str(error.output)
    raise AssertionError(f"The command did not fail: {' '.join(arguments)}")


def happens(condition: Callable[[], bool], within: float) -> bool:
    """Whether the condition becomes true in at most `within` seconds."""
    deadline = monotonic() + within
    while not condition():
        if monotonic() > deadline:
            return False
        sleep(0.1)
    return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


failed: list[str] = []
_notes: list[str] = []


def note(figure: str) -> None:
    """Add a figure to the output line of the current check."""
    _notes.append(figure)


@contextmanager
def check(title: str) -> Iterator[None]:
    """Print one line for the `with` block. A failure is recorded, and the checks after it still run."""
    _notes.clear()
    began = monotonic()
    try:
        yield
    except (AssertionError, OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
        failed.append(title)
        output = getattr(error, "output", None) or ""
        print(f"FAILED {monotonic() - began:6.1f} s  {title}\n{error!r}\n{output}", flush=True)
    else:
        print(f"ok     {monotonic() - began:6.1f} s  {title}{''.join(f' ({figure})' for figure in _notes)}", flush=True)
