"""A host reaches its own site or surface. All other hosts get a 404 that names no site."""

import re
import socket

import pytest
from django.conf import settings
from django.contrib.sites import models as sites_framework
from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.test import RequestFactory

from hosts import exactly
from tenancy import lifecycle
from tenancy.models import SiteSettings
from tests.support.processes import running, until_all_know

pytestmark = pytest.mark.sqlite

SPELLINGS = ["techblog.test", "TechBlog.TEST", "techblog.test.", "techblog.test:8000", "TECHBLOG.test.:80"]
SIMILAR_NAMES = ["techblog.test.evil.test", "eviltechblog.test", "techblogxtest", "techblog", "test", "unknown.test"]
IP_ADDRESSES = ["127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "2130706433", "0x7f.1"]
INVALID_NAMES = [
    "",
    "*",
    "*.test",
    "techblog..test",
    ".techblog.test",
    "-techblog.test",
    "xn--",
    "xn--techblog.test",
    "a" * 300,
]
INVALID_HEADERS = [
    "techblog.test:port",
    "techblog.test:99999999",
    "techblog.test%00",
    "techblog.test/",
    "user@techblog.test",
    "techblog.test,financeblog.test",
    "techblog.test financeblog.test",
]
UNKNOWN = [*SIMILAR_NAMES, *IP_ADDRESSES, *INVALID_NAMES, *INVALID_HEADERS]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_site_responds_to_every_spelling_of_its_domain(techblog, visit, host):
    assert visit(host).status_code == 200


@pytest.mark.parametrize("host", UNKNOWN)
def test_an_unknown_host_gets_404_without_the_name_of_a_site(
    techblog, financeblog, visit, django_assert_num_queries, host
):
    with django_assert_num_queries(0):
        response = visit(host)

    assert response.status_code == 404
    page = response.content.decode()
    assert "Techblog" not in page
    assert "Financeblog" not in page
    assert response.content == visit("another-unknown.test").content


def test_an_international_domain_works_in_its_ascii_form_and_raw_bytes_get_400(installation, visit):
    site = lifecycle.create("bücher.test", "Bücher", by=None)

    assert site.domain == "xn--bcher-kva.test"
    assert visit("xn--bcher-kva.test").status_code == 200
    assert visit("XN--BCHER-KVA.test:8000").status_code == 200
    assert visit("bücher.test").status_code == 400


def test_a_site_without_settings_gets_the_response_of_an_unknown_host(techblog, visit):
    SiteSettings.objects.filter(site=techblog).delete()

    response = visit(techblog)
    assert (response.status_code, response.content) == (404, visit("never.test").content)


@pytest.mark.parametrize(
    "path", ["/", "/hello/", "/none/", "/feed/", "/robots.txt", "/favicon.ico", f"/media/{'0' * 32}.png", "/-/"]
)
def test_each_address_of_a_suspended_site_gets_503_that_names_no_site(techblog, financeblog, publish, visit, path):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    publish("Hello", on=techblog)
    visit(techblog, path)  # the page cache has the page
    lifecycle.suspend(techblog, by=None)

    for host in ("techblog.test", "www.techblog.test"):
        response = visit(host, path)
        page = response.content.decode()
        assert response.status_code == 503, host
        assert (response["Retry-After"], response["Cache-Control"]) == ("3600", "no-store")
        assert "This site is suspended" in page
        assert not any(word in page for word in ("techblog", "Techblog", "Hello", "style.css", 'rel="canonical"'))
    assert visit(financeblog).status_code == 200
    assert visit("never.test", path).status_code == 404


def test_the_503_of_a_suspended_site_is_not_logged(techblog, visit, caplog):
    lifecycle.suspend(techblog, by=None)
    assert visit(techblog).status_code == 503

    assert caplog.records == []


def test_a_pinned_process_responds_with_503_for_its_own_suspended_site_only(techblog, financeblog, visit, settings):
    settings.PINNED_SITE_ID = techblog.pk
    for site in (techblog, financeblog):
        lifecycle.suspend(site, by=None)

    assert visit(techblog).status_code == 503
    assert visit(financeblog).status_code == 404


def test_the_admin_responds_only_on_its_own_host(techblog, visit):
    admin = settings.ADMIN_HOST
    for host in (admin, admin.upper(), f"{admin}.", f"{admin}:8000"):
        assert visit(host, "/login/").status_code == 200
    for host in (f"{admin}.evil.test", f"x{admin}", admin.replace(".", "x"), "techblog.test"):
        assert visit(host, "/login/").status_code == 404


def test_the_internal_surface_responds_only_on_its_own_host(techblog, visit):
    internal = settings.INTERNAL_HOST
    assert visit(internal, "/health/live").status_code == 200
    for host in (f"{internal}.evil.test", f"x{internal}", settings.ADMIN_HOST, "techblog.test"):
        assert visit(host, "/health/live").status_code in (302, 404)
    assert visit(internal, "/login/").status_code == 404


def test_the_pattern_of_a_host_matches_only_this_host_with_or_without_a_port():
    assert re.match(exactly("admin.example.com"), "admin.example.com:8000")
    for host in (
        "admin.example.com.evil.test",
        "adminxexample.com",
        "admin.example.com:",
        "admin.example.com:1.evil.test",
    ):
        assert not re.match(exactly("admin.example.com"), host)


def test_a_further_domain_redirects_to_the_primary_domain_with_the_same_path_and_query(techblog, visit):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)

    response = visit("WWW.techblog.test:8000", "/any/path/?x=1&y=%C3%BC")

    assert response.status_code == 308
    assert response["Location"] == "http://techblog.test/any/path/?x=1&y=%C3%BC"


@pytest.mark.parametrize("host", [*SPELLINGS, "www.techblog.test"])
def test_get_current_site_returns_the_site_of_the_host_without_a_query(
    techblog, visit, django_assert_num_queries, host
):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    visit(techblog)

    with django_assert_num_queries(0):
        site = get_current_site(RequestFactory().get("/", headers={"host": host}))

    assert site == techblog
    assert site.settings.tagline == "Notes from the machine room"


def test_get_current_site_returns_a_site_for_the_hosts_of_surfaces_and_none_for_an_unknown_host(
    techblog, django_assert_num_queries
):
    def current_site(host):
        return get_current_site(RequestFactory().get("/", headers={"host": host}))

    with django_assert_num_queries(0):
        for host in (settings.ADMIN_HOST, settings.INTERNAL_HOST):
            assert (current_site(f"{host}:8000").domain, current_site(host).pk) == (host, None)
        with pytest.raises(Site.DoesNotExist):
            current_site("unknown.test")


def test_the_cache_of_the_sites_framework_cannot_be_written_or_cleared(techblog, visit):
    Site.objects.clear_cache()
    stale = Site(domain="techblog.test", name="Stale")
    sites_framework.SITE_CACHE["techblog.test"] = stale

    assert "Stale" not in visit(techblog).content.decode()


# -- over a socket: malformed requests -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(django_db_setup):
    with running() as (process,):
        yield process


@pytest.fixture
def process(server, techblog, financeblog):
    """A server process whose registry has both sites."""
    until_all_know()
    return server


def raw(process, request):
    """Send these bytes and return the status and the body of the response."""
    with socket.create_connection(("127.0.0.1", process.port), timeout=5) as connection:
        connection.sendall(request)
        response = b""
        while chunk := connection.recv(65536):
            response += chunk
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    "request_line_and_headers",
    [
        b"GET / HTTP/1.1\r\nHost: techblog.test\r\nHost: financeblog.test\r\nConnection: close",
        b"GET / HTTP/1.1\r\nHost: techblog.test, financeblog.test\r\nConnection: close",
        b"GET / HTTP/1.1\r\nHost: techblog.test\r\n financeblog.test\r\nConnection: close",
        b"GET / HTTP/1.1\r\nHost: b\xfccher.test\r\nConnection: close",
        b"GET / HTTP/1.1\r\nHost: techblog.test\x00\r\nConnection: close",
        b"GET / HTTP/1.1\r\nConnection: close",
        b"GET / HTTP/1.0\r\n",
        b"GET / HTTP/1.1\r\nHost: " + b"a" * 10_000 + b"\r\nConnection: close",
    ],
)
def test_a_missing_or_malformed_host_header_gets_400_or_404(process, request_line_and_headers):
    status, body = raw(process, request_line_and_headers + b"\r\n\r\n")

    assert status in (400, 404, 431)
    assert b"Techblog" not in body
    assert b"Financeblog" not in body


def test_the_host_header_takes_precedence_over_an_absolute_request_line(process):
    status, body = raw(
        process, b"GET http://financeblog.test/ HTTP/1.1\r\nHost: techblog.test\r\nConnection: close\r\n\r\n"
    )

    assert status in (200, 400, 404)
    assert b"Financeblog" not in body


@pytest.mark.parametrize("path", [b"//evil.test/", b"//evil.test", b"/\\evil.test", b"/%2fevil.test"])
def test_no_path_redirects_to_another_host(process, path):
    status, body = raw(process, b"GET " + path + b" HTTP/1.1\r\nHost: techblog.test\r\nConnection: close\r\n\r\n")

    assert status == 404
    assert b"evil.test/" not in body


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host", "X-Forwarded-Server"])
def test_only_the_host_header_selects_the_site(process, header):
    value = "host=financeblog.test" if header == "Forwarded" else "financeblog.test"

    status, _, page = process.get("techblog.test", "/", **{header: value})

    assert status == 200
    assert "Techblog" in page
    assert "Financeblog" not in page
