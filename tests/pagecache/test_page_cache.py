"""What is stored, and who gets it. That it is the truth, `visit` of tests/conftest.py looks at each time."""

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
from tests.support.pagecache.observing import counted, entries
from tests.support.pagecache.wire import get
from tests.support.pictures import picture
from tests.support.processes import running, until_all_know
from tests.support.public_urls import URL_NAMES, path_of
from tests.support.reading import page_cache, read

HOST = "techblog.test"


@pytest.fixture(scope="module")
def two_processes(django_db_setup):
    with running(2) as fleet:
        yield fleet


@pytest.fixture
def fleet(two_processes, furnished):
    until_all_know()
    return two_processes


@pytest.fixture
def furnished(techblog, publish):
    """A post of the techblog with a tag, an author, a cover."""
    cover = Image.objects.create(site=techblog, file=picture())
    placement = publish("Hello", on=techblog, cover=cover, at=timezone.now() - timedelta(days=40))
    placement.post.tags.add(Tag.objects.create(slug="python", name="Python"))
    placement.post.authors.add(Author.objects.create(slug="ada", name="Ada"))
    return placement


def states(*paths, **headers):
    return [read(HOST, path, **headers).headers.get("X-Cache") for path in paths]


# -- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("name", URL_NAMES)
def test_every_page_is_rendered_once_and_then_kept_but_for_images(furnished, name):
    path = path_of(name, furnished)

    kept = name != "media"
    assert states(path, path, path) == (["MISS", "HIT", "HIT"] if kept else ["BYPASS"] * 3)
    first, second = read(HOST, path), read(HOST, path)
    assert (first.status, first.body) == (second.status, second.body)
    assert first.headers["Cache-Control"] == (CACHE_CONTROL if kept else "public, max-age=31536000, immutable")


def test_an_address_that_moved_is_kept_as_a_redirect(techblog, furnished):
    redirects.moved(techblog, old_path="/old/", new_path="/hello/")

    for state in ("MISS", "HIT"):
        answer = read(HOST, "/old/")
        assert (answer.status, answer.headers["Location"], answer.headers["X-Cache"]) == (301, "/hello/", state)
        assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/nothing/", "/hello", "/tag/none/", "/?before=1", "/no/such/address", "/2025/13/", "/%00", "/?" + "a=1&" * 60],
)
def test_what_is_no_page_is_never_kept(furnished, path):
    before = entries()

    assert states(path, path) == ["BYPASS", "BYPASS"]
    assert read(HOST, path).status in (301, 400, 404)
    assert read(HOST, path).headers["Cache-Control"] == "no-store"
    assert entries() == before


def test_what_belongs_to_no_site_passes_by(techblog, settings):
    lifecycle.add_domain(techblog, "www.techblog.test")

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
def test_a_page_that_is_somebodys_own_or_no_whole_page_is_not_kept_though_its_view_says_so(techblog, probe, view):
    probe(view)
    before = entries()

    assert states("/probe/", "/probe/", "/probe/") == ["BYPASS"] * 3
    assert entries() == before


def test_who_meets_a_fault_of_ours_gets_a_page_that_names_no_site(techblog, probe):
    probe(fails)
    answer = read(HOST, "/probe/")

    assert answer.status == 500
    assert b"This page cannot be shown at the moment" in answer.body
    assert b"Techblog" not in answer.body


def test_a_whole_page_of_a_declared_view_is_kept(techblog, probe):
    probe(lambda request: HttpResponse("Page."))
    assert states("/probe/", "/probe/") == ["MISS", "HIT"]


def test_a_page_that_is_too_large_is_sent_and_not_kept(techblog, probe):
    probe(lambda request: HttpResponse("x" * (MAX_BODY + 1)))
    before = entries()

    assert states("/probe/", "/probe/") == ["MISS", "MISS"]
    assert len(read(HOST, "/probe/").body) == MAX_BODY + 1
    assert entries() == before
    assert states("/probe/", "/probe/", HTTP_ACCEPT_ENCODING="gzip") == ["MISS", "HIT"]


def test_a_page_that_breaks_off_is_not_kept_and_holds_nobody_up(techblog, probe):
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


def test_what_one_process_rendered_is_a_hit_in_another(fleet):
    for path in ("/", "/hello/", "/feed/"):
        first, second = (get(process, HOST, path, "Accept-Encoding: br") for process in fleet)
        assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
        assert (first.body, first.headers["ETag"]) == (second.body, second.headers["ETag"])


def test_what_another_process_stored_a_moment_ago_is_not_rendered_once_more(techblog, probe, settings, monkeypatch):
    rendered = []

    def page(request):
        rendered.append(request.path)
        return HttpResponse("Page.")

    def begin(key):
        """After this process has not found the page another one stores it."""
        monkeypatch.undo()
        assert states("/probe/") == ["MISS"]
        return renderings.begin(key)

    probe(page)
    renderings = page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT)._renders
    monkeypatch.setattr(renderings, "begin", begin)

    assert states("/probe/") == ["HIT"]
    assert rendered == ["/probe/"]


def test_a_hit_costs_one_command_of_redis_and_no_query(fleet):
    process, _ = fleet
    assert process.get(HOST).status == 200

    with counted() as of_hits:
        hits = [process.get(HOST).headers["X-Cache"] for _ in range(20)]
    assert (hits, of_hits.redis_commands, of_hits.statements) == (["HIT"] * 20, 20, 0)

    with counted() as of_a_miss:
        assert process.get(HOST, "/hello/").headers["X-Cache"] == "MISS"
    assert of_a_miss.redis_commands > 1
    assert of_a_miss.statements > 0
