"""A process serves the surfaces in its setting SURFACES. The host of any other surface is an unknown host."""

import json

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from lib.hostnames import InvalidDomain
from tenancy import checks, domain_checks, surfaces
from tenancy.claims import claimable
from tests.support.production import read

ADMIN, INTERNAL = settings.ADMIN_HOST, settings.INTERNAL_HOST
TOKEN = "the-token-that-only-traefik-knows-0123456789"
ADDED = "tests.support.added_surface.settings"
EXAMPLE = "example.localhost"


@pytest.mark.parametrize(
    ("served", "statuses"),
    [
        ("blogs", {"techblog.test": 200, ADMIN: 404, INTERNAL: 404}),
        ("admin,internal", {"techblog.test": 404, ADMIN: 302, INTERNAL: 401}),
        ("internal,blogs", {"techblog.test": 200, ADMIN: 404, INTERNAL: 401}),
    ],
)
def test_the_hosts_of_surfaces_that_are_off_get_404(techblog, processes, served, statuses):
    [process] = processes(1, SURFACES=served)

    found = {host: process.status(host, "/traefik/document" if host == INTERNAL else "/") for host in statuses}

    assert found == statuses


def test_the_host_of_a_surface_that_is_off_gets_the_response_of_an_unknown_host(techblog, processes):
    [process] = processes(1, SURFACES="blogs")
    unknown = process.get("unknown.test").body

    assert process.get(ADMIN).body == process.get(INTERNAL).body == unknown
    assert process.get(INTERNAL, "/health/other/").body == unknown
    assert "Techblog" in process.get("techblog.test").body


def test_a_process_without_the_internal_surface_serves_only_health_checks_on_the_internal_host(techblog, processes):
    [process] = processes(1, SURFACES="blogs")

    assert process.status(INTERNAL, "/health/ready") == 200
    assert process.status(INTERNAL, "/health/live") == 200
    assert process.status(INTERNAL, "/traefik/document") == 404
    assert process.status(ADMIN, "/health/live") == 404


# -- a surface that is added to the table ---------------------------------------------------------------------------


def test_an_added_surface_is_served_only_on_its_own_host(techblog, processes):
    [process] = processes(1, DJANGO_SETTINGS_MODULE=ADDED)

    assert process.get(EXAMPLE, "/example/").body == "The example surface."
    for host in (techblog.domain, ADMIN, INTERNAL, f"{EXAMPLE}.evil.test", f"x{EXAMPLE}", "unknown.test"):
        assert process.status(host, "/example/") in (302, 404), host
    for path in ("/login/", "/health/live", "/traefik/document", "/feed/"):
        assert process.status(EXAMPLE, path) == 404, path


def test_the_host_of_an_added_surface_that_is_off_is_unknown(techblog, processes):
    [process] = processes(1, DJANGO_SETTINGS_MODULE=ADDED, SURFACES="blogs,internal")

    assert process.get(EXAMPLE, "/example/").body == process.get("unknown.test").body
    assert process.status(techblog.domain) == 200


def test_an_added_surface_is_in_traefiks_document_and_in_health_checks(techblog, processes):
    [process] = processes(
        1,
        DJANGO_SETTINGS_MODULE=ADDED,
        EXAMPLE_DEPLOYMENT="http://127.0.0.1:8009",
        INTERNAL_TOKEN=TOKEN,
        SHARED_DEPLOYMENT="http://127.0.0.1:8001",
    )

    http = json.loads(process.get(INTERNAL, "/traefik/document", Authorization=f"Bearer {TOKEN}").body)["http"]

    assert http["routers"]["_example"]["rule"] == f"Host(`{EXAMPLE}`)"
    assert http["routers"]["_example-tls"]["service"] == "example"
    balancer = http["services"]["example"]["loadBalancer"]
    assert balancer["servers"] == [{"url": "http://127.0.0.1:8009"}]
    assert balancer["healthCheck"]["path"] == "/health/ready?serves=example"
    assert process.status(INTERNAL, "/health/ready?serves=example") == 200
    assert process.status(INTERNAL, "/health/ready?serves=other") == 503


def test_an_added_surface_redirects_to_https_and_serves_the_proof_of_its_host(techblog, processes):
    [process] = processes(1, DJANGO_SETTINGS_MODULE=ADDED, PUBLIC_SCHEME="https", PUBLIC_PORT="")

    redirect = process.get(EXAMPLE, "/example/?x=1")

    assert (redirect.status, redirect.headers["Location"]) == (308, f"https://{EXAMPLE}/example/?x=1")
    assert process.status(EXAMPLE, "/.well-known/newsstand") == 200
    assert process.status(INTERNAL, "/.well-known/newsstand") == 404


@pytest.fixture
def added(monkeypatch, settings):
    """Add the surface `example` to the table of surfaces of this process."""
    settings.EXAMPLE_HOST = EXAMPLE
    settings.EXAMPLE_DEPLOYMENT = ()
    surface = surfaces.Surface("example", "tests.support.added_surface.urls", "EXAMPLE_HOST", "EXAMPLE_DEPLOYMENT")
    monkeypatch.setattr(surfaces, "TABLE", (*surfaces.TABLE, surface))
    return surface


@pytest.mark.pure
def test_no_site_can_claim_the_host_of_an_added_surface(added):
    with pytest.raises(InvalidDomain, match="EXAMPLE_HOST"):
        claimable(EXAMPLE)
    assert claimable(f"www.{EXAMPLE}") == f"www.{EXAMPLE}"


@pytest.mark.sqlite
def test_the_domain_check_includes_the_host_of_an_added_surface(techblog, added):

    assert domain_checks.due(timezone.now()) == [ADMIN, EXAMPLE, techblog.domain]


# -- misconfigured surfaces ------------------------------------------------------------------------------------------


def ids(found):
    return [message.id for message in found]


@pytest.mark.pure
def test_the_test_settings_pass_the_checks_of_surfaces():
    found = [
        *checks.surfaces_have_different_hosts(None),
        *checks.surfaces_are_known(None),
        *checks.surfaces_have_hosts(None),
    ]

    assert found == []


@pytest.mark.pure
def test_a_check_reports_two_surfaces_with_the_same_host(added, settings):
    settings.EXAMPLE_HOST = settings.ADMIN_HOST

    [error] = checks.surfaces_have_different_hosts(None)

    assert error.id == "newsstand.E003"
    assert "ADMIN_HOST and EXAMPLE_HOST" in error.msg


@pytest.mark.pure
@pytest.mark.parametrize("served", [(), ("blogs", "mail")])
def test_a_check_reports_an_unknown_surface_and_an_empty_list_of_surfaces(settings, served):
    settings.SURFACES = served

    [error] = checks.surfaces_are_known(None)

    assert error.id == "newsstand.E004"
    assert "blogs, admin, internal" in error.hint


@pytest.mark.pure
def test_a_check_reports_a_surface_without_a_host(added, settings):
    assert checks.surfaces_have_hosts(None) == []
    for missing in ("", None):
        settings.EXAMPLE_HOST = missing
        assert ids(checks.surfaces_have_hosts(None)) == ["newsstand.E007"]
        assert checks.surfaces_have_different_hosts(None) == []
    del settings.EXAMPLE_HOST

    [error] = checks.surfaces_have_hosts(None)

    assert "EXAMPLE_HOST is missing" in error.msg


@pytest.mark.pure
@pytest.mark.parametrize("surface", surfaces.with_own_host(), ids=lambda surface: surface.name)
def test_a_server_without_the_host_of_a_surface_does_not_start(monkeypatch, tmp_path, surface):
    """The host is required even if the surface is off, because otherwise a site could claim the host."""
    assert getattr(read(monkeypatch, tmp_path), surface.host_setting)

    with pytest.raises(ImproperlyConfigured, match=f"{surface.host_setting} is missing"):
        read(monkeypatch, tmp_path, **{surface.host_setting: None}, SURFACES="blogs")
