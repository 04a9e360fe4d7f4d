"""Which responses are stored, and which requests get them. `visit` (tests/conftest.py) compares their bytes."""

from datetime import timedelta

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from blogs import redirects
from blogs.models import Author, Image, Tag
from lib.cache_control import CACHE_CONTROL
from pagecache.wsgi import MAX_BODY
from tenancy import lifecycle
from tests.support.pagecache.memory import MEMORY, NO_MEMORY
from tests.support.pagecache.observing import counted, entries
from tests.support.pagecache.wire import get
from tests.support.pictures import picture
from tests.support.processes import running, until_all_know
from tests.support.public_urls import URL_NAMES, path_of
from tests.support.reading import page_cache, read

HOST = "techblog.test"


@pytest.fixture(scope="module")
def two_processes(django_db_setup):
    with running(2, TEST_PAGE_MEMORY_MB=(NO_MEMORY, MEMORY)) as fleet:
        yield fleet


@pytest.fixture
def fleet(two_processes, furnished):
    until_all_know()
    return two_processes


@pytest.fixture
def furnished(techblog, publish):
    """A post of the techblog with a tag, an author and a cover."""
    cover = Image.objects.create(site=techblog, file=picture())
    placement = publish("Hello", on=techblog, cover=cover, at=timezone.now() - timedelta(days=40))
    placement.post.tags.add(Tag.objects.create(site=techblog, slug="python", name="Python"))
    placement.post.authors.add(Author.objects.create(site=techblog, slug="ada", name="Ada"))
    return placement


def states(*paths, **headers):
    return [read(HOST, path, **headers).headers.get("X-Cache") for path in paths]


# -- what is stored --------------------------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("name", URL_NAMES)
def test_every_page_except_images_is_rendered_once_and_then_stored(furnished, name):
    path = path_of(name, furnished)

    stored = name != "media"
    assert states(path, path, path) == (["MISS", "HIT", "HIT"] if stored else ["BYPASS"] * 3)
    first, second = read(HOST, path), read(HOST, path)
    assert (first.status, first.body) == (second.status, second.body)
    assert first.headers["Cache-Control"] == (CACHE_CONTROL if stored else "public, max-age=31536000, immutable")


def test_a_redirect_from_an_old_path_is_stored(techblog, furnished):
    redirects.moved(techblog, old_path="/old/", new_path="/hello/")

    for state in ("MISS", "HIT"):
        response = read(HOST, "/old/")
        assert (response.status, response.headers["Location"], response.headers["X-Cache"]) == (301, "/hello/", state)
        assert "ETag" not in response.headers


@pytest.mark.parametrize(
    "path",
    ["/nothing/", "/hello", "/tag/none/", "/?before=1", "/no/such/address", "/2025/13/", "/%00", "/?" + "a=1&" * 60],
)
def test_errors_are_never_stored(furnished, path):
    before = entries()

    assert states(path, path) == ["BYPASS", "BYPASS"]
    assert read(HOST, path).status in (301, 400, 404)
    assert read(HOST, path).headers["Cache-Control"] == "no-store"
    assert entries() == before


def test_requests_for_other_hosts_bypass_the_cache(techblog, settings):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)

    for host, path in (
        ("unknown.test", "/"),
        ("www.techblog.test", "/"),
        (settings.ADMIN_HOST, "/login/"),
        (settings.INTERNAL_HOST, "/health/live"),
        (HOST, "/static/blogs/none.css"),
    ):
        assert "X-Cache" not in read(host, path).headers, (host, path)
    assert "X-Cache" not in read(HOST, method="POST").headers
    assert read(HOST, method="POST").status == 405
    assert read(HOST).headers["X-Cache"]


def sets_a_cookie(request):
    response = HttpResponse("Page.")
    response.set_cookie("seen", "yes")
    return response


def depends_on_a_cookie(request):
    response = HttpResponse("Page.")
    patch_vary_headers(response, ["Cookie"])
    return response


def has_a_form(request):
    return HttpResponse(f'<input value="{get_token(request)}">')


def is_an_error(request):
    return HttpResponse("Broken.", status=500)


def is_a_part(request):
    return HttpResponse("Pa", status=206)


def is_missing(request):
    return HttpResponse("None.", status=404)


def fails(request):
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "view", [sets_a_cookie, depends_on_a_cookie, has_a_form, is_an_error, is_a_part, is_missing, fails]
)
def test_a_personal_or_incomplete_response_of_a_public_view_is_not_stored(techblog, probe, view):
    probe(view)
    before = entries()

    assert states("/probe/", "/probe/", "/probe/") == ["BYPASS"] * 3
    assert entries() == before


def test_the_error_page_for_status_500_does_not_contain_the_name_of_a_site(techblog, probe):
    probe(fails)
    response = read(HOST, "/probe/")

    assert response.status == 500
    assert b"This page cannot be shown at the moment" in response.body
    assert b"Techblog" not in response.body


def test_a_complete_response_of_a_public_view_is_stored(techblog, probe):
    probe(lambda request: HttpResponse("Page."))
    assert states("/probe/", "/probe/") == ["MISS", "HIT"]


def test_a_page_larger_than_the_maximum_size_is_sent_and_not_stored(techblog, probe):
    probe(lambda request: HttpResponse("x" * (MAX_BODY + 1)))
    before = entries()

    assert states("/probe/", "/probe/") == ["MISS", "MISS"]
    assert len(read(HOST, "/probe/").body) == MAX_BODY + 1
    assert entries() == before
    assert states("/probe/", "/probe/", HTTP_ACCEPT_ENCODING="gzip") == ["MISS", "HIT"]


def test_a_page_whose_body_raises_an_exception_is_not_stored_and_blocks_no_later_request(techblog, probe):
    def parts():
        yield b"Half a "
        raise ZeroDivisionError

    probe(lambda request: StreamingHttpResponse(parts()))
    before = entries()

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            read(HOST, "/probe/")
    assert entries() == before


# -- several processes -----------------------------------------------------------------------------------------------


def test_a_page_that_one_process_rendered_is_a_hit_in_another_process(fleet):
    for path in ("/", "/hello/", "/feed/"):
        first, second = (get(process, HOST, path, "Accept-Encoding: br") for process in fleet)
        assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
        assert (first.body, first.headers["ETag"]) == (second.body, second.headers["ETag"])


def test_a_page_that_another_process_has_just_stored_is_not_rendered_again(techblog, probe, settings, monkeypatch):
    rendered = []

    def page(request):
        rendered.append(request.path)
        return HttpResponse("Page.")

    def begin(key):
        """Store the page as another process would, after this process did not find it in Redis."""
        monkeypatch.undo()
        assert states("/probe/") == ["MISS"]
        return renders.begin(key)

    probe(page)
    renders = page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT)._renders
    monkeypatch.setattr(renders, "begin", begin)

    assert states("/probe/") == ["HIT"]
    assert rendered == ["/probe/"]


def test_a_hit_sends_no_query_and_at_most_one_redis_command(fleet):
    process, with_memory = fleet
    for each, commands in ((process, 20), (with_memory, 0)):
        assert [each.get(HOST).status for _ in range(2)] == [200, 200]

        with counted() as of_hits:
            hits = [each.get(HOST).headers["X-Cache"] for _ in range(20)]
        assert (hits, of_hits.redis_commands, of_hits.statements) == (["HIT"] * 20, commands, 0)

    with counted() as of_a_miss:
        assert process.get(HOST, "/hello/").headers["X-Cache"] == "MISS"
    assert of_a_miss.redis_commands > 1
    assert of_a_miss.statements > 0
