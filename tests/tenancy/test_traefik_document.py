"""Traefik's document has a router for each live domain and contains no hostile name or address."""

import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from tenancy import lifecycle
from tenancy.internal import traefik
from tenancy.models import Domain, DomainCheck, SiteSettings

pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

TOKEN = "the-token-of-traefik-0123456789-abcdef"


@pytest.fixture(autouse=True)
def deployments(settings):
    settings.INTERNAL_TOKEN = TOKEN
    settings.SHARED_DEPLOYMENT = ("http://127.0.0.1:8001", "http://127.0.0.1:8002")
    settings.ADMIN_DEPLOYMENT = ()
    settings.DOMAIN_ROUTERS = 500


@pytest.fixture
def get():
    """get(): request the document with the token and return the response."""

    def get(authorization=f"Bearer {TOKEN}"):
        client = Client(headers={"host": django_settings.INTERNAL_HOST, "authorization": authorization})
        return client.get("/traefik/document")

    return get


@pytest.fixture
def routers(get):
    """routers(): the routers of the document, by name."""
    return lambda: get().json()["http"]["routers"]


def test_each_live_domain_has_a_router_with_a_higher_priority_than_the_catch_all(techblog, financeblog, routers):
    lifecycle.add_domain(techblog, "old.test", by=None)

    found = routers()

    assert set(found) == {"_catch-all", "_catch-all-tls", "techblog.test", "financeblog.test", "old.test"}
    assert found["techblog.test"]["rule"] == "Host(`techblog.test`)"
    assert found["old.test"]["priority"] > found["_catch-all"]["priority"] > 1
    assert found["techblog.test"]["service"] == found["_catch-all"]["service"] == "shared"


def test_suspended_sites_and_sites_without_settings_have_no_router(techblog, financeblog, routers):
    lifecycle.suspend(techblog, by=None)
    Domain.objects.create(site=Site.objects.create(domain="bare.test", name="Bare"), name="bare.test", primary=True)

    assert set(routers()) == {"_catch-all", "_catch-all-tls", "financeblog.test"}


def test_if_there_are_more_domains_than_the_limit_only_the_oldest_domains_have_routers(
    techblog, financeblog, settings, routers
):
    settings.DOMAIN_ROUTERS = 1

    assert "techblog.test" in routers()
    assert "financeblog.test" not in routers()


def test_a_site_with_its_own_deployment_has_routers_beyond_the_limit(techblog, financeblog, settings, get):
    settings.DOMAIN_ROUTERS = 0
    SiteSettings.objects.filter(site=financeblog).update(deployment="http://127.0.0.1:8003")
    lifecycle.add_domain(financeblog, "money.test", by=None)

    http = get().json()["http"]

    assert "techblog.test" not in http["routers"]
    service = http["routers"]["financeblog.test"]["service"]
    assert http["routers"]["money.test"]["service"] == service != "shared"
    assert http["services"][service]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:8003"}]


def test_each_address_of_a_deployment_is_a_server_with_a_health_check(techblog, get):
    balancer = get().json()["http"]["services"]["shared"]["loadBalancer"]

    assert balancer["servers"] == [{"url": "http://127.0.0.1:8001"}, {"url": "http://127.0.0.1:8002"}]
    assert balancer["healthCheck"]["path"] == "/health/ready?serves=blogs"
    assert balancer["healthCheck"]["hostname"] == django_settings.INTERNAL_HOST


def test_the_admin_has_a_router_only_with_its_own_deployment(techblog, settings, routers, get):
    assert "_admin" not in routers()

    settings.ADMIN_DEPLOYMENT = ("http://127.0.0.1:8009",)

    assert routers()["_admin"]["rule"] == f"Host(`{django_settings.ADMIN_HOST}`)"
    assert routers()["_admin"]["entryPoints"] == [
        "web"
    ]  # this entry point redirects to https and serves the proof for the certificate
    assert routers()["_admin-tls"]["entryPoints"] == ["websecure"]
    assert get().json()["http"]["services"]["admin"]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:8009"}]


def test_with_https_the_routers_of_domains_are_on_the_entry_point_with_tls(techblog, settings, routers):
    assert routers()["techblog.test"]["entryPoints"] == ["web"]

    settings.PUBLIC_SCHEME = "https"

    assert routers()["techblog.test"]["entryPoints"] == ["websecure"]
    assert routers()["techblog.test"]["tls"] == {}


def record(name, failures=0):
    domain = Domain.objects.filter(name=name).first()
    DomainCheck.objects.create(name=name, domain=domain, checked_at=timezone.now(), failures=failures)


def test_only_domains_that_lead_to_this_installation_get_certificates(techblog, financeblog, settings, routers):
    settings.PUBLIC_SCHEME = "https"
    assert routers()["_catch-all-tls"]["tls"] == {}
    record("techblog.test")
    record("financeblog.test", failures=1)
    record(django_settings.ADMIN_HOST)

    tls = routers()["_catch-all-tls"]["tls"]

    assert tls["certResolver"] == "acme"
    assert tls["domains"] == [{"main": django_settings.ADMIN_HOST}, {"main": "techblog.test"}]
    lifecycle.suspend(techblog, by=None)
    assert routers()["_catch-all-tls"]["tls"]["domains"] == [{"main": django_settings.ADMIN_HOST}]
    settings.PUBLIC_SCHEME = "http"
    assert routers()["_catch-all-tls"]["tls"] == {}


def test_a_domain_with_the_name_of_another_router_does_not_replace_that_router(techblog, settings, routers):
    settings.ADMIN_DEPLOYMENT = ("http://127.0.0.1:8009",)
    before = routers()
    for name in ("admin", "shared", "catch-all", "catch-all-tls"):
        lifecycle.add_domain(techblog, name, by=None)

    after = routers()

    assert {name: after[name] for name in before} == before
    assert after["admin"]["service"] == "shared"


HOSTILE = [
    "x`) || pathprefix(`/",
    "*",
    "*.test",
    "a b",
    "127.0.0.1",
    "techblog.test:80",
    "{regexp:.*}",
    "xn--",
    django_settings.ADMIN_HOST,
    django_settings.INTERNAL_HOST,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_domain_in_the_database_gets_no_router(techblog, name, get, caplog):
    with connection.cursor() as cursor:  # only SQL can create such a row; the code of the project refuses it
        cursor.execute(
            'INSERT INTO tenancy_domain (site_id, name, "primary") VALUES (%s, %s, %s)', [techblog.pk, name, False]
        )

    document = get().json()

    assert set(document["http"]["routers"]) == {"_catch-all", "_catch-all-tls", "techblog.test"}
    assert "gets no route" in caplog.text


HOSTILE_ADDRESSES = [
    "http://a:1/path",
    "http://user@a:1",
    "file:///etc/passwd",
    "http://a:1,http://b:1",
    "http://a..b:1",
    "http://",
    "a:1",
]


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_a_hostile_address_in_the_database_is_not_used_as_a_server(techblog, address, get, caplog):
    SiteSettings.objects.filter(site=techblog).update(deployment=address)

    http = get().json()["http"]

    assert http["routers"]["techblog.test"]["service"] == "shared"
    assert set(http["services"]) == {"shared"}
    assert "is not a valid address" in caplog.text


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer wrong", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}"]
)
def test_a_request_without_the_token_gets_401(techblog, get, given):
    assert get().status_code == 200

    response = get(given)

    assert response.status_code == 401
    assert b"techblog" not in response.content


def test_without_internal_token_all_requests_get_401(techblog, get, settings):
    settings.INTERNAL_TOKEN = ""

    assert get("Bearer ").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_document_is_served_only_on_the_internal_host(techblog, visit):
    for host in ("techblog.test", django_settings.ADMIN_HOST, "unknown.test"):
        assert visit(host, "/traefik/document", authorization=f"Bearer {TOKEN}").status_code in (302, 404)


def test_an_installation_without_sites_has_only_the_catch_all_routers(installation, routers):
    assert set(routers()) == {"_catch-all", "_catch-all-tls"}


def test_without_a_shared_deployment_the_response_is_503_and_not_an_empty_document(techblog, get, settings):
    settings.SHARED_DEPLOYMENT = ()

    response = get()

    assert response.status_code == 503
    assert b"{" not in response.content


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_the_database_the_response_is_503_and_not_an_empty_document(techblog, get, monkeypatch, error):
    def away():
        raise error("server closed the connection")

    monkeypatch.setattr(traefik, "routes", away)

    response = get()

    assert response.status_code == 503
    assert b"{" not in response.content


def test_each_health_check_names_the_site_or_surface_of_its_router(techblog, financeblog, settings, get):
    settings.ADMIN_DEPLOYMENT = ("http://127.0.0.1:8009",)
    SiteSettings.objects.filter(site=financeblog).update(deployment="http://127.0.0.1:8003")

    services = get().json()["http"]["services"]

    assert {name: service["loadBalancer"]["healthCheck"]["path"] for name, service in services.items()} == {
        "shared": "/health/ready?serves=blogs",
        "admin": "/health/ready?serves=admin",
        f"site-{financeblog.pk}": f"/health/ready?serves={financeblog.pk}",
    }


def test_two_sites_with_their_own_deployments_have_separate_services(techblog, financeblog, get):
    for site, port in ((techblog, 8003), (financeblog, 8004)):
        SiteSettings.objects.filter(site=site).update(deployment=f"http://127.0.0.1:{port}")

    http = get().json()["http"]

    for name, port in (("techblog.test", 8003), ("financeblog.test", 8004)):
        service = http["routers"][name]["service"]
        assert http["services"][service]["loadBalancer"]["servers"] == [{"url": f"http://127.0.0.1:{port}"}]


def test_an_admin_host_that_does_not_lead_to_this_installation_gets_no_certificate(techblog, routers, settings):
    settings.PUBLIC_SCHEME = "https"
    record("techblog.test")
    record(django_settings.ADMIN_HOST, failures=1)

    assert routers()["_catch-all-tls"]["tls"]["domains"] == [{"main": "techblog.test"}]


def test_the_catch_all_does_not_match_the_internal_host(techblog, routers):
    rules = {router["rule"] for name, router in routers().items() if name.startswith("_catch-all")}

    assert rules == {f"!Host(`{django_settings.INTERNAL_HOST}`)"}


@pytest.mark.django_db(transaction=True)
def test_all_processes_respond_with_the_same_bytes(techblog, financeblog, processes):
    """Traefik reloads its routes when the document differs. The order of a Python set differs between processes."""
    for name in ("techblog.test", "financeblog.test", django_settings.ADMIN_HOST):
        record(name)
    shared = "http://127.0.0.1:8002,http://127.0.0.1:8001"
    three = processes(3, INTERNAL_TOKEN=TOKEN, SHARED_DEPLOYMENT=shared, PUBLIC_SCHEME="https")
    token = {"Authorization": f"Bearer {TOKEN}"}

    documents = {one.get(django_settings.INTERNAL_HOST, "/traefik/document", **token).body for one in three}

    assert len(documents) == 1
    assert '"main": "financeblog.test"' in documents.pop()
