"""Sends prepared requests as fast as the server responds. An unexpected response ends the measurement.

Only the parts of a response that are checked are parsed, so that the load generator needs little CPU time.
"""

import re
import socket
import time
from typing import NamedTuple, Self

TIMEOUT = 10  # seconds for a response
BROWSERS = "gzip, deflate, br, zstd"  # Accept-Encoding of browsers

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


class UnexpectedResponse(RuntimeError):
    """A response with another status, length or head. An error is often fast, so it must not be counted."""


class Page(NamedTuple):
    """A request and the expected response."""

    host: str
    path: str = "/"
    encoding: str = ""  # Accept-Encoding; no header if empty
    status: int = 200
    marker: bytes = b""  # must occur in the head of each response

    def request(self, keep_alive: bool = True) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {self.host}"]
        if self.encoding:
            lines.append(f"Accept-Encoding: {self.encoding}")
        if not keep_alive:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Response(NamedTuple):
    head: bytes
    body: bytes


class LoadResult(NamedTuple):
    requests: int
    seconds: float


class Load:
    """Several connections to `port`, each with one pending request. Use it in a `with` block.

    The first response determines the length that all others must have.
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

    def run(self, seconds: float) -> LoadResult:
        """Send requests for `seconds`, and wait for all responses. Raises UnexpectedResponse and OSError."""
        numbers = range(len(self._open))
        began = time.perf_counter()
        deadline = began + seconds
        for number in numbers:
            self._send(number)
        requests = len(numbers)
        while time.perf_counter() < deadline:
            for number in numbers:
                self._receive(number)
                self._send(number)
            requests += len(numbers)
        for number in numbers:
            self._receive(number)
        return LoadResult(requests, time.perf_counter() - began)

    def _send(self, number: int) -> None:
        connection = self._open[number] or connect(self.port)
        self._open[number] = connection
        connection.sendall(self._request)

    def _receive(self, number: int) -> None:
        connection = self._open[number]
        if connection is None:
            raise RuntimeError("No request was sent on this connection.")
        response = self._check(read_response(connection))
        if len(response.body) != self.length:
            raise UnexpectedResponse(f"{self.page.path} has {len(response.body)} bytes instead of {self.length}.")
        if not self.keep_alive:
            self._close(number)

    def _check(self, response: Response) -> Response:
        if not response.head.startswith(self._begin) or self.page.marker not in response.head:
            raise UnexpectedResponse(f"{self.page} got another response:\n{response.head.decode('latin-1')}")
        return response

    def _close(self, number: int) -> None:
        connection, self._open[number] = self._open[number], None
        if connection:
            connection.close()


def fetch(port: int, page: Page) -> Response:
    """The response to one request, without any check."""
    with connect(port) as connection:
        connection.sendall(page.request(keep_alive=False))
        return read_response(connection)


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_response(connection: socket.socket) -> Response:
    """Read one response. Raises UnexpectedResponse when it is incomplete or has no Content-Length."""
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _more(connection)
    head = received[: end + 2]
    match = _LENGTH.search(head)
    if match is None:
        raise UnexpectedResponse(f"The response has no Content-Length:\n{head.decode('latin-1')}")
    total = end + 4 + int(match[1])
    while len(received) < total:
        received += _more(connection)
    if len(received) > total:
        raise UnexpectedResponse("The response is longer than its Content-Length.")
    return Response(head, received[end + 4 :])


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(262_144)
    if not received:
        raise UnexpectedResponse("The server closed the connection before the response was complete.")
    return received
