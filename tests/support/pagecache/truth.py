"""Compare the responses of a server process with the correct pages, which Django renders in this process."""

import time

from django.test import Client

from devstack.processes import wait_until
from tenancy.registry.site_registry import registry
from tests.support.timing import seconds

TIMEOUT = 0.25  # seconds; of an exchange with Redis
RECOVERY = 3  # seconds within which a process must serve all pages from the cache again


def rendered(host, path="/"):
    """The response of Django in this process, without the page cache."""
    registry.expire()  # so that the next lookup loads the last change
    return Client(headers={"host": host}).get(path)


def true_pages(*pages):
    """The correct body of each of these pages, by (host, path)."""
    return {page: rendered(*page).content.decode() for page in pages}


def assert_all_true(process, true):
    """Assert that each page has the correct body. Returns the values of X-Cache."""
    responses = {page: process.get(*page) for page in true}
    assert {page: (response.status, response.body) for page, response in responses.items()} == {
        page: (200, body) for page, body in true.items()
    }
    return {response.headers["X-Cache"] for response in responses.values()}


def assert_recovers(process, true):
    wait_until(lambda: assert_all_true(process, true) == {"HIT"}, RECOVERY)


def slow(process, page, lasting):
    """Send requests for `lasting` seconds, assert that each gets 200, and return how many took at least TIMEOUT."""
    times, deadline = [], time.monotonic() + lasting
    while time.monotonic() < deadline:
        took, response = seconds(lambda: process.get(*page))
        assert response.status == 200
        times.append(took)
    return sum(took >= TIMEOUT for took in times)
