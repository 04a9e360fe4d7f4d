"""Of many concurrent requests for a page that is not stored, one renders it and all get the page.

To make a render slow, tests lock a table that the page reads. The render then lasts as long as the lock.
"""

import itertools
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from blogs.models import Author
from devstack.processes import wait_until
from lib.singleflight import MAX_WAITERS, SHORT_TIMEOUT
from pagecache.wsgi import MAX_STALE
from server.compartments import MAX_WAIT
from tests.support.pagecache.memory import EACH_MEMORY, retire_pages
from tests.support.pagecache.observing import entries, locked, logged_queries, waiting_for_a_lock
from tests.support.processes import running, until_all_know
from tests.support.reading import page_cache, read
from tests.support.timing import InThreads, seconds

HOST = "techblog.test"
REQUESTS = 40  # to one process; its compartment for pages (server/bulkhead.py) accepts 45 at a time


@pytest.fixture(scope="module")
def one_process(django_db_setup):
    with running() as (process,):
        yield process


def count_author_queries(queries):
    """The number of queries that read authors. Each render of the home page sends the same number of them."""
    return sum("blogs_author" in query for query in queries)


@pytest.fixture(scope="module")
def each_memory(django_db_setup):
    """Three processes that keep pages in memory, keep none, and evict pages all the time.

    Each renders pages in one thread more than MAX_WAITERS: one renders, and all others may wait for LONG_TIMEOUT.
    Therefore no request gets 503, even on a slow machine.
    """
    with running(3, WEB_THREADS=str(2 * (1 + MAX_WAITERS)), TEST_PAGE_MEMORY_MB=EACH_MEMORY) as fleet:
        yield fleet


@pytest.fixture
def five_threads(each_memory):
    """The process that keeps pages in memory."""
    return each_memory[0]


@pytest.fixture
def blog(techblog, publish):
    """A site with a home page, which reads authors, and a page /quiet/. The page cache is empty."""
    publish("Hot", on=techblog).post.authors.add(Author.objects.create(site=techblog, slug="ada", name="Ada"))
    publish("Quiet", on=techblog)
    until_all_know()
    return techblog


@pytest.fixture
def process(one_process, blog):
    """A process with the default number of threads, which has stored the page /quiet/."""
    assert [one_process.get(HOST, "/quiet/").headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    return one_process


def stampede(*processes):
    turns = itertools.cycle(processes)
    return InThreads(lambda: next(turns).get(HOST), REQUESTS * len(processes))


def max_concurrent_renders(duration):
    """The largest number of renders in progress at one moment, sampled for `duration` seconds."""
    deadline, most = time.monotonic() + duration, 0
    while time.monotonic() < deadline:
        most = max(most, waiting_for_a_lock())
        time.sleep(0.02)
    return most


def test_a_missing_page_is_rendered_once_in_each_process_for_many_requests(each_memory, blog):
    with logged_queries() as of_one_rendering:
        assert each_memory[0].get(HOST).headers["X-Cache"] == "MISS"
    retire_pages(blog)

    with logged_queries() as queries:
        with locked("blogs_author"):
            crowd = stampede(*each_memory)
            wait_until(lambda: waiting_for_a_lock() >= len(each_memory))
            concurrent = max_concurrent_renders(0.4)
        responses = crowd.results()

    assert concurrent == len(each_memory)
    assert count_author_queries(queries) == len(each_memory) * count_author_queries(of_one_rendering) > 0
    assert Counter(response.status for response in responses) == {200: 3 * REQUESTS}
    assert len({response.body for response in responses}) == 1
    assert {response.headers["X-Cache"] for response in responses} == {"MISS", "HIT"}


def test_an_expired_page_is_rendered_by_one_request_at_a_time(five_threads, blog, publish):
    moment = publish("Soon there", on=blog, at=timezone.now() + timedelta(seconds=1.5)).published_at.timestamp()
    until_all_know()
    with logged_queries() as of_one_rendering:
        assert [five_threads.get(HOST).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]

    with logged_queries() as queries:
        with locked("blogs_author"):
            time.sleep(max(0, moment + 0.02 - time.time()))
            crowd = stampede(five_threads)
            concurrent = max_concurrent_renders(0.3)
        responses = crowd.results()

    assert concurrent == 1
    # A render that began before the registry knew the next change serves only waiting requests and expires at once.
    assert count_author_queries(queries) <= 3 * count_author_queries(of_one_rendering)
    assert Counter(response.status for response in responses) == {200: REQUESTS}
    states = Counter(response.headers["X-Cache"] for response in responses)
    assert states["STALE"] > 0
    assert states["MISS"] > 0
    for response in responses:
        assert ("Soon there" in response.body) is (response.headers["X-Cache"] != "STALE")


def test_other_pages_are_served_during_a_slow_render(process):
    with locked("blogs_author"):
        crowd = InThreads(lambda: process.get(HOST), MAX_WAITERS)
        time.sleep(0.3)
        took, responses = seconds(lambda: [process.get(HOST, "/quiet/") for _ in range(10)])
    crowd.results()

    assert {response.headers["X-Cache"] for response in responses} == {"HIT"}
    assert took < 1


def test_a_render_that_hangs_does_not_block_other_pages(process):
    with locked("blogs_author"):
        crowd = stampede(process)
        time.sleep(SHORT_TIMEOUT + 0.5)
        took, other = seconds(lambda: process.get(HOST, "/quiet/"))
        again_took, again = seconds(lambda: process.get(HOST))
        assert waiting_for_a_lock() == 1
        time.sleep(1)
    responses = crowd.results()

    assert (other.status, other.headers["X-Cache"]) == (200, "HIT")
    assert took < 1
    assert (again.status, again.headers["Retry-After"], again.headers["Cache-Control"]) == (503, "1", "no-store")
    assert "camera=()" in again.headers["Permissions-Policy"]
    assert again.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert again_took < MAX_WAIT + 0.5
    found = Counter(response.status for response in responses)
    assert set(found) == {200, 503}
    assert 1 <= found[200] <= 1 + MAX_WAITERS
    assert all(response.headers["Retry-After"] == "1" for response in responses if response.status == 503)
    assert process.get(HOST).headers["X-Cache"] == "HIT"


def test_waiting_requests_get_the_expired_page_if_the_database_is_unavailable(techblog, publish, monkeypatch):
    moment = publish("Soon there", on=techblog, at=timezone.now() + timedelta(seconds=1)).published_at.timestamp()
    until_all_know()
    assert [read(HOST).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    go_on = threading.Event()

    def away(environ, start_response):
        go_on.wait(3)
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"Away."]

    monkeypatch.setattr(page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT), "_application", away)
    time.sleep(max(0, moment + MAX_STALE + 0.1 - time.time()))
    crowd = InThreads(lambda: read(HOST), MAX_WAITERS)
    time.sleep(0.3)
    go_on.set()

    assert {(response.status, response.headers["X-Cache"]) for response in crowd.results()} == {(200, "STALE")}


def test_requests_that_wait_for_a_missing_post_get_404(five_threads, blog):
    before = entries()
    with locked("blogs_redirect"):  # Django reads this table before it responds with 404
        crowd = InThreads(lambda: five_threads.get(HOST, "/nothing/"), 20)
        time.sleep(0.3)
    assert {response.status for response in crowd.results()} == {404}
    assert entries() == before
