"""What Traefik passes on, seen by a server that writes down what it gets; beside it there is one that is gone."""

import http.server
import threading
import time
from typing import NamedTuple

import pytest

from devstack.processes import free_port, wait_until
from devstack.readers import Readers
from tests.support.stack.visitors import Visitor

pytestmark = pytest.mark.stack

HOST = "blog.localhost"


class Asked(NamedTuple):
    method: str
    path: str
    headers: list[str]
    length: int


class Witness:
    """Answers 503 below /failing/, else 200, and keeps what it was `asked`."""

    def __init__(self):
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(Asked(self.command, self.path, [name.lower() for name in self.headers], len(body)))
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
        return [asked for asked in self.asked if asked.path == path]


@pytest.fixture(scope="module")
def witness():
    witness = Witness()
    yield witness
    witness.server.shutdown()
    witness.server.server_close()


@pytest.fixture(scope="module")
def port(stack, witness):
    """A Traefik without a document, so that nobody's health is asked: each second attempt meets who is gone."""
    gone = f"http://127.0.0.1:{free_port()}"
    traefik = stack.add_traefik("witnessed", SHARED_DEPLOYMENT=f"{gone},{witness.url}", DOCUMENT_URL=f"{gone}/document")
    wait_until(lambda: Visitor(traefik.port, HOST).ask().status == 200)  # at its first moment it knows no route
    return traefik.port


def test_many_readers_at_once_never_notice_a_server_that_is_gone(port):
    with Readers(port, [HOST] * 8, every=0.1) as readers:
        time.sleep(2)

    assert len(readers.visits) > 50
    assert readers.failed == []


def test_a_large_body_arrives_whole_at_the_server_that_is_there(port, witness):
    for number in range(4):
        assert Visitor(port, HOST).ask(f"/upload/{number}/", "POST", b"x" * 5_000_000).status == 200

    assert [[asked.length for asked in witness.of(f"/upload/{number}/")] for number in range(4)] == [[5_000_000]] * 4


def test_what_was_answered_badly_is_asked_again_unless_it_may_change_something(port, witness):
    assert [Visitor(port, HOST).ask(f"/failing/{method}/", method).status for method in ("GET", "POST")] == [503, 503]

    assert len(witness.of("/failing/GET/")) > 1
    assert len(witness.of("/failing/POST/")) == 1


@pytest.mark.parametrize("name", ["X_Forwarded_Proto", "X.Forwarded.Proto", "X_Forwarded_For", "X_Real_Ip"])
def test_a_header_that_reads_like_one_of_a_proxys_is_not_passed_on(port, witness, name):
    assert Visitor(port, HOST).ask(f"/{name}/", **{name: "https"}).status == 200

    assert name.lower() not in witness.of(f"/{name}/")[-1].headers
