"""Slow requests of one kind do not delay cached pages, health checks and requests of other kinds."""

import http.client
import json
import logging
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.cache import caches
from django.utils import timezone
from gunicorn.workers.gthread import ThreadWorker

from accounts.login import LOGIN_PATH, PASSWORD_CHANGE_PATH
from accounts.login_limits import OF_NETWORK
from blogs.paths import public_path
from devstack.processes import children, wait_until
from lib import rate_limits
from lib.paths import MEDIA_PREFIX
from server.bulkhead import HASHING_NICENESS, UPLOAD_SIZE, Bulkhead, kind_of
from server.compartments import MAX_WAIT, QUEUE_LENGTH, Compartment, QueuedRequest, Size
from server.worker import Worker
from tests.support.pagecache.observing import locked, waiting_for_a_lock
from tests.support.processes import until_all_know
from tests.support.timing import seconds

HOST = "techblog.test"
THREADS = 4  # WEB_THREADS of the tested process; two of them render pages
CAPACITY = 2 * (1 + QUEUE_LENGTH)
PROMPT = 2.0  # seconds for a response that does not wait, on a busy machine


@pytest.fixture
def server(processes, techblog, publish):
    publish("Hello", on=techblog)
    server = processes(1, WEB_THREADS=str(THREADS))[0]
    assert server.status(HOST) == 200
    return server


@pytest.fixture
def requests():
    """requests(20, call): the futures of 20 calls in parallel."""
    with ThreadPoolExecutor(128) as pool:
        yield lambda count, call: [pool.submit(call, number) for number in range(count)]


def refused(server):
    return json.loads(server.get(settings.INTERNAL_HOST, "/health/ready").body)["refused"]


def uncached(server):
    """A call that requests a page that no cache has."""
    return lambda number: seconds(lambda: server.get(HOST, f"/missing-{number}/"))


def assert_prompt(call):
    duration, response = seconds(call)
    assert duration < PROMPT
    return response


def test_cached_pages_health_and_other_kinds_respond_while_all_page_threads_wait_for_the_database(server, requests):
    with locked("blogs_placement"):
        pages = requests(CAPACITY + 10, uncached(server))
        wait_until(lambda: waiting_for_a_lock() == THREADS // 2)

        assert assert_prompt(lambda: server.get(HOST)).headers["X-Cache"] == "HIT"
        assert assert_prompt(lambda: server.get(settings.INTERNAL_HOST, "/health/ready")).status == 200
        assert assert_prompt(lambda: server.get(settings.ADMIN_HOST, "/login/")).status == 200
    assert {page.result()[1].status for page in pages} == {404, 503}


def test_beyond_the_queue_a_page_gets_503_at_once_with_the_seconds_after_which_to_retry(server, requests):
    with locked("blogs_placement"):
        pages = requests(CAPACITY, uncached(server))
        wait_until(lambda: waiting_for_a_lock() == THREADS // 2)

        def is_full():
            response = assert_prompt(lambda: server.get(HOST, "/one-more/"))
            return response.status == 503 and response

        response = is_full()
        assert response
        assert response.headers["Retry-After"] == "1"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Try again in 1 s" in response.body
        assert refused(server)["pages"] >= 1
    [page.result() for page in pages]
    assert server.status(HOST, "/one-more/") == 404
    wait_until(lambda: "Requests refused" in server.output(), timeout=3)
    assert "Requests refused with 503, because too many of their kind run or wait: pages " in server.output()


def test_a_page_that_waited_too_long_in_the_queue_gets_503_although_no_thread_became_free(server, requests):
    with locked("blogs_placement"):
        pages = requests(6, uncached(server))
        time.sleep(MAX_WAIT + PROMPT)

        durations = [page.result()[0] for page in pages if page.done()]
        assert len(durations) == 6 - THREADS // 2
        assert max(durations) < MAX_WAIT + PROMPT
    assert sorted(page.result()[1].status for page in pages) == [404, 404, 503, 503, 503, 503]


def test_requests_beyond_the_number_of_threads_wait_and_are_served(server, requests):
    pages = requests(2 * THREADS, uncached(server))

    assert {page.result()[1].status for page in pages} == {404}
    assert refused(server) == {}


def test_a_connection_stays_open_after_a_request_that_a_compartment_handled(server):
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.connect()
        own = connection.sock
        for path, status in (("/missing/", 404), ("/", 200), ("/missing/", 404)):
            connection.request("GET", path, headers={"Host": HOST})
            response = connection.getresponse()
            response.read()
            assert response.status == status
            assert connection.sock is own


def test_a_body_that_django_does_not_read_does_not_become_the_next_request(server):
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        for path, method, status in (("/missing/", "POST", 405), ("/", "GET", 200)):
            connection.request(
                method, path, b"GET /hidden/ HTTP/1.1\r\n\r\n" if method == "POST" else None, {"Host": HOST}
            )
            response = connection.getresponse()
            response.read()
            assert response.status == status


def test_a_queued_request_is_logged_once_with_the_time_that_it_waited(server, requests):
    with locked("blogs_placement"):
        pages = requests(THREADS // 2, uncached(server))
        wait_until(lambda: waiting_for_a_lock() == THREADS // 2)
        logged = requests(1, lambda number: server.get(HOST, "/logged-once/"))
        time.sleep(MAX_WAIT / 2)
    [request.result() for request in (*pages, *logged)]

    wait_until(lambda: '"/logged-once/"' in server.output())
    (line,) = [json.loads(line) for line in server.output().splitlines() if '"/logged-once/"' in line]
    assert line["ms"] >= 1000 * MAX_WAIT / 2


def test_connections_without_a_request_take_no_thread(server):
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(4 * THREADS)]

    assert assert_prompt(lambda: server.get(HOST)).headers["X-Cache"] == "HIT"
    for connection in idle:
        connection.close()


def test_only_the_thread_for_logins_has_a_lower_priority(server):
    server.get(settings.ADMIN_HOST, LOGIN_PATH, "POST")
    assert server.status(HOST, "/missing/") == 404

    (worker,) = children(server.process.pid)
    nices = [os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in Path(f"/proc/{worker}/task").iterdir()]
    assert sorted(set(nices)) == [0, HASHING_NICENESS]
    assert nices.count(HASHING_NICENESS) == 1


def test_an_expired_page_is_served_while_the_threads_for_pages_are_taken(server, requests, techblog, publish):
    publish("Later", on=techblog, at=timezone.now() + timedelta(seconds=2))
    until_all_know()
    assert server.get(HOST).headers["X-Cache"] == "MISS"
    with locked("blogs_placement"):
        pages = requests(THREADS // 2, uncached(server))
        wait_until(lambda: waiting_for_a_lock() == THREADS // 2)
        time.sleep(2)

        responses = [each.result() for each in requests(5, lambda number: server.get(HOST))]
    assert {(each.status, each.headers["X-Cache"]) for each in responses} == {(200, "STALE")}
    [page.result() for page in pages]


def test_every_kind_of_request_has_a_compartment():
    compartments = Bulkhead(None).compartments(8)

    hashing = {"login", "limited-login", "password-change"}
    assert set(compartments) == {"pages", "files", "dynamic", "uploads", "health", "admin", "internal"} | hashing
    assert compartments["pages"].threads == 4
    assert {compartments[kind] for kind in hashing} == {Size(1, HASHING_NICENESS)}


def environ(path, host=HOST, method="GET", length=""):
    return {"PATH_INFO": path, "HTTP_HOST": host, "REQUEST_METHOD": method, "CONTENT_LENGTH": length}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("request_environ", "kind"),
    [
        (environ("/post/"), "pages"),
        (environ("/post/", host="unknown.test"), "pages"),
        (environ("/post/", host="not a host"), "pages"),
        (environ("/-/search/"), "dynamic"),
        (environ(f"{MEDIA_PREFIX}a.png"), "files"),
        (environ("/static/a.css"), "files"),
        (environ("/", host="admin.localhost"), "admin"),
        (environ("/health/ready", host="internal.localhost"), "health"),
        (environ("/static/a.css", host="admin.localhost"), "files"),
        (environ("/traefik/document", host="internal.localhost"), "internal"),
        (environ(LOGIN_PATH, host="admin.localhost"), "admin"),
        (environ(LOGIN_PATH, method="POST", length="80"), "pages"),
        (environ(PASSWORD_CHANGE_PATH, host="admin.localhost", method="POST", length="80"), "password-change"),
        (environ("/", host="admin.localhost", method="POST", length=str(UPLOAD_SIZE + 1)), "uploads"),
        (environ("/", host="admin.localhost", method="POST", length=str(UPLOAD_SIZE)), "admin"),
    ],
)
def test_a_request_is_handed_over_to_the_compartment_of_its_kind(request_environ, kind):
    assert kind_of(request_environ) == kind


@pytest.mark.pure
def test_the_prefix_of_media_is_that_of_their_addresses():
    assert public_path("media", "0" * 32 + ".png").startswith(MEDIA_PREFIX)


@pytest.fixture
def limited_network(installation):
    """A network that has reached its limit of failed logins."""
    network = "203.0.113.9"
    for _ in range(OF_NETWORK.item.amount):
        assert rate_limits.take(OF_NETWORK.item, network)
    yield network
    caches["default"].clear()


def test_logins_of_a_limited_network_do_not_take_the_thread_of_other_logins(limited_network):
    login = environ(LOGIN_PATH, host="admin.localhost", method="POST", length="80")

    assert kind_of(login | {"REMOTE_ADDR": limited_network}) == "limited-login"
    assert kind_of(login | {"REMOTE_ADDR": "203.0.113.10"}) == "login"


def test_a_login_through_a_trusted_proxy_counts_for_the_network_of_its_client(limited_network, settings):
    settings.TRUSTED_PROXIES = ("10.0.0.0/24",)
    login = environ(LOGIN_PATH, host="admin.localhost", method="POST", length="80") | {"REMOTE_ADDR": "10.0.0.2"}

    assert kind_of(login | {"HTTP_X_FORWARDED_FOR": limited_network}) == "limited-login"
    assert kind_of(login | {"HTTP_X_FORWARDED_FOR": "203.0.113.10"}) == "login"


@pytest.fixture
def compartment():
    """A compartment for two threads. Its requests are functions that a thread calls."""
    return Compartment("test", Size(2), lambda queued: queued.request())


@pytest.mark.pure
def test_a_request_for_which_no_thread_can_start_is_refused_and_the_next_one_starts_a_thread(compartment, monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    handled = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        assert [compartment.submit(handled.set, None) for _ in range(3)] == [False] * 3
    assert not compartment.has_waiting()

    assert compartment.submit(handled.set, None)
    assert handled.wait(10)


@pytest.mark.pure
def test_two_requests_at_once_get_two_threads_although_one_thread_is_idle(compartment):
    compartment.submit(lambda: None, None)
    wait_until(lambda: compartment._idle)
    both = threading.Barrier(3, timeout=10)

    with compartment._changed:  # so the idle thread cannot take the first request before the second one arrives
        assert compartment.submit(both.wait, None)
        assert compartment.submit(both.wait, None)

    both.wait()


@pytest.mark.pure
@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_an_unforeseen_exception_closes_the_connection_and_ends_neither_thread_nor_worker(monkeypatch, error):
    def fail(*args):
        raise error("unforeseen")

    monkeypatch.setattr(ThreadWorker, "handle_request", fail)
    monkeypatch.setattr(ThreadWorker, "handle_error", fail)
    closed, deferred = [], []
    worker = Worker.__new__(Worker)
    worker.log = logging.getLogger("gunicorn.error")
    worker.nr_conns, worker.method_queue = 1, SimpleNamespace(defer=lambda *call: deferred.append(call))
    connection = SimpleNamespace(sock=None, client=None, close=lambda **options: closed.append(True))

    worker._handle_queued(QueuedRequest(SimpleNamespace(), connection, 0.0))

    ((finish, *arguments),) = deferred
    finish(*arguments)
    assert (worker.nr_conns, closed) == (0, [True])
