"""Traefik retries failed requests and removes forged headers. One server records requests, another does not listen."""

import http.server
import threading
import time
from typing import NamedTuple

import pytest

from devstack.processes import free_port, wait_until
from devstack.readers import Readers
from tests.support.stack.client import HttpClient

pytestmark = pytest.mark.stack

HOST = "blog.localhost"


class Request(NamedTuple):
    method: str
    path: str
    headers: list[str]
    length: int


class RecordingServer:
    """A server that responds with 503 below /failing/ and with 200 to all other paths, and records all `requests`."""

    def __init__(self):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                requests.append(Request(self.command, self.path, [name.lower() for name in self.headers], len(body)))
                self.send_response(503 if self.path.startswith("/failing/") else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self):
                self.do_GET()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, path):
        return [request for request in self.requests if request.path == path]


@pytest.fixture(scope="module")
def recorder():
    recorder = RecordingServer()
    yield recorder
    recorder.server.shutdown()
    recorder.server.server_close()


@pytest.fixture(scope="module")
def port(stack, recorder):
    """The port of a Traefik without health checks: it sends every second attempt to the server that does not listen."""
    missing = f"http://127.0.0.1:{free_port()}"
    traefik = stack.add_traefik(
        "recorded", SHARED_DEPLOYMENT=f"{missing},{recorder.url}", DOCUMENT_URL=f"{missing}/document"
    )
    wait_until(
        lambda: HttpClient(traefik.port, HOST).fetch().status == 200
    )  # Traefik has no routes directly after its start
    return traefik.port


def test_parallel_requests_do_not_fail_when_one_server_is_missing(port):
    with Readers(port, [HOST] * 8, every=0.1) as readers:
        time.sleep(2)

    assert len(readers.requests) > 50
    assert readers.failed == []


def test_a_large_body_reaches_the_remaining_server_completely(port, recorder):
    for number in range(4):
        assert HttpClient(port, HOST).fetch(f"/upload/{number}/", "POST", b"x" * 5_000_000).status == 200

    assert [[request.length for request in recorder.of(f"/upload/{number}/")] for number in range(4)] == [
        [5_000_000]
    ] * 4


def test_failed_requests_are_retried_except_for_post(port, recorder):
    assert [HttpClient(port, HOST).fetch(f"/failing/{method}/", method).status for method in ("GET", "POST")] == [
        503,
        503,
    ]

    assert len(recorder.of("/failing/GET/")) > 1
    assert len(recorder.of("/failing/POST/")) == 1


@pytest.mark.parametrize("name", ["X_Forwarded_Proto", "X.Forwarded.Proto", "X_Forwarded_For", "X_Real_Ip"])
def test_a_header_that_wsgi_cannot_distinguish_from_a_forwarded_header_is_removed(port, recorder, name):
    assert HttpClient(port, HOST).fetch(f"/{name}/", **{name: "https"}).status == 200

    assert name.lower() not in recorder.of(f"/{name}/")[-1].headers
