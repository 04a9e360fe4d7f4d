"""What readers of the sites are to get, compared with what a process answers."""

import time

from django.test import Client

from devstack.processes import wait_until
from tenancy.registry.site_registry import registry
from tests.support.timing import seconds

TIMEOUT = 0.25  # of a question to Redis (settings/caches.py)
RECOVERY = 3  # seconds


def rendered(host, path="/"):
    """What Django answers, in this process and with no page cache in front of it."""
    registry.expire()  # as if a quarter of a second had passed since the last change
    return Client(headers={"host": host}).get(path)


def true_pages(*pages):
    """The bodies of these pages, (host, path), by page."""
    return {page: rendered(*page).content.decode() for page in pages}


def assert_all_true(process, true):
    """Every reader gets the truth; answers how the cache says it came."""
    answers = {page: process.get(*page) for page in true}
    assert {page: (answer.status, answer.body) for page, answer in answers.items()} == {
        page: (200, body) for page, body in true.items()
    }
    return {answer.headers["X-Cache"] for answer in answers.values()}


def assert_recovers(process, true):
    wait_until(lambda: assert_all_true(process, true) == {"HIT"}, RECOVERY)


def slow(process, page, lasting):
    """Of visits for so many seconds, how many took as long as a time-out; all of them are answered."""
    times, deadline = [], time.monotonic() + lasting
    while time.monotonic() < deadline:
        took, answer = seconds(lambda: process.get(*page))
        assert answer.status == 200
        times.append(took)
    return sum(took >= TIMEOUT for took in times)
