"""Strangers neither multiply what is kept nor make us work, remember or write for nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blogs.models import Tag
from pagecache import cached_response, requests
from tests.support.reading import read

HOST = "techblog.test"
MONTH = "/2026/03/"


@pytest.fixture
def placements(techblog, publish):
    """Posts of March, of which the newest has a tag; one of April; a page."""
    march = timezone.now().replace(year=2026, month=3, day=1)
    posts = [publish(f"Post {n}", on=techblog, at=march + timedelta(days=n)) for n in range(5)]
    posts[-1].post.tags.add(Tag.objects.create(slug="rare", name="Rare"))
    april = publish("April", on=techblog, at=march + timedelta(days=40))
    about = publish("About", on=techblog, kind="page", at=march)
    return {"tagged": posts[-1], "march": posts[2], "april": april, "page": about}


@pytest.mark.parametrize(
    ("path", "known", "others"),
    [
        ("/", ["tagged", "march", "april"], ["page"]),
        (MONTH, ["tagged", "march"], ["april", "page"]),
        ("/tag/rare/", [], ["march", "april", "page"]),
    ],
)
def test_a_list_goes_on_only_from_its_own_posts(placements, path, known, others):
    states = {name: read(HOST, path, {"before": placements[name].pk}).status for name in (*known, *others)}

    assert states == dict.fromkeys(known, 200) | dict.fromkeys(others, 404)


def test_a_part_of_the_sitemap_that_was_guessed_costs_one_look(techblog, publish):
    first = publish("Post", on=techblog)

    with CaptureQueriesContext(connection) as captured:
        assert read(HOST, f"/sitemap-{first.pk + 1}.xml").status == 404
    assert not any("row_number" in query["sql"].lower() for query in captured.captured_queries)
    assert read(HOST, f"/sitemap-{first.pk}.xml").status == 200


def test_an_unknown_host_is_no_proxys_to_keep(techblog, visit):
    assert visit("unknown.test").headers["Cache-Control"] == "no-store"


def test_an_overlong_address_is_refused_without_a_line_in_the_log(techblog, caplog):
    assert read(HOST, "/?" + "a=1&" * 60).status == 400
    assert caplog.records == []


@pytest.mark.pure
def test_headers_of_no_browser_are_not_remembered():
    for remembered, ask in (
        (requests._name_in, lambda: requests._name("x" * 8000)),
        (cached_response._accepted, lambda: cached_response.accepted("br, " + "x" * 8000)),
    ):
        before = remembered.cache_info().currsize
        assert ask() in ("", "identity")
        assert remembered.cache_info().currsize == before
