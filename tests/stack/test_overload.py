"""Cached pages stay available while logins or a locked table overload the application."""

import itertools
import time

import pytest

from devstack.overload import failing_logins, locked_posts
from devstack.readers import Readers
from devstack.stack import FINANCEBLOG, TECHBLOG

pytestmark = pytest.mark.stack

BOTH = [TECHBLOG, FINANCEBLOG]
LOCK_SECONDS = 7  # longer than the lock timeout of the application
PROMPT = 1.0  # seconds, while other tests use the machine; `benchmarks.stack` measures the time on a quiet machine


def cached_pages(stack):
    return Readers(stack.traefik.port, BOTH)


def assert_unharmed(readers):
    assert len(readers.requests) > 100
    assert readers.failed == []
    assert readers.quantile(0.95) < PROMPT


def test_cached_pages_are_served_during_64_connections_of_failing_logins(stack):
    with cached_pages(stack) as readers, failing_logins(stack) as statuses:
        time.sleep(6)

    assert_unharmed(readers)
    assert len(statuses) > 100
    assert set(statuses) <= {200, 429, 503}


def test_cached_pages_are_served_while_uncached_pages_wait_for_a_locked_table(stack):
    unique = itertools.count()
    uncached = Readers(stack.traefik.port, BOTH, path=lambda: f"/missing-{next(unique)}/")
    with cached_pages(stack) as readers, uncached, locked_posts(stack):
        time.sleep(LOCK_SECONDS)

    assert_unharmed(readers)
    assert {request.outcome for request in uncached.requests} <= {404, 503}
    assert any(request.outcome == 503 for request in uncached.requests)
