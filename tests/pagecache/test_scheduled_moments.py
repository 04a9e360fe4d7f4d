"""A scheduled post appears on every page of every process within a second after its publication time, and never before.

The cache is warm, and no row changes at that time.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from django.utils import timezone

from blogs.models import Author, Tag
from tests.support.pagecache.memory import MEMORY, NO_MEMORY
from tests.support.pagecache.observing import locked
from tests.support.processes import running, until_all_know
from tests.support.timing import InThreads

WITHIN = 1.0  # seconds after the publication time in which the post must appear
SOON = 1.5  # seconds until a publication time; requests before it must have completed by then


@pytest.fixture(scope="module")
def two_processes(django_db_setup):
    with running(2, TEST_PAGE_MEMORY_MB=(MEMORY, NO_MEMORY)) as fleet:
        yield fleet


@pytest.fixture
def fleet(two_processes, techblog, financeblog):
    until_all_know()
    return two_processes


class Observation(NamedTuple):
    """What a response contained, and the Unix times of request and response."""

    began: float
    ended: float
    process: int
    page: str
    shown: tuple[bool, ...]
    state: str


def watch(fleet, pages, words, until):
    """Request these pages (host, path) from all processes until the Unix time `until`.

    `shown` of each observation tells which of the words the response contains.
    """
    seen = []
    while time.time() < until:
        for number, process in enumerate(fleet):
            for host, path in pages:
                began = time.time()
                response = process.get(host, path)
                assert response.status in (200, 404)
                shown = tuple(word in response.body for word in words)
                seen.append(Observation(began, time.time(), number, path, shown, response.headers["X-Cache"]))
    return seen


def assert_turns(seen, place, moment, *, from_to=(False, True)):
    """Assert that the word with index `place` appeared at `moment` on all pages of all processes.

    With `from_to=(True, False)` it must have disappeared.
    """
    before = [each for each in seen if each.ended < moment]
    after = [each for each in seen if each.began >= moment + WITHIN]
    everywhere = {(each.process, each.page) for each in seen}
    for some, shown in zip((before, after), from_to, strict=True):
        assert {(each.process, each.page) for each in some} == everywhere, "not every page was requested in time"
        assert [each for each in some if each.shown[place] is not shown] == []


def at(seconds):
    return timezone.now() + timedelta(seconds=seconds)


def test_scheduled_posts_appear_in_time_on_every_page_of_every_process(fleet, techblog, publish):
    tag = Tag.objects.create(site=techblog, slug="python", name="Python")
    author = Author.objects.create(site=techblog, slug="ada", name="Ada")
    moments = [at(SOON), at(SOON + WITHIN + 0.3)]
    for title, when in (("Long since", ...), ("First of two", moments[0]), ("Second of two", moments[1])):
        post = publish(title, on=techblog, at=when).post
        post.tags.add(tag)
        post.authors.add(author)
    month = f"/{moments[0]:%Y/%m}/"

    paths = ("/", "/feed/", "/tag/python/", "/tag/python/feed/", "/author/ada/", month)
    pages = [("techblog.test", path) for path in paths]
    until = moments[1].timestamp() + WITHIN + 1
    seen = watch(fleet, pages, ["First of two", "Second of two"], until)

    for place, moment in enumerate(moments):
        assert_turns(seen, place, moment.timestamp())
    states = [each.state for each in seen]
    assert states.count("HIT") > len(states) / 2


def test_a_scheduled_post_returns_404_until_its_publication_time_and_200_afterwards(fleet, techblog, publish):
    moment = publish("Soon there", on=techblog, at=at(SOON)).published_at.timestamp()

    pages = [("techblog.test", "/soon-there/"), ("techblog.test", "/sitemap.xml")]
    seen = watch(fleet, pages, ["http://techblog.test/soon-there/"], moment + WITHIN + 0.7)

    assert_turns(seen, 0, moment)


def test_the_canonical_url_is_on_the_home_as_soon_as_the_post_is_live_there(fleet, techblog, financeblog, publish):
    at_home = publish("Ledgers", on=techblog, at=at(SOON))
    publish("", on=financeblog, post=at_home.post, slug="python-ledgers")
    moment = at_home.published_at.timestamp()

    pages = [("financeblog.test", "/python-ledgers/")]
    addresses = ("http://techblog.test/ledgers/", "http://financeblog.test/python-ledgers/")
    words = [f'<link rel="canonical" href="{address}"' for address in addresses]
    seen = watch(fleet, [*pages], words, moment + WITHIN + 0.7)
    listed = fleet[0].get("financeblog.test", "/sitemap.xml").body

    assert_turns(seen, 0, moment)
    assert_turns(seen, 1, moment, from_to=(True, False))
    assert "python-ledgers" not in listed


def test_during_the_first_render_after_a_change_other_requests_get_the_expired_page(fleet, techblog, publish):
    process, _ = fleet
    publish("Long since", on=techblog).post.authors.add(Author.objects.create(site=techblog, slug="ada", name="Ada"))
    moment = publish("Soon there", on=techblog, at=at(SOON)).published_at.timestamp()
    assert [process.get("techblog.test").headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]

    with locked("blogs_author"):
        time.sleep(max(0, moment + 0.02 - time.time()))
        renders = InThreads(lambda: process.get("techblog.test"))
        time.sleep(0.1)
        shown = process.get("techblog.test")
        time.sleep(max(0, moment + 0.6 - time.time()))
        waits = InThreads(lambda: process.get("techblog.test"))
        time.sleep(0.1)
    (new,), (waited,) = renders.results(), waits.results()

    assert (shown.headers["X-Cache"], shown.headers["Age"]) == ("STALE", "0")
    assert ("Long since" in shown.body, "Soon there" in shown.body) == (True, False)
    for response in (new, waited):
        assert response.headers["X-Cache"] == "MISS"
        assert "Soon there" in response.body
    assert [process.get("techblog.test").headers["X-Cache"] for _ in range(2)][-1] == "HIT"


def test_a_cancelled_publication_time_changes_no_page(fleet, techblog, publish):
    placement = publish("Never there", on=techblog, at=at(SOON))
    moment = placement.published_at.timestamp()
    for process in fleet:
        process.get("techblog.test")
    placement.published_at = datetime(2999, 1, 1, tzinfo=UTC)
    placement.save()

    seen = watch(fleet, [("techblog.test", "/")], ["Never there"], moment + WITHIN + 0.2)
    assert not any(any(each.shown) for each in seen)
    assert seen[-1].state == "HIT"
