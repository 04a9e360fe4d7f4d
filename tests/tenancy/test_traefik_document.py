"""The document that Traefik asks for: a route for each live domain, and nothing that a hostile name could say."""

import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from tenancy import lifecycle
from tenancy.internal import traefik
from tenancy.models import Domain, DomainCheck, SiteSettings

pytestmark = pytest.mark.sqlite

TOKEN = "the-token-that-only-traefik-knows-0123456789"


@pytest.fixture(autouse=True)
def serving(settings):
    settings.INTERNAL_TOKEN = TOKEN
    settings.SHARED_DEPLOYMENT = ("http://127.0.0.1:8001", "http://127.0.0.1:8002")
    settings.ADMIN_DEPLOYMENT = ()
    settings.DOMAIN_ROUTERS = 500


@pytest.fixture
def ask():
    def ask(authorization=f"Bearer {TOKEN}"):
        client = Client(headers={"host": django_settings.INTERNAL_HOST, "authorization": authorization})
        return client.get("/traefik/document")

    return ask


@pytest.fixture
def routers(ask):
    """routers(): the routers of the document, by name."""
    return lambda: ask().json()["http"]["routers"]


def test_each_live_domain_has_a_router_before_the_catch_all(techblog, financeblog, routers):
    lifecycle.add_domain(techblog, "old.test")

    found = routers()

    assert set(found) == {"_catch-all", "_catch-all-tls", "techblog.test", "financeblog.test", "old.test"}
    assert found["techblog.test"]["rule"] == "Host(`techblog.test`)"
    assert found["old.test"]["priority"] > found["_catch-all"]["priority"] > 1
    assert found["techblog.test"]["service"] == found["_catch-all"]["service"] == "shared"


def test_a_suspended_site_and_one_without_settings_have_no_router(techblog, financeblog, routers):
    lifecycle.suspend(techblog)
    Domain.objects.create(site=Site.objects.create(domain="bare.test", name="Bare"), name="bare.test", primary=True)

    assert set(routers()) == {"_catch-all", "_catch-all-tls", "financeblog.test"}


def test_beyond_the_limit_the_oldest_domains_keep_their_routers(techblog, financeblog, settings, routers):
    settings.DOMAIN_ROUTERS = 1

    assert "techblog.test" in routers()
    assert "financeblog.test" not in routers()


def test_a_site_with_a_deployment_of_its_own_has_its_routers_beyond_any_limit(techblog, financeblog, settings, ask):
    settings.DOMAIN_ROUTERS = 0
    SiteSettings.objects.filter(site=financeblog).update(deployment="http://127.0.0.1:8003")
    lifecycle.add_domain(financeblog, "money.test")

    http = ask().json()["http"]

    assert "techblog.test" not in http["routers"]
    service = http["routers"]["financeblog.test"]["service"]
    assert http["routers"]["money.test"]["service"] == service != "shared"
    assert http["services"][service]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:8003"}]


def test_each_replica_behind_a_name_is_a_server_whose_health_is_asked(techblog, ask):
    balancer = ask().json()["http"]["services"]["shared"]["loadBalancer"]

    assert balancer["servers"] == [{"url": "http://127.0.0.1:8001"}, {"url": "http://127.0.0.1:8002"}]
    assert balancer["healthCheck"]["path"] == "/health/ready?serves=blogs"
    assert balancer["healthCheck"]["hostname"] == django_settings.INTERNAL_HOST


def test_the_admin_is_routed_by_itself_only_when_it_has_a_deployment(techblog, settings, routers, ask):
    assert "_admin" not in routers()

    settings.ADMIN_DEPLOYMENT = ("http://127.0.0.1:8009",)

    assert routers()["_admin"]["rule"] == f"Host(`{django_settings.ADMIN_HOST}`)"
    assert routers()["_admin"]["entryPoints"] == ["web"]  # the way to https, and the proof for its certificate
    assert routers()["_admin-tls"]["entryPoints"] == ["websecure"]
    assert ask().json()["http"]["services"]["admin"]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:8009"}]


def test_with_https_domains_are_routed_where_tls_is_spoken(techblog, settings, routers):
    assert routers()["techblog.test"]["entryPoints"] == ["web"]

    settings.PUBLIC_SCHEME = "https"

    assert routers()["techblog.test"]["entryPoints"] == ["websecure"]
    assert routers()["techblog.test"]["tls"] == {}


def note(name, failures=0):
    domain = Domain.objects.filter(name=name).first()
    DomainCheck.objects.create(name=name, domain=domain, checked_at=timezone.now(), failures=failures)


def test_only_domains_that_were_seen_to_lead_here_want_certificates(techblog, financeblog, settings, routers):
    settings.PUBLIC_SCHEME = "https"
    assert routers()["_catch-all-tls"]["tls"] == {}
    note("techblog.test")
    note("financeblog.test", failures=1)
    note(django_settings.ADMIN_HOST)

    tls = routers()["_catch-all-tls"]["tls"]

    assert tls["certResolver"] == "acme"
    assert tls["domains"] == [{"main": django_settings.ADMIN_HOST}, {"main": "techblog.test"}]
    lifecycle.suspend(techblog)
    assert routers()["_catch-all-tls"]["tls"]["domains"] == [{"main": django_settings.ADMIN_HOST}]
    settings.PUBLIC_SCHEME = "http"
    assert routers()["_catch-all-tls"]["tls"] == {}


def test_no_domain_takes_the_place_of_another_router(techblog, settings, routers):
    settings.ADMIN_DEPLOYMENT = ("http://127.0.0.1:8009",)
    before = routers()
    for name in ("admin", "shared", "catch-all", "catch-all-tls"):
        lifecycle.add_domain(techblog, name)

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
def test_a_hostile_name_in_the_database_reaches_no_rule(techblog, name, ask, caplog):
    with connection.cursor() as cursor:  # as no code of ours would
        cursor.execute(
            'INSERT INTO tenancy_domain (site_id, name, "primary") VALUES (%s, %s, %s)', [techblog.pk, name, False]
        )

    document = ask().json()

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
def test_a_hostile_address_in_the_database_is_no_server(techblog, address, ask, caplog):
    SiteSettings.objects.filter(site=techblog).update(deployment=address)

    http = ask().json()["http"]

    assert http["routers"]["techblog.test"]["service"] == "shared"
    assert set(http["services"]) == {"shared"}
    assert "is no address of a deployment" in caplog.text


@pytest.mark.parametrize(
    "shown", ["", "Bearer ", "Bearer wrong", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}"]
)
def test_without_the_token_there_is_no_document(techblog, ask, shown):
    assert ask().status_code == 200

    answer = ask(shown)

    assert answer.status_code == 401
    assert b"techblog" not in answer.content


def test_without_a_token_of_its_own_the_installation_shows_nobody_the_document(techblog, ask, settings):
    settings.INTERNAL_TOKEN = ""

    assert ask("Bearer ").status_code == 401


def test_the_document_is_on_no_other_host(techblog, visit):
    for host in ("techblog.test", django_settings.ADMIN_HOST, "unknown.test"):
        assert visit(host, "/traefik/document", authorization=f"Bearer {TOKEN}").status_code in (302, 404)


def test_an_installation_without_sites_still_has_a_catch_all(installation, routers):
    assert set(routers()) == {"_catch-all", "_catch-all-tls"}


def test_when_it_cannot_be_built_the_answer_is_503_and_never_an_empty_document(techblog, ask, settings):
    settings.SHARED_DEPLOYMENT = ()

    answer = ask()

    assert answer.status_code == 503
    assert b"{" not in answer.content


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_the_database_the_answer_is_503_and_never_an_empty_document(techblog, ask, monkeypatch, error):
    def away():
        raise error("server closed the connection")

    monkeypatch.setattr(traefik, "routes", away)

    answer = ask()

    assert answer.status_code == 503
    assert b"{" not in answer.content


def test_each_deployment_is_asked_whether_what_is_sent_there_is_its_own(techblog, financeblog, settings, ask):
    settings.ADMIN_DEPLOYMENT = ("http://127.0.0.1:8009",)
    SiteSettings.objects.filter(site=financeblog).update(deployment="http://127.0.0.1:8003")

    services = ask().json()["http"]["services"]

    assert {name: service["loadBalancer"]["healthCheck"]["path"] for name, service in services.items()} == {
        "shared": "/health/ready?serves=blogs",
        "admin": "/health/ready?serves=admin",
        f"site-{financeblog.pk}": f"/health/ready?serves={financeblog.pk}",
    }


def test_two_sites_with_deployments_of_their_own_are_not_mixed_up(techblog, financeblog, ask):
    for site, port in ((techblog, 8003), (financeblog, 8004)):
        SiteSettings.objects.filter(site=site).update(deployment=f"http://127.0.0.1:{port}")

    http = ask().json()["http"]

    for name, port in (("techblog.test", 8003), ("financeblog.test", 8004)):
        service = http["routers"][name]["service"]
        assert http["services"][service]["loadBalancer"]["servers"] == [{"url": f"http://127.0.0.1:{port}"}]


def test_an_admin_that_does_not_lead_here_wants_no_certificate(techblog, routers, settings):
    settings.PUBLIC_SCHEME = "https"
    note("techblog.test")
    note(django_settings.ADMIN_HOST, failures=1)

    assert routers()["_catch-all-tls"]["tls"]["domains"] == [{"main": "techblog.test"}]


def test_the_catch_all_leaves_out_the_internal_host(techblog, routers):
    rules = {router["rule"] for name, router in routers().items() if name.startswith("_catch-all")}

    assert rules == {f"!Host(`{django_settings.INTERNAL_HOST}`)"}


def test_two_processes_give_the_same_bytes(techblog, financeblog, processes):
    """In each process of Python sets have an order of their own."""
    for name in ("techblog.test", "financeblog.test", django_settings.ADMIN_HOST):
        note(name)
    shared = "http://127.0.0.1:8002,http://127.0.0.1:8001"
    three = processes(3, INTERNAL_TOKEN=TOKEN, SHARED_DEPLOYMENT=shared, PUBLIC_SCHEME="https")
    token = {"Authorization": f"Bearer {TOKEN}"}

    answers = {one.get(django_settings.INTERNAL_HOST, "/traefik/document", **token).body for one in three}

    assert len(answers) == 1
    assert '"main": "financeblog.test"' in answers.pop()
