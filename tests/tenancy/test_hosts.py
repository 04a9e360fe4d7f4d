"""Which host reaches what: a site by its own names alone, the surfaces by exactly theirs, everything else nothing."""

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
NAMES_LIKE_IT = ["techblog.test.evil.test", "eviltechblog.test", "techblogxtest", "techblog", "test", "unknown.test"]
ADDRESSES = ["127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "2130706433", "0x7f.1"]
NO_NAMES = [
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
NO_HEADERS = [
    "techblog.test:port",
    "techblog.test:99999999",
    "techblog.test%00",
    "techblog.test/",
    "user@techblog.test",
    "techblog.test,financeblog.test",
    "techblog.test financeblog.test",
]
UNKNOWN = [*NAMES_LIKE_IT, *ADDRESSES, *NO_NAMES, *NO_HEADERS]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_site_answers_to_its_name_in_any_spelling(techblog, visit, host):
    assert visit(host).status_code == 200


@pytest.mark.parametrize("host", UNKNOWN)
def test_an_unknown_host_learns_no_sites_name(techblog, financeblog, visit, django_assert_num_queries, host):
    with django_assert_num_queries(0):
        answer = visit(host)

    assert answer.status_code == 404
    page = answer.content.decode()
    assert "Techblog" not in page
    assert "Financeblog" not in page
    assert answer.content == visit("another-unknown.test").content


def test_an_international_name_answers_in_its_ascii_form_and_raw_bytes_get_400(installation, visit):
    site = lifecycle.create("bücher.test", "Bücher")

    assert site.domain == "xn--bcher-kva.test"
    assert visit("xn--bcher-kva.test").status_code == 200
    assert visit("XN--BCHER-KVA.test:8000").status_code == 200
    assert visit("bücher.test").status_code == 400


def test_a_site_without_settings_or_suspended_is_as_unknown_as_one_that_never_was(techblog, financeblog, visit):
    SiteSettings.objects.filter(site=techblog).delete()
    lifecycle.suspend(financeblog)
    never = visit("never.test")

    for site in (techblog, financeblog):
        answer = visit(site)
        assert (answer.status_code, answer.content) == (404, never.content)


def test_the_admin_answers_on_its_own_host_alone(techblog, visit):
    admin = settings.ADMIN_HOST
    for host in (admin, admin.upper(), f"{admin}.", f"{admin}:8000"):
        assert visit(host, "/login/").status_code == 200
    for host in (f"{admin}.evil.test", f"x{admin}", admin.replace(".", "x"), "techblog.test"):
        assert visit(host, "/login/").status_code == 404


def test_the_internal_surface_answers_on_its_own_host_alone(techblog, visit):
    internal = settings.INTERNAL_HOST
    assert visit(internal, "/health/live").status_code == 200
    for host in (f"{internal}.evil.test", f"x{internal}", settings.ADMIN_HOST, "techblog.test"):
        assert visit(host, "/health/live").status_code in (302, 404)
    assert visit(internal, "/login/").status_code == 404


def test_a_hosts_pattern_is_closed_and_escaped():
    assert re.match(exactly("admin.example.com"), "admin.example.com:8000")
    for host in (
        "admin.example.com.evil.test",
        "adminxexample.com",
        "admin.example.com:",
        "admin.example.com:1.evil.test",
    ):
        assert not re.match(exactly("admin.example.com"), host)


def test_a_further_domain_redirects_with_path_and_query(techblog, visit):
    lifecycle.add_domain(techblog, "www.techblog.test")

    answer = visit("WWW.techblog.test:8000", "/any/path/?x=1&y=%C3%BC")

    assert answer.status_code == 308
    assert answer["Location"] == "http://techblog.test/any/path/?x=1&y=%C3%BC"


@pytest.mark.parametrize("host", [*SPELLINGS, "www.techblog.test"])
def test_get_current_site_is_right_and_costs_no_query(techblog, visit, django_assert_num_queries, host):
    lifecycle.add_domain(techblog, "www.techblog.test")
    visit(techblog)

    with django_assert_num_queries(0):
        site = get_current_site(RequestFactory().get("/", headers={"host": host}))

    assert site == techblog
    assert site.settings.tagline == "Notes from the machine room"


def test_get_current_site_knows_the_installations_own_hosts_and_no_unknown_one(techblog, django_assert_num_queries):
    def current_site(host):
        return get_current_site(RequestFactory().get("/", headers={"host": host}))

    with django_assert_num_queries(0):
        for host in (settings.ADMIN_HOST, settings.INTERNAL_HOST):
            assert (current_site(f"{host}:8000").domain, current_site(host).pk) == (host, None)
        with pytest.raises(Site.DoesNotExist):
            current_site("unknown.test")


def test_the_sites_frameworks_own_cache_cannot_be_filled_or_emptied(techblog, visit):
    Site.objects.clear_cache()
    stale = Site(domain="techblog.test", name="Stale")
    sites_framework.SITE_CACHE["techblog.test"] = stale

    assert "Stale" not in visit(techblog).content.decode()


# -- over a socket: what no well-behaved client sends --------------------------------------------------------------


@pytest.fixture(scope="module")
def server(django_db_setup):
    with running() as (process,):
        yield process


@pytest.fixture
def process(server, techblog, financeblog):
    """A server process that knows both sites: a quarter of a second after they were made."""
    until_all_know()
    return server


def raw(process, request):
    """The status and body of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", process.port), timeout=5) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
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
def test_a_host_header_that_is_none_gets_400_or_404(process, request_line_and_headers):
    status, body = raw(process, request_line_and_headers + b"\r\n\r\n")

    assert status in (400, 404, 431)
    assert b"Techblog" not in body
    assert b"Financeblog" not in body


def test_an_absolute_form_request_line_shows_no_other_site_than_the_host_header(process):
    status, body = raw(
        process, b"GET http://financeblog.test/ HTTP/1.1\r\nHost: techblog.test\r\nConnection: close\r\n\r\n"
    )

    assert status in (200, 400, 404)
    assert b"Financeblog" not in body


@pytest.mark.parametrize("path", [b"//evil.test/", b"//evil.test", b"/\\evil.test", b"/%2fevil.test"])
def test_no_path_leads_to_another_host(process, path):
    status, body = raw(process, b"GET " + path + b" HTTP/1.1\r\nHost: techblog.test\r\nConnection: close\r\n\r\n")

    assert status == 404
    assert b"evil.test/" not in body


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host", "X-Forwarded-Server"])
def test_no_other_header_names_the_site(process, header):
    value = "host=financeblog.test" if header == "Forwarded" else "financeblog.test"

    status, _, page = process.get("techblog.test", "/", **{header: value})

    assert status == 200
    assert "Techblog" in page
    assert "Financeblog" not in page
