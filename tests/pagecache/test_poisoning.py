"""Cache poisoning: no request changes the response to the next request, and a page is stored once for each encoding."""

import re
from urllib.parse import quote

import pytest
from django.http import HttpResponse

from blogs.models import Placement, Tag
from tenancy import lifecycle
from tests.support.pagecache.memory import NO_MEMORY, empty_page_cache, memory
from tests.support.pagecache.observing import entries, redis
from tests.support.pagecache.poison import BODIES, EVIL, HEADERS, KEYS, PATHS, QUERIES, SPELLINGS
from tests.support.pagecache.truth import rendered
from tests.support.pagecache.wire import get
from tests.support.processes import running, until_all_know
from tests.support.reading import read

HOST = "techblog.test"


@pytest.fixture(scope="module")
def process(django_db_setup):
    with running(TEST_PAGE_MEMORY_MB=NO_MEMORY) as (process,):
        yield process


@pytest.fixture
def site(process, techblog, financeblog, publish):
    """A site with two posts on each page of a list, and an empty page cache in Redis."""
    techblog.settings.posts_per_page = 2
    techblog.settings.save()
    for n in range(3):
        publish(f"Post {n}", on=techblog).post.tags.add(
            Tag.objects.get_or_create(site=techblog, slug="python", name="Python")[0]
        )
    publish("Hello", on=techblog)
    publish("Foreign", on=financeblog)
    until_all_know()
    redis().flushall()
    return techblog


def truth(path="/"):
    """The body that Django renders for an ordinary request."""
    return rendered(HOST, path).content


def each(attacks):
    """Yield each attack after emptying the cache."""
    for attack in attacks:
        redis().flushall()
        yield attack


def assert_harmless(process, true, attack, path="/"):
    """Assert that the next request after an attack gets the correct page, and that only this page is stored."""
    left = entries()
    first, second = (get(process, HOST, path) for _ in range(2))
    assert first.body == second.body == true, attack
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("HIT" if left else "MISS", "HIT"), attack
    assert "Set-Cookie" not in second.headers
    assert len(entries()) == 1, attack


def test_no_header_of_a_request_changes_the_response_to_the_next_request(process, site):
    true = truth()
    assert EVIL.encode() not in true
    for header in each(HEADERS):
        response = get(process, HOST, "/", header)
        # 304 is the response to If-Modified-Since.
        assert (response.status, response.body) in ((200, true), (304, b"")) or response.status == 400, header
        assert_harmless(process, true, header)


def test_no_request_changes_a_page_in_the_memory_of_the_process(site):
    """Each attack is sent before the page is in memory, and after."""
    true = truth()
    named = [header.split(": ", 1) for header in HEADERS]
    attacks = [{f"HTTP_{name.replace('-', '_').upper()}": value} for name, value in named]
    attacks += [{"QUERY_STRING": query} for query in QUERIES]
    attacks += [{"REQUEST_METHOD": method} for method in ("HEAD", "POST", "PUT", "DELETE", "TRACE")]
    attacks += [{"HTTP_IF_NONE_MATCH": "*"}, {"CONTENT_LENGTH": "9"}, {"HTTP_HOST": "TECHBLOG.test.:81"}]
    for attack in attacks:
        empty_page_cache()
        for _ in range(2):
            read(HOST, **attack)
            for _ in range(2):
                response = read(HOST)
                assert (response.status, response.body) == (200, true), attack
                assert "Set-Cookie" not in response.headers
                assert EVIL.encode() not in response.body
            assert response.headers["X-Cache"] == "HIT"
            redis().flushall()
        assert len(memory()) <= 2, attack  # in its encoding and in that of the attack


def test_no_header_adds_entries(process, site):
    for header in HEADERS:
        get(process, HOST, "/", header)
    for encoding in ("gzip", "br", "gzip, br", "*", "deflate", "gzip;q=0.5", "x" * 500, "br;q=1, *;q=0"):
        get(process, HOST, "/", f"Accept-Encoding: {encoding}")

    assert sorted(key.rpartition(b":")[2] for key in entries()) == [b"br", b"gzip", b"identity"]


def test_a_view_of_a_site_sees_no_headers_and_no_cookies(site, probe):
    """Therefore a header has no effect even if it is not in HEADERS, which lists only known attacks."""

    def tell(request):
        seen = {name: value for name, value in request.META.items() if name.startswith("HTTP_")}
        return HttpResponse(f"{seen} {request.COOKIES} {request.method} {request.GET} {request.get_full_path()}")

    probe(tell)
    names = {header.partition(":")[0].replace("-", "_").upper() for header in HEADERS} - {"TRANSFER_ENCODING"}
    sent = {f"HTTP_{name}": EVIL for name in names}
    response = read("TECHBLOG.test:81", "/probe/", {"x": "1"}, method="HEAD", **sent)
    assert response.headers["X-Cache"] == "MISS"
    seen = read(HOST, "/probe/")
    assert seen.headers["X-Cache"] == "HIT"
    assert seen.body.decode() == "{'HTTP_HOST': 'techblog.test'} {} GET <QueryDict: {}> /probe/"


def test_other_spellings_of_the_host_do_not_change_a_stored_page(process, site):
    true = truth()
    for spelling in each(SPELLINGS):
        get(process, spelling, "/")
        assert_harmless(process, true, spelling)


def test_other_spellings_of_a_path_add_no_entries(process, site):
    true = {page: truth(page) for page in ("/", "/feed/", "/hello/")}
    for target in each(PATHS):
        response = get(process, HOST, target)
        for key in entries():
            page = re.search(rb":(/[^:]*)[?]", key)[1].decode()
            assert page in true, f"{target} stored {key}"
            assert response.body == true[page], target
            assert_harmless(process, true[page], target, page)
        assert EVIL.encode() not in response.body or response.headers["X-Cache"] == "BYPASS", target


def test_all_encodings_of_a_path_beyond_ascii_share_one_entry_and_raw_bytes_get_400(process, site, publish):
    publish("Привет", on=site)
    until_all_know()
    path = quote("/привет/")
    redis().flushall()

    for target in (path, path.lower(), path.replace("%D1%82", "%d1%82")):
        assert get(process, HOST, target).status == 200, target
    for target in (quote("/ПРИВЕТ/"), quote("/привет"), path.rstrip("/") + "%20", quote(path)):
        response = get(process, HOST, target)
        assert (response.status, response.headers["Location"]) == (301, path), target
    assert len(entries()) == 1
    assert get(process, HOST, "/привет/").status == 400
    assert len(entries()) == 1


def test_undeclared_parameters_have_no_effect(process, site):
    true = truth()
    for query in each(QUERIES):
        assert get(process, HOST, f"/?{query}").body == true, query
        assert_harmless(process, true, query)


def test_too_many_parameters_get_400_and_store_nothing(process, site):
    assert get(process, HOST, "/?" + "&".join(["x"] * 200)).status == 400
    assert entries() == set()


def test_an_invalid_before_parameter_gets_404_and_stores_nothing(process, site):
    for key in [*KEYS, Placement.objects.get(slug="foreign").pk]:
        for page in ("/", "/tag/python/"):
            assert get(process, HOST, f"{page}?before={key}").status == 404, key
    assert entries() == set()


def test_each_page_of_a_list_is_stored_once_for_all_spellings_of_its_query(process, site):
    key = Placement.objects.get(slug="post-2").pk
    digits = "".join(f"%{ord(digit):x}" for digit in str(key))
    true = truth(f"/?before={key}")

    queries = ["before={key}", "before=1&before={key}", "x=1&before={key}&y=2", "%62efore={digits}", "before={key}&"]
    for query in queries:
        response = get(process, HOST, f"/?{query.format(key=key, digits=digits)}")
        assert (response.status, response.body) == (200, true), query
    assert len(entries()) == 1


def test_a_request_with_a_body_gets_the_page_and_stores_nothing(process, site):
    true = truth()
    for headers, body in each(BODIES):
        for method in ("GET", "HEAD"):
            response = get(process, HOST, "/", *headers, method=method, body=body)
            assert (response.status, response.headers["X-Cache"]) == (200, "BYPASS"), headers
            assert response.body == (true if method == "GET" else b"")
        assert entries() == set()
        assert_harmless(process, true, headers)


def test_methods_other_than_get_and_head_store_nothing(process, site):
    true = truth()
    for method in each(["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PURGE", "PROPFIND"]):
        assert get(process, HOST, "/", "Content-Length: 0", method=method).status == 405, method
        assert entries() == set()
        assert_harmless(process, true, method)


def test_the_redirect_from_a_further_domain_is_not_stored(process, site):
    lifecycle.add_domain(site, "www.techblog.test", by=None)
    until_all_know()
    for host in ("www.techblog.test", "www.techblog.test:81"):
        response = get(process, host, "/x?y=1", f"X-Forwarded-Host: {EVIL}")
        assert (response.status, response.headers["Location"]) == (308, "http://techblog.test/x?y=1")
    assert entries() == set()
