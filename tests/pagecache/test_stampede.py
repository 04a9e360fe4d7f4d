"""Two hundred readers at once want a page that is not there: a process renders it once, and nobody gets an error.

Rendering lasts as long as the test holds a table that pages read, so that the stampede meets it.
"""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from blogs.models import Author
from lib.singleflight import PATIENCE, PATIENCE_STANDING, SEATS, Renderings, TookTooLong
from pagecache.wsgi import STALE_AT_MOST
from tests.support.pagecache.observing import entries, locked, logged_queries, redis, waiting_for_a_lock
from tests.support.processes import running, until_all_know
from tests.support.reading import page_cache, read
from tests.support.timing import AtOnce, seconds

HOST = "techblog.test"
MANY = 200


@pytest.fixture(scope="module")
def one_process(django_db_setup):
    with running() as (process,):
        yield process


def asks_for_authors(queries):
    """How many of the queries do; each rendering of the home page makes the same number."""
    return sum("blogs_author" in query for query in queries)


@pytest.fixture(scope="module")
def patient_process(django_db_setup):
    """One thread renders and all others may wait for the long time, so that a slow machine causes no 503."""
    with running(WEB_THREADS=str(1 + SEATS)) as (process,):
        yield process


@pytest.fixture
def blog(techblog, publish):
    """Has a page / that reads authors, and a page /quiet/. Nothing is stored."""
    publish("Hot", on=techblog).post.authors.add(Author.objects.create(slug="ada", name="Ada"))
    publish("Quiet", on=techblog)
    until_all_know()
    redis().flushall()
    return techblog


@pytest.fixture
def process(one_process, blog):
    """A process with the default number of threads. The page /quiet/ is stored."""
    assert [one_process.get(HOST, "/quiet/").headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    return one_process


def stampede(process, path="/"):
    return AtOnce(lambda: process.get(HOST, path), MANY)


def most_at_once(lasting):
    """How many rendered at a time, looked at again and again for so many seconds."""
    deadline, most = time.monotonic() + lasting, 0
    while time.monotonic() < deadline:
        most = max(most, waiting_for_a_lock())
        time.sleep(0.02)
    return most


def test_a_missing_page_is_rendered_once_for_two_hundred(patient_process, blog):
    with logged_queries() as of_one_rendering:
        assert patient_process.get(HOST).headers["X-Cache"] == "MISS"
    redis().flushall()

    with logged_queries() as queries:
        with locked("blogs_author"):
            crowd = stampede(patient_process)
            at_once = most_at_once(0.4)
        answers = crowd.answers()

    assert at_once == 1
    assert asks_for_authors(queries) == asks_for_authors(of_one_rendering) > 0
    assert Counter(answer.status for answer in answers) == {200: MANY}
    assert len({answer.body for answer in answers}) == 1
    assert {answer.headers["X-Cache"] for answer in answers} == {"MISS", "HIT"}


def test_a_page_whose_time_is_up_is_rendered_by_one_at_a_time(patient_process, blog, publish):
    moment = publish("Soon there", on=blog, at=timezone.now() + timedelta(seconds=1.5)).published_at.timestamp()
    until_all_know()
    with logged_queries() as of_one_rendering:
        assert [patient_process.get(HOST).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]

    with logged_queries() as queries:
        with locked("blogs_author"):
            time.sleep(max(0, moment + 0.02 - time.time()))
            crowd = stampede(patient_process)
            at_once = most_at_once(0.3)
        answers = crowd.answers()

    assert at_once == 1
    # Who began before the registry knew the next moment rendered for those alone who waited.
    assert asks_for_authors(queries) <= 3 * asks_for_authors(of_one_rendering)
    assert Counter(answer.status for answer in answers) == {200: MANY}
    states = Counter(answer.headers["X-Cache"] for answer in answers)
    assert states["STALE"] > 0
    assert states["MISS"] > 0
    for answer in answers:
        assert ("Soon there" in answer.body) is (answer.headers["X-Cache"] != "STALE")


def test_another_page_keeps_answering_meanwhile(process):
    with locked("blogs_author"):
        crowd = AtOnce(lambda: process.get(HOST), SEATS)
        time.sleep(0.3)
        took, answers = seconds(lambda: [process.get(HOST, "/quiet/") for _ in range(10)])
    crowd.answers()

    assert {answer.headers["X-Cache"] for answer in answers} == {"HIT"}
    assert took < 1


def test_a_page_that_hangs_does_not_take_the_others_with_it(process):
    with locked("blogs_author"):
        crowd = stampede(process)
        time.sleep(PATIENCE_STANDING + 0.5)
        took, other = seconds(lambda: process.get(HOST, "/quiet/"))
        again_took, again = seconds(lambda: process.get(HOST))
        assert waiting_for_a_lock() == 1
        time.sleep(1)
    answers = crowd.answers()

    assert (other.status, other.headers["X-Cache"]) == (200, "HIT")
    assert took < 1
    assert (again.status, again.headers["Retry-After"], again.headers["Cache-Control"]) == (503, "1", "no-store")
    assert again_took < 1
    found = Counter(answer.status for answer in answers)
    assert set(found) == {200, 503}
    assert 1 <= found[200] <= 1 + SEATS
    assert all(answer.headers["Retry-After"] == "1" for answer in answers if answer.status == 503)
    assert process.get(HOST).headers["X-Cache"] == "HIT"


def test_who_waits_for_a_page_whose_time_is_up_is_shown_it_when_the_database_is_away(techblog, publish, monkeypatch):
    moment = publish("Soon there", on=techblog, at=timezone.now() + timedelta(seconds=1)).published_at.timestamp()
    until_all_know()
    assert [read(HOST).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    go_on = threading.Event()

    def away(environ, start_response):
        go_on.wait(3)
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"Away."]

    monkeypatch.setattr(page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT), "_application", away)
    time.sleep(max(0, moment + STALE_AT_MOST + 0.1 - time.time()))
    crowd = AtOnce(lambda: read(HOST), SEATS)
    time.sleep(0.3)
    go_on.set()

    assert {(answer.status, answer.headers["X-Cache"]) for answer in crowd.answers()} == {(200, "STALE")}


def test_who_waits_for_what_is_not_there_gets_the_404_too(patient_process, blog):
    before = entries()
    with locked("django_redirect"):  # which is asked before 404 is said
        crowd = AtOnce(lambda: patient_process.get(HOST, "/nothing/"), 20)
        time.sleep(0.3)
    assert {answer.status for answer in crowd.answers()} == {404}
    assert entries() == before


# -- the bookkeeping -------------------------------------------------------------------------------------------------


@pytest.fixture
def renderings():
    return Renderings()


@pytest.mark.pure
def test_the_first_renders_and_the_others_get_what_it_made(renderings):
    assert renderings.begin("page") is None
    others = [renderings.begin("page") for _ in range(3)]
    assert all(others)
    assert renderings.begin("another page") is None

    waiting = AtOnce(lambda: renderings.wait(others[0]), SEATS + 3)
    renderings.end("page", "made")
    assert waiting.answers() == ["made"] * (SEATS + 3)
    assert renderings.begin("page") is None


@pytest.mark.pure
def test_who_waits_for_one_that_failed_hears_so(renderings):
    renderings.begin("page")
    other = renderings.begin("page")
    renderings.end("page", None)

    assert renderings.wait(other) is None


@pytest.mark.pure
def test_the_seats_are_few_and_who_stands_leaves_soon(renderings):
    renderings.begin("page")
    other = renderings.begin("page")
    sitting = AtOnce(lambda: renderings.wait(other), SEATS)
    while renderings._seats._value:
        time.sleep(0.01)

    def leave():
        with pytest.raises(TookTooLong):
            renderings.wait(other)

    began = time.monotonic()
    AtOnce(leave, 4).answers()
    assert PATIENCE_STANDING - 0.2 < time.monotonic() - began < PATIENCE_STANDING + 1
    assert seconds(leave)[0] < 0.5, "the patience counts from the begin of the rendering"
    renderings.end("page", "made")
    assert sitting.answers() == ["made"] * SEATS
    assert renderings._seats._value == SEATS


@pytest.mark.pure
def test_nobody_waits_for_ever(renderings):
    renderings.begin("page")
    other = renderings.begin("page")
    other.began_at -= PATIENCE

    with pytest.raises(TookTooLong):
        renderings.wait(other)


@pytest.mark.pure
def test_of_many_who_begin_at_once_one_renders(renderings):
    start = threading.Barrier(32)

    def begin():
        start.wait()
        return renderings.begin("page")

    assert AtOnce(begin, 32).answers().count(None) == 1
