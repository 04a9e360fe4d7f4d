"""Requests as fast as they are answered, from prepared bytes; an answer that is not the expected one ends it.

Nothing of an answer is parsed but what is checked, so that the load costs little beside the servers.
"""

import re
import socket
import time
from typing import NamedTuple, Self

TIMEOUT = 10  # seconds for an answer
BROWSERS = "gzip, deflate, br, zstd"  # what they accept, as an encoding

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


class WrongAnswer(RuntimeError):
    """Another status, length or head than expected: it must not count as a fast one."""


class Page(NamedTuple):
    """What is asked for, and what must come."""

    host: str
    path: str = "/"
    encoding: str = ""  # Accept-Encoding; empty: none is sent
    status: int = 200
    marker: bytes = b""  # stands in the head of each answer

    def request(self, keep_alive: bool = True) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {self.host}"]
        if self.encoding:
            lines.append(f"Accept-Encoding: {self.encoding}")
        if not keep_alive:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Answer(NamedTuple):
    head: bytes
    body: bytes


class Taken(NamedTuple):
    requests: int
    seconds: float


class Load:
    """Some connections to `port`, each with one request on its way at a time; use it in a `with` block.

    The first answer says how long the others must be.
    """

    def __init__(self, port: int, page: Page, keep_alive: bool = True, connections: int = 4) -> None:
        self.port, self.page, self.keep_alive = port, page, keep_alive
        self._request = page.request(keep_alive)
        self._begin = f"HTTP/1.1 {page.status} ".encode()
        self._open: list[socket.socket | None] = [None] * connections
        self.length = len(self._check(fetch(port, page)).body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for number in range(len(self._open)):
            self._close(number)

    def run(self, seconds: float) -> Taken:
        """Return when all that was asked in this time is answered. Raises WrongAnswer and OSError."""
        numbers = range(len(self._open))
        began = time.perf_counter()
        deadline = began + seconds
        for number in numbers:
            self._ask(number)
        requests = len(numbers)
        while time.perf_counter() < deadline:
            for number in numbers:
                self._take(number)
                self._ask(number)
            requests += len(numbers)
        for number in numbers:
            self._take(number)
        return Taken(requests, time.perf_counter() - began)

    def _ask(self, number: int) -> None:
        connection = self._open[number] or connect(self.port)
        self._open[number] = connection
        connection.sendall(self._request)

    def _take(self, number: int) -> None:
        connection = self._open[number]
        if connection is None:
            raise RuntimeError("Nothing was asked on this connection.")
        answer = self._check(read_answer(connection))
        if len(answer.body) != self.length:
            raise WrongAnswer(f"{self.page.path} has {len(answer.body)} bytes instead of {self.length}.")
        if not self.keep_alive:
            self._close(number)

    def _check(self, answer: Answer) -> Answer:
        if not answer.head.startswith(self._begin) or self.page.marker not in answer.head:
            raise WrongAnswer(f"{self.page} was answered otherwise:\n{answer.head.decode('latin-1')}")
        return answer

    def _close(self, number: int) -> None:
        connection, self._open[number] = self._open[number], None
        if connection:
            connection.close()


def fetch(port: int, page: Page) -> Answer:
    """The answer to one request, whatever it is."""
    with connect(port) as connection:
        connection.sendall(page.request(keep_alive=False))
        return read_answer(connection)


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_answer(connection: socket.socket) -> Answer:
    """Raises WrongAnswer when it ends early or does not say how long it is."""
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _more(connection)
    head = received[: end + 2]
    match = _LENGTH.search(head)
    if match is None:
        raise WrongAnswer(f"An answer without Content-Length:\n{head.decode('latin-1')}")
    whole = end + 4 + int(match[1])
    while len(received) < whole:
        received += _more(connection)
    if len(received) > whole:
        raise WrongAnswer("An answer goes on behind its end.")
    return Answer(head, received[end + 4 :])


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(262_144)
    if not received:
        raise WrongAnswer("A connection was closed instead of an answer.")
    return received
