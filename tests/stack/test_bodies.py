"""Request bodies with chunks, and requests with contradictory lengths through Traefik."""

import socket
from contextlib import suppress

import pytest

from devstack.ports import free_port
from tests.support.stack.client import row_of

pytestmark = pytest.mark.stack

CHUNKED = "Transfer-Encoding: chunked"

MALFORMED = {
    "a size that is no number": b"X\r\nabc\r\n0\r\n\r\n",
    "a chunk that is longer than its size": b"3\r\nabcde\r\n0\r\n\r\n",
    "a negative size": b"-3\r\nabc\r\n0\r\n\r\n",
    "a size with a sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "a size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size of 17 digits": b"f" * 17 + b"\r\nabc\r\n0\r\n\r\n",
    "lines without a carriage return": b"3\nabc\n0\n\n",
    "a trailer without a colon": b"3\r\nabc\r\n0\r\nX A b\r\n\r\n",
}
# Traefik forwards each of these with one Content-Length, which is the length of the decoded body.
ACCEPTED = {
    "chunks": ([CHUNKED], b"3\r\nabc\r\n0\r\n\r\n"),
    "an extension of a chunk": ([CHUNKED], b"3;name=value\r\nabc\r\n0\r\n\r\n"),
    "a trailer": ([CHUNKED], b"3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"),
    "chunks and a Content-Length": ([CHUNKED, "Content-Length: 4"], b"3\r\nabc\r\n0\r\n\r\n"),
}
REFUSED = {
    "gzip, chunked": ("Transfer-Encoding: gzip, chunked", 501),
    "gzip": ("Transfer-Encoding: gzip", 501),
    "an unknown coding": ("Transfer-Encoding: xchunked", 501),
    "two codings": (f"{CHUNKED}\r\n{CHUNKED}", 501),
    "two lengths": ("Content-Length: 3\r\nContent-Length: 4", 400),
    "a negative length": ("Content-Length: -3", 400),
}


def send(port, path, headers, body):
    """Send the bytes. Returns the response up to the end of the connection, or what arrived within a second."""
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: blog.localhost", *headers])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode() + body)
        received = connection.recv(65536)
        connection.settimeout(1)
        with suppress(TimeoutError, ConnectionResetError):
            while more := connection.recv(65536):
                received += more
            return received + b"<closed>"
        return received


def status_of(response):
    return int(response.split(b" ", 2)[1])


@pytest.fixture(scope="module")
def traefik(stack, recorder):
    missing = f"http://127.0.0.1:{free_port()}/document"
    return stack.add_traefik("bodies", SHARED_DEPLOYMENT=recorder.url, DOCUMENT_URL=missing)


@pytest.mark.parametrize("body", MALFORMED)
def test_a_malformed_chunk_does_not_reach_the_application_and_ends_the_connection(traefik, recorder, body):
    """Traefik responds with 500, where 400 would be right. No setting changes this (docs/deployment.md)."""
    path = f"/{body.replace(' ', '-')}/"

    response = send(traefik.port, path, [CHUNKED], MALFORMED[body])

    assert status_of(response) in (400, 500)
    assert response.endswith(b"<closed>")
    assert recorder.of(path) == []
    # The log tells such a response from one of the application, which has the status as OriginStatus.
    assert row_of(traefik, path).get("OriginStatus", 0) == 0


@pytest.mark.parametrize("body", ACCEPTED)
def test_a_body_with_chunks_is_forwarded_with_its_length(traefik, recorder, body):
    path = f"/{body.replace(' ', '-')}/"

    assert status_of(send(traefik.port, path, *ACCEPTED[body])) == 200

    (request,) = recorder.of(path)
    assert request.length == 3
    assert request.headers.count("content-length") == 1
    assert "transfer-encoding" not in request.headers


@pytest.mark.parametrize("headers", REFUSED)
def test_an_unknown_coding_or_a_contradictory_length_is_refused(traefik, recorder, headers):
    line, expected = REFUSED[headers]
    path = f"/{headers.replace(', ', '-').replace(' ', '-')}/"

    response = send(traefik.port, path, [line], b"3\r\nabc\r\n0\r\n\r\n")

    assert status_of(response) == expected
    assert response.endswith(b"<closed>")
    assert recorder.of(path) == []
