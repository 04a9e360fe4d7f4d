"""Every response of every kind of host has the headers that restrict browsers and caches."""

import pytest
from django.conf import settings

from blogs import redirects
from blogs.models import Image
from tenancy import lifecycle
from tenancy.domain_checks import PROOF_PATH
from tests.support.pictures import picture
from tests.support.reading import read

pytestmark = pytest.mark.sqlite

HOST = "techblog.test"


@pytest.fixture
def placement(techblog, publish):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    redirects.moved(techblog, old_path="/old/", new_path="/hello/")
    return publish("Hello", on=techblog, cover=Image.objects.create(site=techblog, file=picture()))


def responses(placement):
    """(host, path, response) for requests of all kinds."""
    media = placement.post.cover.get_absolute_url()
    for host, asked in (
        *(
            (HOST, each)
            for each in ("/", "/", "/hello/", "/feed/", "/robots.txt", "/sitemap.xml", "/old/", "/nothing/")
        ),
        *((HOST, each) for each in (media, "/hello", "/static/blogs/base.css", "/static/none.css", PROOF_PATH, "/-/")),
        ("www.techblog.test", media),
        ("unknown.test", "/"),
        (settings.ADMIN_HOST, "/login/"),
        (settings.ADMIN_HOST, "/"),
        (settings.ADMIN_HOST, "/none/"),
        (settings.ADMIN_HOST, "/static/none.css"),
        (settings.ADMIN_HOST, "/%00"),
        (settings.INTERNAL_HOST, "/health/live"),
        (settings.INTERNAL_HOST, "/traefik/document"),
    ):
        yield host, asked, read(host, asked)


def test_every_response_has_a_permissions_policy_and_a_resource_policy(placement):
    for host, asked, response in responses(placement):
        assert "camera=()" in response.headers["Permissions-Policy"], (host, asked)
        is_embeddable = asked.startswith("/media/") or response.status in (301, 302, 308)
        expected = "cross-origin" if is_embeddable else "same-origin"
        assert response.headers["Cross-Origin-Resource-Policy"] == expected, (host, asked)


def test_no_cache_may_store_an_error(placement):
    found = [(host, asked, each) for host, asked, each in responses(placement) if each.status >= 400]

    assert len(found) > 5
    for host, asked, response in found:
        assert "no-store" in response.headers["Cache-Control"], (host, asked)


def test_a_page_from_the_cache_has_the_headers_too(placement):
    first, second = read(HOST, "/hello/"), read(HOST, "/hello/")

    assert second.headers["X-Cache"] == "HIT"
    for name in ("Permissions-Policy", "Cross-Origin-Resource-Policy"):
        assert first.headers[name] == second.headers[name]


def test_an_image_is_embeddable_on_other_sites_also_when_its_address_has_moved(placement):
    address = placement.post.cover.get_absolute_url()

    for host, status in ((HOST, 200), ("www.techblog.test", 308)):
        response = read(host, address)
        assert (response.status, response.headers["Cross-Origin-Resource-Policy"]) == (status, "cross-origin")


@pytest.mark.parametrize("host", [HOST, settings.ADMIN_HOST])
def test_the_proof_of_a_domain_answers_only_get_and_head(host, techblog):
    assert read(host, PROOF_PATH).status == read(host, PROOF_PATH, method="HEAD").status == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = read(host, PROOF_PATH, method=method)
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
