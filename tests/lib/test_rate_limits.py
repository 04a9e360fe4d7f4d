"""Counters of rate limits are shared through Redis. Without Redis, each process counts on its own."""

import time
from types import SimpleNamespace

import limits.storage.memory
import pytest
from limits import RateLimitItemPerMinute

from lib import rate_limits
from lib.redis.ping import default_client
from tests.support import servers
from tests.support.accounts import forget_failed_logins
from tests.support.processes import frozen
from tests.support.redis import redis_stopped, wait_until_redis_responds
from tests.support.timing import InThreads, seconds

pytestmark = pytest.mark.pure

LIMIT = RateLimitItemPerMinute(3, 2, "test/limit")


@pytest.fixture(autouse=True)
def _fresh_counters():
    forget_failed_logins()
    yield
    forget_failed_logins()


@pytest.fixture
def without_redis(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert default_client() is None


@pytest.fixture(params=["redis", "memory"])
def storage(request):
    if request.param == "memory":
        request.getfixturevalue("without_redis")


def results(count, key="a"):
    return [rate_limits.take(LIMIT, key) for _ in range(count)]


def test_the_calls_above_the_amount_are_refused_for_each_key(storage):
    assert results(5) == [True] * 3 + [False] * 2
    assert results(1, "b") == [True]


def test_a_call_that_is_given_back_can_be_taken_again(storage):
    results(3)
    rate_limits.give_back(LIMIT, "a")

    assert results(2) == [True, False]


def test_a_window_in_redis_ends_after_its_time():
    results(4)
    (key,) = default_client().scan_iter("rate-limits:*test/limit*")
    assert 118 <= rate_limits.seconds_left(LIMIT, "a") <= 120

    default_client().pexpire(key, 1)
    time.sleep(0.02)

    assert results(1) == [True]


def test_a_window_in_memory_ends_after_its_time(without_redis, monkeypatch):
    now = 1_000_000.0
    clock = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr(limits.storage.memory, "time", clock)
    monkeypatch.setattr(rate_limits, "time", clock.time)
    results(4)
    assert rate_limits.seconds_left(LIMIT, "a") == 120

    now += 119.5
    assert results(1) == [False]
    assert rate_limits.seconds_left(LIMIT, "a") == 1
    now += 1
    assert results(4) == [True] * 3 + [False]


def test_while_redis_is_stopped_the_process_counts_on_its_own():
    with redis_stopped():
        assert results(5) == [True] * 3 + [False] * 2
        assert 118 <= rate_limits.seconds_left(LIMIT, "a") <= 120


def test_a_hanging_redis_costs_one_timeout():
    with frozen(servers.redis.process.pid):
        lasted, taken = seconds(lambda: results(20))

    assert taken == [True] * 3 + [False] * 17
    assert lasted < 0.25 + 0.3
    wait_until_redis_responds()


def test_simultaneous_calls_are_accepted_exactly_as_often_as_the_amount(storage):
    accepted = InThreads(lambda: rate_limits.take(LIMIT, "a"), 20).results()

    assert sum(accepted) == LIMIT.amount


def test_two_installations_on_one_redis_have_separate_counters(settings):
    results(3)
    settings.SECRET_KEY = "another installation"

    assert results(1) == [True]
