"""The circuit breaker: while Redis is down or hangs, a process loses one timeout and every request gets a response."""

import time
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django_redis import get_redis_connection
from redis import Redis, exceptions

from devstack.processes import wait_until
from lib.redis.breaker import RETRY_INTERVAL, Breaker, CircuitOpen
from tests.support import servers
from tests.support.processes import frozen
from tests.support.production import read
from tests.support.timing import InThreads, seconds

pytestmark = pytest.mark.pure

TIMEOUT = 0.25  # seconds; the timeout in settings.production


@pytest.fixture(autouse=True)
def redis(settings, monkeypatch, tmp_path):
    """Configure Django's cache as in production, with the Redis of the tests."""
    settings.CACHES = read(monkeypatch, tmp_path).CACHES
    cache.set("key", "value")
    assert cache.get("key") == "value"


def hanging():
    return frozen(servers.redis.process.pid)


@contextmanager
def stopped():
    servers.redis.stop()
    try:
        yield
    finally:
        servers.redis.start()


def wait_until_it_responds():
    wait_until(lambda: cache.set("key", "value") and cache.get("key") == "value", timeout=3)


def test_twenty_successive_commands_to_a_hanging_redis_wait_for_one_timeout_in_total(caplog):
    with hanging():
        assert seconds(lambda: [cache.get("key", "nothing") for _ in range(20)])[0] < TIMEOUT + 0.2
        assert cache.get("key", "nothing") == "nothing"

    wait_until_it_responds()
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "Redis failed",
        "Redis responds again.",
    ]


def test_a_hanging_redis_delays_a_process_by_one_timeout_a_second():
    def requests():
        for _ in range(150):
            cache.get("key")
            time.sleep(0.02)

    with hanging():
        lasted, _ = seconds(requests)
    assert lasted - 150 * 0.02 < 4 * TIMEOUT + 0.5
    wait_until_it_responds()


def test_concurrent_requests_to_a_hanging_redis_wait_for_one_timeout_in_total():
    def request():
        for _ in range(5):
            cache.get("key")

    with hanging():
        assert seconds(lambda: InThreads(request, 8).results())[0] < 2 * TIMEOUT
    wait_until_it_responds()


def test_commands_to_a_stopped_redis_return_at_once_and_work_after_its_restart():
    with stopped():
        assert seconds(lambda: [cache.get("key") for _ in range(20)])[0] < TIMEOUT
        cache.set("key", "value")
        assert cache.add("key", "value") in (None, False)
        assert cache.get_many(["key"]) == {}
        cache.set_many({"key": "value"})
        cache.delete_many(["key"])
        cache.delete("key")
    wait_until_it_responds()


def test_a_pipeline_counts_as_one_command_for_the_breaker():
    with hanging():
        assert seconds(lambda: [cache.set_many({"a": 1, "b": 2}) for _ in range(10)])[0] < TIMEOUT + 0.2
    wait_until_it_responds()


def test_a_refused_command_does_not_open_the_circuit():
    client = get_redis_connection("default")
    for _ in range(3):
        with pytest.raises(exceptions.ResponseError):
            client.execute_command("NO SUCH COMMAND")
    assert cache.get("key") == "value"


def test_django_and_redis_py_see_the_same_key():
    cache.set("seen", 7)
    keys = Redis.from_url(servers.redis.url).keys("*seen")
    assert keys == [b":1:seen"]


def test_after_a_failure_one_of_several_concurrent_callers_retries_and_the_others_fail_at_once(monkeypatch):
    breaker = Breaker()
    attempts = []

    def fails():
        attempts.append(time.monotonic())
        time.sleep(0.1)
        raise exceptions.ConnectionError

    with pytest.raises(exceptions.ConnectionError):
        breaker.call(fails)
    monkeypatch.setattr("lib.redis.breaker.monotonic", lambda: time.monotonic() + RETRY_INTERVAL)
    outcomes = []

    def call():
        try:
            breaker.call(fails)
        except exceptions.ConnectionError as error:
            outcomes.append(type(error))

    InThreads(call, 8).results()

    assert len(attempts) == 2
    assert sorted(kind.__name__ for kind in outcomes) == ["CircuitOpen"] * 7 + ["ConnectionError"]
    with pytest.raises(CircuitOpen):
        breaker.call(lambda: "never called")
