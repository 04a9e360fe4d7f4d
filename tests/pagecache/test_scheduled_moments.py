"""A scheduled post appears within a second of its moment, never before, on every page of every process, with a warm
cache. Nobody writes anything at that moment.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from django.utils import timezone

from blogs.models import Author, Tag
from tests.support.pagecache.observing import locked
from tests.support.processes import running, until_all_know
from tests.support.timing import InThreads

WITHIN = 1.0  # seconds of its moment
SOON = 1.5  # seconds until a moment: what is asked before it must have been answered by then


@pytest.fixture(scope="module")
def two_processes(django_db_setup):
    with running(2) as fleet:
        yield fleet


@pytest.fixture
def fleet(two_processes, techblog, financeblog):
    until_all_know()
    return two_processes


class Seen(NamedTuple):
    """What a reader saw, and when they asked and had the answer; Unix time."""

    asked: float
    answered: float
    process: int
    page: str
    shown: tuple[bool, ...]
    state: str


def watch(fleet, pages, words, until):
    """Read these pages (host, path) of all processes again and again; `shown` tells which words are there."""
    seen = []
    while time.time() < until:
        for number, process in enumerate(fleet):
            for host, path in pages:
                asked = time.time()
                answer = process.get(host, path)
                assert answer.status in (200, 404)
                shown = tuple(word in answer.body for word in words)
                seen.append(Seen(asked, time.time(), number, path, shown, answer.headers["X-Cache"]))
    return seen


def assert_turns(seen, place, moment, *, from_to=(False, True)):
    """The word at this place came (or went) at the moment, on all pages of all processes."""
    before = [each for each in seen if each.answered < moment]
    after = [each for each in seen if each.asked >= moment + WITHIN]
    everywhere = {(each.process, each.page) for each in seen}
    for some, shown in zip((before, after), from_to, strict=True):
        assert {(each.process, each.page) for each in some} == everywhere, "not every page was asked for in time"
        assert [each for each in some if each.shown[place] is not shown] == []


def at(seconds):
    return timezone.now() + timedelta(seconds=seconds)


def test_scheduled_posts_appear_at_their_moments_on_every_page_of_every_process(fleet, techblog, publish):
    tag = Tag.objects.create(slug="python", name="Python")
    author = Author.objects.create(slug="ada", name="Ada")
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


def test_a_scheduled_post_has_an_address_from_its_moment_on(fleet, techblog, publish):
    moment = publish("Soon there", on=techblog, at=at(SOON)).published_at.timestamp()

    pages = [("techblog.test", "/soon-there/"), ("techblog.test", "/sitemap.xml")]
    seen = watch(fleet, pages, ["http://techblog.test/soon-there/"], moment + WITHIN + 0.7)

    assert_turns(seen, 0, moment)


def test_a_guests_canonical_address_is_its_homes_from_the_moment_it_stands_there(fleet, techblog, financeblog, publish):
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


def test_while_one_renders_what_comes_the_others_are_shown_what_was(fleet, techblog, publish):
    process, _ = fleet
    publish("Long since", on=techblog).post.authors.add(Author.objects.create(slug="ada", name="Ada"))
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
    for answer in (new, waited):
        assert answer.headers["X-Cache"] == "MISS"
        assert "Soon there" in answer.body
    assert [process.get("techblog.test").headers["X-Cache"] for _ in range(2)][-1] == "HIT"


def test_a_moment_that_is_taken_back_changes_nothing(fleet, techblog, publish):
    placement = publish("Never there", on=techblog, at=at(SOON))
    moment = placement.published_at.timestamp()
    for process in fleet:
        process.get("techblog.test")
    placement.published_at = datetime(2999, 1, 1, tzinfo=UTC)
    placement.save()

    seen = watch(fleet, [("techblog.test", "/")], ["Never there"], moment + WITHIN + 0.2)
    assert not any(any(each.shown) for each in seen)
    assert seen[-1].state == "HIT"
