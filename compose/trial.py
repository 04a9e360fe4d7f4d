"""What compose/smoke does things with: a stack of its own, readers of it, and one line for each check."""

# ruff: noqa: S101  # what is asserted is what this is for; nobody runs it with -O

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
PACE = 0.12  # seconds between two requests of the readers


class Answer(NamedTuple):
    status: int
    text: str
    location: str | None
    cookies: dict[str, str]


class Stack:
    """A project of Compose, with an env file of its own."""

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
            # The demo is not for installations that serve https.
            PUBLIC_SCHEME="http",
            TAG="1",
        )
        self.write(**{"ADMIN_HOST": ADMIN, "INTERNAL_HOST": INTERNAL, **differences})

    def write(self, **changes: str) -> None:
        """Change the env file, which `roll` writes to as well."""
        lines = self.env.read_text().splitlines() if self.env.exists() else []
        values = dict(line.split("=", 1) for line in lines) | changes
        self.env.write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def run(self, *command: str | Path) -> str:
        # What the caller has in his environment for a stack of his own must not reach this one.
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

    def get(self, host: str, path: str = "/", headers: dict[str, str] | None = None) -> Answer:
        return ask(
            http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10), "GET", host, path, None, headers
        )

    def get_by_tls(self, host: str, path: str = "/") -> Answer:
        # The certificate is Traefik's own: no CA gives one for such names.
        context = ssl._create_unverified_context()  # noqa: S323
        connection = http.client.HTTPSConnection("127.0.0.1", self.https_port, timeout=10, context=context)
        return ask(connection, "GET", host, path)

    def post(self, host: str, path: str, form: str, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        return ask(connection, "POST", host, path, form, headers)

    def asked_itself(self, service: str, host: str, path: str) -> int:
        """The status that a container of the service answers with, past Traefik."""
        program = (
            "import http.client; connection = http.client.HTTPConnection('127.0.0.1', 8000);"
            f"connection.request('GET', {path!r}, headers={{'Host': {host!r}}}); print(connection.getresponse().status)"
        )
        return int(self.compose("exec", "-T", service, "python", "-c", program))

    def answered_by(self, host: str, service: str, of: "Stack | None" = None) -> bool:
        """True when the service answers for the host: it writes the request into its log."""
        path = f"/{secrets.token_hex(8)}/"
        self.get(host, path)
        return soon(lambda: path in (of or self).compose("logs", "--tail", "50", service), within=1)

    def check_blog(self, host: str) -> None:
        answer = self.get(host)
        assert answer.status == 200, f"{answer.status} at {host}"
        assert [title for title in BLOGS.values() if title in answer.text] == [BLOGS[host]], f"another blog at {host}"


class Readers:
    """They read both blogs, in turn, while something is done to the stack. Not one request may fail."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.sent = 0
        self.failed: list[str] = []
        self.over = Event()
        self.thread = Thread(target=self.read)

    def __enter__(self) -> None:
        self.thread.start()
        sleep(0.5)

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind is None:
            sleep(2)
        self.over.set()
        self.thread.join()
        if kind is None:
            assert not self.failed, f"{len(self.failed)} of {self.sent} requests failed: {self.failed[:3]}"
            note(f"{self.sent} requests, none failed")

    def read(self) -> None:
        while not self.over.wait(PACE):
            host = list(BLOGS)[self.sent % len(BLOGS)]
            self.sent += 1
            try:
                self.stack.check_blog(host)
            except (AssertionError, OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    host: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    try:
        connection.request(method, path, body, {"Host": f"{host}:{connection.port}", **(headers or {})})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    finally:
        connection.close()
    cookies = [cookie.partition(";")[0].split("=", 1) for cookie in response.headers.get_all("Set-Cookie") or ()]
    return Answer(response.status, text, response.headers["Location"], dict(cookies))


def run(*command: str | Path, env: dict[str, str] | None = None, stdin: str = "") -> str:
    """What the command says, errors included. Raises CalledProcessError, TimeoutExpired."""
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


def refusal(act: Callable[..., object], *arguments: str) -> str:
    """What a command says that has to fail."""
    try:
        act(*arguments)
    except subprocess.CalledProcessError as error:
        return str(error.output)
    raise AssertionError(f"It was not refused: {' '.join(arguments)}")


def soon(happened: Callable[[], bool], within: float) -> bool:
    deadline = monotonic() + within
    while not happened():
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
    """Say a figure on the line of the check that is under way."""
    _notes.append(figure)


@contextmanager
def check(title: str) -> Iterator[None]:
    """One line for what is done below. When it fails, the checks after it are made all the same."""
    _notes.clear()
    began = monotonic()
    try:
        yield
    except (AssertionError, OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
        failed.append(title)
        said = getattr(error, "output", None) or ""
        print(f"FAILED {monotonic() - began:6.1f} s  {title}\n{error!r}\n{said}", flush=True)
    else:
        print(f"ok     {monotonic() - began:6.1f} s  {title}{''.join(f' ({figure})' for figure in _notes)}", flush=True)
