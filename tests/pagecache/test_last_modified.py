"""Pages and feeds have Last-Modified and answer If-Modified-Since, and no 304 hides a change."""

import time
from datetime import timedelta
from email.utils import formatdate, parsedate_to_datetime

import pytest
from django.utils import timezone

from blogs.models import Tag
from devstack.processes import wait_until
from pagecache import responses
from pagecache.release import Release, fingerprint
from pagecache.wsgi import PageCache
from tenancy import lifecycle
from tenancy.models import Generation
from tenancy.registry.site_registry import registry
from tenancy.releases import record_release
from tests.support import reading
from tests.support.reading import read

HOST = "techblog.test"
PATHS = ["/", "/hello/", "/tag/python/", "/feed/", "/tag/python/feed/", "/sitemap.xml", "/robots.txt"]

pytestmark = pytest.mark.sqlite


@pytest.fixture
def post(techblog, publish):
    placement = publish("Hello", on=techblog, at=timezone.now() - timedelta(days=40))
    placement.post.tags.add(Tag.objects.create(site=techblog, slug="python", name="Python"))
    return placement


@pytest.fixture
def later(monkeypatch):
    """later(10): the page cache sends responses as if 10 more seconds had passed."""

    def later(seconds):
        now = time.time() + seconds
        monkeypatch.setattr(responses, "time", lambda: now)

    return later


def fetch(path="/", **headers):
    registry.expire()
    return read(HOST, path, **headers)


def last_modified(path="/"):
    return fetch(path).headers["Last-Modified"]


def moment(http_date):
    return parsedate_to_datetime(http_date).timestamp()


@pytest.mark.parametrize("path", PATHS)
def test_a_stored_page_answers_the_date_that_it_was_sent_with(post, later, path):
    before = time.time()
    fetch(path)
    later(10)
    known = last_modified(path)
    assert abs(moment(known) - before) < 60

    unchanged = fetch(path, HTTP_IF_MODIFIED_SINCE=known)
    assert (unchanged.status, unchanged.body, unchanged.headers["X-Cache"]) == (304, b"", "HIT")
    assert unchanged.headers["ETag"] == fetch(path).headers["ETag"]
    assert fetch(path, HTTP_IF_MODIFIED_SINCE=known, method="HEAD").status == 304
    assert fetch(path, HTTP_IF_MODIFIED_SINCE=formatdate(moment(known) + 3600, usegmt=True)).status == 304
    for other in (formatdate(moment(known) - 1, usegmt=True), "yesterday", "", known.replace(" GMT", " GMT" * 500)):
        assert fetch(path, HTTP_IF_MODIFIED_SINCE=other).status == 200, other


def test_if_none_match_takes_precedence(post, later):
    later(10)
    page = fetch("/hello/")
    known, old = page.headers["Last-Modified"], "Thu, 01 Jan 2015 00:00:00 GMT"

    assert fetch("/hello/", HTTP_IF_NONE_MATCH='"other"', HTTP_IF_MODIFIED_SINCE=known).status == 200
    assert fetch("/hello/", HTTP_IF_NONE_MATCH=page.headers["ETag"], HTTP_IF_MODIFIED_SINCE=old).status == 304


def test_a_second_change_within_the_same_second_is_not_hidden(techblog, post, later):
    known = {last_modified("/hello/")}
    for number in range(5):
        techblog.settings.tagline = f"Tagline {number}"
        techblog.settings.save()
        for date in known:
            page = fetch("/hello/", HTTP_IF_MODIFIED_SINCE=date)
            assert page.status == 200
            assert f"Tagline {number}".encode() in page.body
        known.add(page.headers["Last-Modified"])

    later(10)
    assert all(fetch("/hello/", HTTP_IF_MODIFIED_SINCE=date).status == 200 for date in known)
    assert fetch("/hello/", HTTP_IF_MODIFIED_SINCE=last_modified("/hello/")).status == 304


CHANGES = {
    "the settings": lambda site, publish: lifecycle.change_settings(site, {"tagline": "Another"}, by=None),
    "the menu": lambda site, publish: publish("About", on=site, kind="page", pinned=True),
    "the name of a tag": lambda site, publish: Tag.objects.filter(site=site).update(name="Snake"),
    "the domain": lambda site, publish: lifecycle.rename(site, "elsewhere.test", by=None),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_moves_the_date_of_a_page_although_its_post_is_unchanged(techblog, publish, post, later, what):
    known = last_modified("/hello/")
    CHANGES[what](techblog, publish)
    if what == "the domain":
        lifecycle.rename(techblog, HOST, by=None)
    later(10)

    page = fetch("/hello/", HTTP_IF_MODIFIED_SINCE=known)
    assert page.status == 200
    assert moment(page.headers["Last-Modified"]) > moment(known)


def test_a_scheduled_post_moves_the_date_when_it_becomes_live(techblog, post, publish, later):
    appears = timezone.now() + timedelta(seconds=1.2)
    publish("Soon", on=techblog, at=appears)
    later(10)
    known = last_modified()
    assert b"Soon" not in fetch().body

    wait_until(lambda: b"Soon" in fetch().body, 5)
    later(10)

    page = fetch(HTTP_IF_MODIFIED_SINCE=known)
    assert page.status == 200
    assert moment(page.headers["Last-Modified"]) >= int(appears.timestamp()) > moment(known) - 1


def test_an_earlier_clock_does_not_move_the_date_backwards(techblog, post):
    ahead = timezone.now() + timedelta(hours=1)
    Generation.objects.filter(site_id=techblog.pk).update(changed_at=ahead)

    lifecycle.change_settings(techblog, {"tagline": "Another"}, by=None)

    assert Generation.objects.get(site_id=techblog.pk).changed_at == ahead


def test_the_processes_of_a_release_share_the_time_since_which_it_serves_and_a_rollback_gets_a_new_one(installation):
    first = record_release("a")
    assert record_release("a") == first

    second = record_release("b")
    assert second > first
    assert record_release("b") == second

    assert record_release("a") > second


def test_a_new_release_moves_the_date_of_unchanged_sites(post, later, monkeypatch):
    later(10)
    known = last_modified("/hello/")
    since = time.time() + 5
    release = PageCache(reading.django(), Release(f"{fingerprint()}-next", since))
    monkeypatch.setattr(reading, "page_cache", lambda *settings: release)

    page = fetch("/hello/", HTTP_IF_MODIFIED_SINCE=known)

    assert page.status == 200
    assert moment(page.headers["Last-Modified"]) == int(since) + 1


def test_redirects_errors_and_images_have_no_date_from_the_page_cache(post):
    assert "Last-Modified" not in fetch("/hello").headers
    assert "Last-Modified" not in fetch("/nothing/").headers


def test_all_processes_give_a_page_the_same_date(post, processes):
    fleet = processes(2)
    dates = {process.get(HOST, path).headers["Last-Modified"] for process in fleet for path in PATHS}

    assert len(dates) == 1
