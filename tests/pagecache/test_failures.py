"""Redis or PostgreSQL is down, hangs, is empty or is full: no page is wrong, and processes need no restart."""

import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections
from django.utils import timezone

from devstack.processes import wait_until
from tests.support import servers
from tests.support.pagecache.memory import MEMORY, NO_MEMORY
from tests.support.pagecache.observing import redis
from tests.support.pagecache.truth import RECOVERY, TIMEOUT, assert_all_true, assert_recovers, slow, true_pages
from tests.support.processes import frozen, running, until_all_know
from tests.support.redis import redis_stopped
from tests.support.timing import InThreads, seconds

HOST = "techblog.test"
PATHS = ["/", "/hello/", "/ledgers/", "/feed/"]


@pytest.fixture(scope="module")
def fleet(django_db_setup):
    with running(2, TEST_PAGE_MEMORY_MB=(NO_MEMORY, MEMORY)) as fleet:
        yield fleet


@pytest.fixture
def true(fleet, techblog, shared, publish):
    """The correct pages of the two sites, by host and path."""
    publish("Hello", on=techblog)
    until_all_know()
    pages = [(HOST, path) for path in PATHS] + [("financeblog.test", path) for path in ("/", "/python-ledgers/")]
    return true_pages(*pages)


@pytest.fixture
def process(fleet, true):
    """A process that has stored all pages in Redis and keeps none in its memory."""
    assert_recovers(fleet[0], true)
    return fleet[0]


@pytest.fixture
def with_memory(fleet, true):
    """A process that has stored all pages in Redis and in its memory."""
    assert_recovers(fleet[1], true)
    return fleet[1]


# -- Redis -----------------------------------------------------------------------------------------------------------


def test_without_redis_pages_are_rendered_and_stored_again_when_it_is_up(process, true):
    servers.redis.stop()
    try:
        assert assert_all_true(process, true) == {"MISS"}
        assert slow(process, (HOST, "/"), 1) == 0
    finally:
        servers.redis.start()
    assert_recovers(process, true)


def test_a_hanging_redis_delays_a_process_by_one_timeout_a_second(process, true):
    with frozen(servers.redis.process.pid):
        assert slow(process, (HOST, "/"), 2) <= 3
        assert assert_all_true(process, true) == {"MISS"}
    assert_recovers(process, true)


def test_concurrent_requests_wait_for_one_timeout_in_total_while_redis_hangs(process, true):
    with frozen(servers.redis.process.pid):
        took, responses = seconds(InThreads(lambda: process.get(HOST), 24).results)
    assert {response.status for response in responses} == {200}
    assert took < 24 * TIMEOUT / 3
    assert_recovers(process, true)


def test_pages_are_stored_again_after_redis_is_flushed(process, true):
    redis().flushall()
    assert assert_all_true(process, true) == {"MISS"}
    assert assert_all_true(process, true) == {"HIT"}


@pytest.mark.parametrize("away", [redis_stopped, lambda: frozen(servers.redis.process.pid)], ids=["stopped", "hanging"])
def test_a_process_serves_pages_from_its_memory_without_redis(with_memory, true, away, techblog, publish):
    with away():
        assert assert_all_true(with_memory, true) == {"HIT"}
        assert slow(with_memory, (HOST, "/"), 1) == 0
        publish("New", on=techblog)
        until_all_know()
        for state in ("MISS", "HIT"):
            response = with_memory.get(HOST)
            assert (response.status, response.headers["X-Cache"], "New" in response.body) == (200, state, True)
        assert slow(with_memory, (HOST, "/"), 1) == 0


def test_a_process_serves_pages_from_its_memory_after_redis_is_flushed(with_memory, true):
    redis().flushall()
    assert assert_all_true(with_memory, true) == {"HIT"}


@contextmanager
def full():
    with redis() as client:
        before = client.config_get("maxmemory*")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        yield
        for name in ("maxmemory", "maxmemory-policy"):
            client.config_set(name, before[name])


def test_a_full_redis_serves_its_entries_and_stores_no_new_entries(process, true, publish, techblog):
    with full():
        assert assert_all_true(process, true) == {"HIT"}
        publish("New", on=techblog)
        until_all_know()
        for _ in range(2):
            response = process.get(HOST)
            assert (response.status, response.headers["X-Cache"], "New" in response.body) == (200, "MISS", True)
        assert slow(process, (HOST, "/"), 0.5) == 0
    wait_until(lambda: process.get(HOST).headers["X-Cache"] == "HIT", RECOVERY)


def test_entries_of_another_installation_are_never_served(process, true, processes):
    (other,) = processes(1, PUBLIC_PORT="8081")
    for page in true:
        response = other.get(*page)
        assert (response.status, response.headers["X-Cache"]) == (200, "MISS")
    assert 'href="http://techblog.test:8081/hello/"' in other.get(HOST, "/hello/").body
    assert assert_all_true(process, true) == {"HIT"}


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


@contextmanager
def no_database():
    servers.postgresql.stop()
    try:
        yield
    finally:
        servers.postgresql.start()
        connections.close_all()


def test_while_the_database_is_down_cached_pages_are_served_and_other_pages_return_503(process, with_memory, true):
    with no_database():
        for each in (process, with_memory):
            assert assert_all_true(each, true) == {"HIT"}
            took, response = seconds(partial(each.get, HOST, "/sitemap.xml"))
            assert (response.status, response.headers["X-Cache"]) == (503, "BYPASS")
            assert response.headers["Retry-After"]
            assert response.headers["Cache-Control"] == "no-store"
            assert took < 1
            assert each.get(HOST, method="HEAD").status == 200
            tag = each.get(HOST).headers["ETag"]
            assert each.get(HOST, **{"If-None-Match": tag}).status == 304
    for each in (process, with_memory):
        assert_recovers(each, true | true_pages((HOST, "/sitemap.xml")))
    time.sleep(1.25)  # after an error the registry retries after a second


def test_without_the_database_an_expired_page_is_still_served_and_marked_stale(
    process, with_memory, true, techblog, publish
):
    moment = publish("Soon there", on=techblog, at=timezone.now() + timedelta(seconds=1.5)).published_at.timestamp()
    until_all_know()
    for each in (process, with_memory):
        assert [each.get(HOST).headers["X-Cache"] for _ in range(2)][-1] == "HIT"
    with no_database():
        time.sleep(max(0, moment + 0.6 - time.time()))
        for each in (process, with_memory):
            for crowd in (1, 8, 8):  # one request queries the database, and the others wait for it
                took, responses = seconds(InThreads(partial(each.get, HOST), crowd).results)
                assert {(response.status, response.headers["X-Cache"]) for response in responses} == {(200, "STALE")}
                assert not any("Soon there" in response.body for response in responses)
                assert took < 1
        time.sleep(max(0, moment + 1.6 - time.time()))
        with redis_stopped():  # the process without memory has no page any more
            assert 1 <= int(with_memory.get(HOST).headers["Age"]) <= 8
    new = true_pages((HOST, "/"))
    assert "Soon there" in new[HOST, "/"]
    for each in (process, with_memory):
        assert_recovers(each, new)
