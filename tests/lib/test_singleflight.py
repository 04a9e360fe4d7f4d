"""With SingleFlight, one caller computes, and all other callers wait for its result for a limited time."""

import threading
import time

import pytest

from lib.singleflight import LONG_TIMEOUT, MAX_WAITERS, SHORT_TIMEOUT, SingleFlight, WaitTimeout
from tests.support.timing import InThreads, seconds

pytestmark = pytest.mark.pure


@pytest.fixture
def flight():
    return SingleFlight()


def test_the_first_caller_computes_and_all_others_get_its_result(flight):
    assert flight.begin("page") is None
    others = [flight.begin("page") for _ in range(3)]
    assert all(others)
    assert flight.begin("another page") is None

    waiting = InThreads(lambda: flight.wait(others[0]), MAX_WAITERS + 3)
    flight.end("page", "made")
    assert waiting.results() == ["made"] * (MAX_WAITERS + 3)
    assert flight.begin("page") is None


def test_a_failed_call_wakes_all_waiting_callers(flight):
    flight.begin("page")
    other = flight.begin("page")
    flight.end("page", None)

    assert flight.wait(other) is None


def test_callers_beyond_max_waiters_wait_at_most_for_the_short_timeout(flight):
    flight.begin("page")
    other = flight.begin("page")
    waiters = InThreads(lambda: flight.wait(other), MAX_WAITERS)
    while flight._long_waits._value:
        time.sleep(0.01)

    def give_up():
        with pytest.raises(WaitTimeout):
            flight.wait(other)

    began = time.monotonic()
    InThreads(give_up, 4).results()
    assert SHORT_TIMEOUT - 0.2 < time.monotonic() - began < SHORT_TIMEOUT + 1
    assert seconds(give_up)[0] < 0.5, "the timeout starts when the call begins, not when the caller starts to wait"
    flight.end("page", "made")
    assert waiters.results() == ["made"] * MAX_WAITERS
    assert flight._long_waits._value == MAX_WAITERS


def test_no_caller_waits_longer_than_the_long_timeout(flight):
    flight.begin("page")
    other = flight.begin("page")
    other.began_at -= LONG_TIMEOUT

    with pytest.raises(WaitTimeout):
        flight.wait(other)


def test_exactly_one_of_several_concurrent_callers_computes(flight):
    start = threading.Barrier(32)

    def begin():
        start.wait()
        return flight.begin("page")

    assert InThreads(begin, 32).results().count(None) == 1
