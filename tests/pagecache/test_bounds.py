"""Hostile requests cannot add cache entries, queries, memory or log lines."""

from datetime import timedelta

import pytest
from django.utils import timezone

from blogs import redirects
from blogs.models import Placement, Tag
from blogs.models.placements import ID_RANGE
from pagecache import cached_response, requests
from tests.support.pagecache.observing import entries
from tests.support.reading import read

HOST = "techblog.test"
MONTH = "/2026/03/"


@pytest.fixture
def placements(techblog, publish):
    """Five posts of March, of which the newest has a tag, a post of April, and a page."""
    march = timezone.now().replace(year=2026, month=3, day=1)
    posts = [publish(f"Post {n}", on=techblog, at=march + timedelta(days=n)) for n in range(5)]
    posts[-1].post.tags.add(Tag.objects.create(site=techblog, slug="rare", name="Rare"))
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
def test_a_before_parameter_that_names_no_post_of_the_list_gets_404(placements, path, known, others):
    states = {name: read(HOST, path, {"before": placements[name].pk}).status for name in (*known, *others)}

    assert states == dict.fromkeys(known, 200) | dict.fromkeys(others, 404)


def test_a_redirect_from_the_address_of_a_list_adds_one_entry_whatever_its_query_string_is(techblog, publish):
    publish("Post", on=techblog)
    redirects.moved(techblog, old_path="/tag/old/", new_path="/tag/new/")
    before = entries()

    for number in range(1, 30):
        response = read(HOST, "/tag/old/", {"before": number})
        assert (response.status, response.headers["Location"]) == (301, f"/tag/new/?before={number}")
        assert response.headers["Cache-Control"] == "no-store"
    assert entries() == before
    assert [read(HOST, "/tag/old/").headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    assert len(entries() - before) == 1


def test_a_redirect_from_the_root_answers_no_address(techblog, publish):
    publish("Post", on=techblog)
    redirects.moved(techblog, old_path="/", new_path="/elsewhere/")

    assert read(HOST, "/").status == 200
    for path in ("/?before=987654", "/?before=x", "/nothing/", "/tag/none/"):
        assert read(HOST, path).status == 404, path


def test_only_parts_of_the_sitemap_that_contain_a_post_exist(techblog, financeblog, publish):
    number = publish("Post", on=techblog).pk // ID_RANGE + 1
    draft = publish("Draft", on=techblog, at=None)
    foreign = publish("Foreign", on=financeblog)
    Placement.objects.filter(pk=draft.pk).update(id=(number + 3) * ID_RANGE)
    Placement.objects.filter(pk=foreign.pk).update(id=(number + 4) * ID_RANGE)
    beyond_the_largest_key = 10**17

    numbers = [number, number + 1, number + 4, number + 5, beyond_the_largest_key]
    states = [read(HOST, f"/sitemap-{number}.xml").status for number in numbers]

    assert states == [200, 404, 404, 404, 404]


def test_the_response_for_an_unknown_host_may_not_be_stored(techblog, visit):
    assert visit("unknown.test").headers["Cache-Control"] == "no-store"


def test_a_query_string_with_too_many_parameters_gets_400_without_a_log_line(techblog, caplog):
    assert read(HOST, "/?" + "a=1&" * 60).status == 400
    assert caplog.records == []


def _long_request():
    return {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "HTTP_HOST": HOST, "PATH_INFO": "/" + "x" * 4000}


@pytest.mark.pure
def test_too_long_headers_and_paths_are_not_kept_in_memory():
    for memoised, call in (
        (requests._parsed_host_name, lambda: requests.host_name("x" * 8000)),
        (requests._remembered_address, lambda: requests.cacheable_address(_long_request())),
        (cached_response._negotiate, lambda: cached_response.negotiate_encoding("br, " + "x" * 8000)),
    ):
        before = memoised.cache_info().currsize
        assert call() in ("", "identity", None)
        assert memoised.cache_info().currsize == before
