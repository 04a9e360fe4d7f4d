"""No request of a reader fails when a process or service behind Traefik fails."""

import http.server
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from devstack.processes import children, wait_until
from devstack.readers import Readers
from devstack.stack import ADMIN_HOST, FINANCEBLOG, TECHBLOG
from devstack.web import Web
from tests.support.processes import frozen
from tests.support.stack.client import HttpClient, route

pytestmark = pytest.mark.stack

BOTH = [TECHBLOG, FINANCEBLOG]


class Document:
    """A proxy between Traefik and the Traefik document. `mode` selects the response."""

    def __init__(self, source, host):
        self.mode = "pass"
        document = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                document.requests += 1
                if document.mode == "hanging":
                    document.released.wait()
                    return
                status, body = document.respond(self.headers)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.source, self.host, self.requests, self.released = source, host, 0, threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/traefik/document"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def respond(self, headers):
        if self.mode == "pass":
            return self._fetch(headers)
        return {
            "500": (500, b"Internal Server Error"),
            "garbage": (200, b"\x00\xff{{{ not json"),
            "503": (503, b""),
            "empty": (200, b"{}"),
        }[self.mode]

    def _fetch(self, headers):
        request = urllib.request.Request(
            f"{self.source}/traefik/document", headers={"Host": self.host, "Authorization": headers["Authorization"]}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    @contextmanager
    def replaced(self, mode):
        """Respond according to `mode` during the `with` block, which begins after Traefik received such a response."""
        self.released.clear()
        self.mode, before = mode, self.requests
        try:
            wait_until(lambda: self.requests >= before + 2)
            yield
        finally:
            self.mode = "pass"
            self.released.set()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def document(stack):
    document = Document(stack.webs[0].url, stack.environment["INTERNAL_HOST"])
    yield document
    document.stop()


@pytest.fixture(scope="module")
def traefik(stack, document):
    """Another Traefik, which gets its document through `document`."""
    traefik = stack.add_traefik("replaced-document", DOCUMENT_URL=document.url)
    wait_for_router(traefik, f"{TECHBLOG}@http")
    return traefik


def router_of(traefik, host):
    return route(traefik, host).get("RouterName")


def wait_for_router(traefik, name, timeout=10):
    wait_until(lambda: router_of(traefik, name.partition("@")[0]) == name, timeout)


@contextmanager
def no_request_fails(traefik, after=0.5):
    """Assert that all requests before, during and until `after` seconds after the `with` block succeed."""
    with Readers(traefik.port, BOTH, after=after) as readers:
        yield
    assert len(readers.requests) > 20
    assert readers.failed == []


@pytest.mark.parametrize("mode", ["500", "503", "garbage", "hanging"])
def test_an_invalid_document_changes_no_route_and_fails_no_request(traefik, document, mode):
    with no_request_fails(traefik), document.replaced(mode):
        assert [router_of(traefik, host) for host in BOTH] == [f"{host}@http" for host in BOTH]


def test_an_empty_document_removes_every_router_and_fails_no_request(traefik, document):
    """Therefore the application must never send an empty document."""
    with no_request_fails(traefik), document.replaced("empty"):
        assert [router_of(traefik, host) for host in BOTH] == ["catch-all@file"] * 2

    wait_for_router(traefik, f"{TECHBLOG}@http")


def test_an_unreachable_document_changes_no_route_and_fails_no_request(traefik, document):
    document.stop()
    with no_request_fails(traefik, after=3):
        pass

    assert [router_of(traefik, host) for host in BOTH] == [f"{host}@http" for host in BOTH]


def test_a_traefik_started_before_the_application_serves_pages_once_the_application_runs(stack):
    late = Web(stack.session, "late", stack.environment)
    late.environment["SHARED_DEPLOYMENT"] = late.url
    stack.webs.append(late)
    traefik = stack.add_traefik("early", SHARED_DEPLOYMENT=late.url)
    wait_until(lambda: HttpClient(traefik.port, TECHBLOG).fetch().status == 502)

    late.start()

    assert HttpClient(traefik.port, TECHBLOG).fetch().status == 200
    assert HttpClient(traefik.port, "unknown.localhost").fetch().status == 404
    wait_for_router(traefik, f"{TECHBLOG}@http", timeout=20)


def workers_of(web):
    return children(web.process.pid)


def test_a_killed_worker_fails_no_request_and_is_replaced(stack):
    before = workers_of(stack.webs[0])
    with no_request_fails(stack.traefik, 2):
        os.kill(before[0], signal.SIGKILL)

    after = workers_of(stack.webs[0])
    assert (len(after), before[0] in after) == (len(before), False)


def test_a_reload_fails_no_request(stack):
    before = workers_of(stack.webs[0])
    with no_request_fails(stack.traefik):
        os.kill(stack.webs[0].process.pid, signal.SIGHUP)
        wait_until(lambda: set(before).isdisjoint(workers_of(stack.webs[0])), timeout=20)


def test_a_killed_gunicorn_fails_no_request(stack):
    with no_request_fails(stack.traefik, 2):
        stack.webs[1].kill()
    stack.webs[1].start()


def test_a_form_sent_while_one_gunicorn_is_dead_reaches_the_other_gunicorn_completely(stack, http_client):
    owners = [http_client(ADMIN_HOST) for _ in range(4)]
    stack.webs[1].kill()

    statuses = [owner.log_in("owner@example.com").status for owner in owners]

    stack.webs[1].start()
    assert statuses == [302] * 4


def test_a_hanging_gunicorn_gets_no_more_requests(stack):
    """Traefik retries requests that this gunicorn already received, or they are served when it continues."""
    with frozen(stack.webs[1].process.pid):
        time.sleep(3)  # the health check runs every second and has a timeout of one second
        with Readers(stack.traefik.port, BOTH, after=2) as readers:
            pass

    assert readers.failed == []
    assert readers.slowest < 1


def test_a_draining_gunicorn_gets_no_more_requests(stack):
    draining = stack.webs[1]
    draining.draining.touch()
    try:
        time.sleep(2.5)
        began = time.monotonic()
        with Readers(stack.traefik.port, BOTH, after=1) as readers:
            pass
        assert readers.failed == []
        rows = [row for row in stack.traefik.access_log()[-len(readers.requests) :] if row["RequestHost"] in BOTH]
        assert {row["ServiceURL"] for row in rows} == {stack.webs[0].url}, began
    finally:
        draining.draining.unlink()


def test_an_unavailable_redis_fails_no_request(stack):
    with no_request_fails(stack.traefik, 1.5):
        stack.redis.stop()
    stack.redis.start()


def test_uncached_pages_of_known_hosts_get_503_while_the_database_is_down_and_recover(stack, fetch):
    assert fetch(TECHBLOG, "/not-cached/").status == 404
    stack.postgresql.stop()
    try:
        began = time.monotonic()
        away = fetch(TECHBLOG, "/not-cached/")
        assert (away.status, away.headers.get("Retry-After")) == (503, "5")
        assert time.monotonic() - began < 3
        assert fetch("unknown.localhost").status == 404
    finally:
        stack.postgresql.start()

    wait_until(lambda: fetch(TECHBLOG, "/not-cached/").status == 404, timeout=5)
