"""What goes wrong behind Traefik is no reader's business: not one request fails."""

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
from tests.support.stack.visitors import Visitor, route

pytestmark = pytest.mark.stack

BOTH = [TECHBLOG, FINANCEBLOG]


class Document:
    """Stands between Traefik and the document, and gives what the `mode` says."""

    def __init__(self, source, host):
        self.mode = "pass"
        document = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                document.asked += 1
                if document.mode == "hanging":
                    document.released.wait()
                    return
                status, body = document.answer(self.headers)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.source, self.host, self.asked, self.released = source, host, 0, threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/traefik/document"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, headers):
        if self.mode == "pass":
            return self._ask(headers)
        return {
            "500": (500, b"Internal Server Error"),
            "garbage": (200, b"\x00\xff{{{ not json"),
            "503": (503, b""),
            "empty": (200, b"{}"),
        }[self.mode]

    def _ask(self, headers):
        asked = urllib.request.Request(
            f"{self.source}/traefik/document", headers={"Host": self.host, "Authorization": headers["Authorization"]}
        )
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    @contextmanager
    def spoiled(self, mode):
        """Traefik has asked, and was answered so."""
        self.released.clear()
        self.mode, before = mode, self.asked
        try:
            wait_until(lambda: self.asked >= before + 2)
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
    """A Traefik of its own, whose document these tests spoil."""
    traefik = stack.add_traefik("spoiled", DOCUMENT_URL=document.url)
    wait_for_router(traefik, f"{TECHBLOG}@http")
    return traefik


def router_of(traefik, host):
    return route(traefik, host).get("RouterName")


def wait_for_router(traefik, name, patience=10):
    wait_until(lambda: router_of(traefik, name.partition("@")[0]) == name, patience)


@contextmanager
def nobody_notices(traefik, after=0.5):
    """Readers come before, during and until `after` seconds after what happens within; none of them fails."""
    with Readers(traefik.port, BOTH, after=after) as readers:
        yield
    assert len(readers.visits) > 20
    assert readers.failed == []


@pytest.mark.parametrize("mode", ["500", "503", "garbage", "hanging"])
def test_a_document_that_is_none_changes_no_route_and_fails_no_request(traefik, document, mode):
    with nobody_notices(traefik), document.spoiled(mode):
        assert [router_of(traefik, host) for host in BOTH] == [f"{host}@http" for host in BOTH]


def test_an_empty_document_takes_every_route_away_and_fails_no_request(traefik, document):
    """The application never gives one, as Traefik believes it."""
    with nobody_notices(traefik), document.spoiled("empty"):
        assert [router_of(traefik, host) for host in BOTH] == ["catch-all@file"] * 2

    wait_for_router(traefik, f"{TECHBLOG}@http")


def test_a_document_that_nobody_serves_any_more_changes_no_route_and_fails_no_request(traefik, document):
    document.stop()
    with nobody_notices(traefik, after=3):
        pass

    assert [router_of(traefik, host) for host in BOTH] == [f"{host}@http" for host in BOTH]


def test_traefik_started_before_the_application_serves_as_soon_as_it_is_there(stack):
    late = Web(stack.session, "late", stack.environment)
    late.environment["SHARED_DEPLOYMENT"] = late.url
    stack.webs.append(late)
    traefik = stack.add_traefik("early", SHARED_DEPLOYMENT=late.url)
    wait_until(lambda: Visitor(traefik.port, TECHBLOG).ask().status == 502)

    late.start()

    assert Visitor(traefik.port, TECHBLOG).ask().status == 200
    assert Visitor(traefik.port, "unknown.localhost").ask().status == 404
    wait_for_router(traefik, f"{TECHBLOG}@http", patience=20)


def workers_of(web):
    return children(web.process.pid)


def test_a_worker_that_is_killed_fails_no_request_and_is_replaced(stack):
    before = workers_of(stack.webs[0])
    with nobody_notices(stack.traefik, 2):
        os.kill(before[0], signal.SIGKILL)

    after = workers_of(stack.webs[0])
    assert (len(after), before[0] in after) == (len(before), False)


def test_a_reload_fails_no_request(stack):
    before = workers_of(stack.webs[0])
    with nobody_notices(stack.traefik):
        os.kill(stack.webs[0].process.pid, signal.SIGHUP)
        wait_until(lambda: set(before).isdisjoint(workers_of(stack.webs[0])), patience=20)


def test_a_gunicorn_that_is_killed_fails_no_request(stack):
    with nobody_notices(stack.traefik, 2):
        stack.webs[1].kill()
    stack.webs[1].start()


def test_a_form_that_meets_a_dead_gunicorn_arrives_whole_at_the_other(stack, visitor):
    owners = [visitor(ADMIN_HOST) for _ in range(4)]
    stack.webs[1].kill()

    answers = [owner.log_in("owner@example.com").status for owner in owners]

    stack.webs[1].start()
    assert answers == [302] * 4


def test_a_gunicorn_that_hangs_is_left_out(stack):
    """Requests that it had already are answered by another one, when Traefik gives it up or it goes on."""
    with frozen(stack.webs[1].process.pid):
        time.sleep(3)  # the health check, every second, with a second of patience
        with Readers(stack.traefik.port, BOTH, after=2) as readers:
            pass

    assert readers.failed == []
    assert readers.slowest < 1


def test_a_gunicorn_that_drains_gets_no_more_requests(stack):
    draining = stack.webs[1]
    draining.draining.touch()
    try:
        time.sleep(2.5)
        began = time.monotonic()
        with Readers(stack.traefik.port, BOTH, after=1) as readers:
            pass
        assert readers.failed == []
        rows = [row for row in stack.traefik.access_log()[-len(readers.visits) :] if row["RequestHost"] in BOTH]
        assert {row["ServiceURL"] for row in rows} == {stack.webs[0].url}, began
    finally:
        draining.draining.unlink()


def test_redis_away_fails_no_request(stack):
    with nobody_notices(stack.traefik, 1.5):
        stack.redis.stop()
    stack.redis.start()


def test_known_hosts_stay_known_while_the_database_is_away_and_it_recovers_by_itself(stack, ask):
    assert ask(TECHBLOG).status == 200
    stack.postgresql.stop()
    try:
        began = time.monotonic()
        away = ask(TECHBLOG)
        assert (away.status, away.headers.get("Retry-After")) == (503, "5")
        assert time.monotonic() - began < 3
        assert ask("unknown.localhost").status == 404
    finally:
        stack.postgresql.start()

    wait_until(lambda: ask(TECHBLOG).status == 200, patience=5)
