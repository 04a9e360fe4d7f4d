"""Deployments behind a real Traefik can be pinned to one site or split by surface."""

import json
import time

import pytest

from devstack.processes import wait_until
from devstack.readers import Readers
from devstack.stack import ADMIN_HOST, FINANCEBLOG, INTERNAL_HOST, TECHBLOG
from tests.support.stack.client import HttpClient, route

pytestmark = pytest.mark.stack


def site_id(stack, domain):
    return json.loads(stack.manage("site", "show", domain, "--json"))["id"]


def server_of(traefik, host):
    """The address of the process that serves the host, or None if Traefik itself responds."""
    return route(traefik, host).get("ServiceURL")


@pytest.fixture(scope="module")
def pinned(stack):
    """A process that serves all surfaces, but only the techblog among the sites."""
    return stack.add_web("pinned", SITE_ID=str(site_id(stack, TECHBLOG)))


@pytest.fixture
def direct(pinned):
    return lambda host: HttpClient(pinned.port, host)


def test_a_pinned_process_serves_its_site_and_no_other_site(direct, fetch):
    own, other = direct(TECHBLOG).fetch(), direct(FINANCEBLOG).fetch()

    assert (own.status, own.body) == (200, fetch(TECHBLOG).body)
    assert (other.status, other.body) == (404, direct("unknown.localhost").fetch().body)


def test_the_health_of_a_pinned_process_names_its_site(stack, direct):
    health = json.loads(direct(INTERNAL_HOST).fetch("/health/ready").body)

    assert (health["status"], health["pinned_site"]) == ("ready", site_id(stack, TECHBLOG))


def test_a_pinned_process_takes_the_current_site_from_the_host(stack, direct):
    """Django's login page shows the name of `get_current_site`. On the admin host this must not be the pinned site."""
    assert f"http://{TECHBLOG}:{stack.traefik.port}/sitemap.xml" in direct(TECHBLOG).fetch("/robots.txt").body
    assert "<id>urn:uuid:" in direct(TECHBLOG).fetch("/feed/").body
    login = direct(ADMIN_HOST).fetch("/login/")
    assert (login.status, "Stack &amp; Heap" in login.body) == (200, False)


def test_the_admin_of_a_pinned_process_shows_only_its_site(direct):
    superuser = direct(ADMIN_HOST)
    assert superuser.log_in("admin@example.com").status == 302

    sites = superuser.fetch("/sites/site/").body

    assert (TECHBLOG in sites, FINANCEBLOG in sites) == (True, False)


def test_a_site_moves_to_its_own_deployment_and_back_without_a_failed_request(stack, pinned):
    traefik = stack.traefik
    with Readers(traefik.port, [TECHBLOG, FINANCEBLOG]) as readers:
        stack.manage("site", "move", TECHBLOG, "--to", pinned.url)
        wait_until(lambda: server_of(traefik, TECHBLOG) == pinned.url)
        assert server_of(traefik, FINANCEBLOG) != pinned.url
        time.sleep(0.5)
        stack.manage("site", "move", TECHBLOG, "--to", "shared")
        wait_until(lambda: server_of(traefik, TECHBLOG) != pinned.url)

    assert len(readers.requests) > 20
    assert readers.failed == []


def test_a_further_domain_moves_to_another_deployment_together_with_its_site(stack, pinned):
    stack.manage("site", "domain", "add", TECHBLOG, "old.localhost")
    stack.manage("site", "move", TECHBLOG, "--to", pinned.url)
    try:
        wait_until(lambda: server_of(stack.traefik, "old.localhost") == pinned.url)
        assert HttpClient(stack.traefik.port, "old.localhost").fetch("/feed/").status == 308
    finally:
        stack.manage("site", "move", TECHBLOG, "--to", "shared")
        stack.manage("site", "domain", "remove", TECHBLOG, "old.localhost")


def test_two_deployments_that_share_redis_and_the_database_serve_only_their_own_sites(stack, pinned, direct, fetch):
    for _ in range(3):
        assert direct(TECHBLOG).fetch().body == fetch(TECHBLOG).body
        assert direct(FINANCEBLOG).fetch().status == 404
        assert fetch(FINANCEBLOG).status == 200


@pytest.fixture(scope="module")
def split(stack):
    """Two processes behind a Traefik: one serves the blogs, the other one the admin and the internal surface."""
    public = stack.add_web("public", SURFACES="blogs")
    addresses = {"SHARED_DEPLOYMENT": public.url}
    admin = stack.add_web("admin", SURFACES="admin,internal", **addresses)
    admin.environment["ADMIN_DEPLOYMENT"] = admin.url
    admin.restart()
    traefik = stack.add_traefik("split", DOCUMENT_URL=f"{admin.url}/traefik/document", **addresses)
    wait_until(lambda: server_of(traefik, ADMIN_HOST) == admin.url)
    return traefik, public, admin


def test_in_a_split_by_surface_each_host_reaches_the_process_of_its_surface(split):
    traefik, public, admin = split

    assert HttpClient(traefik.port, TECHBLOG).fetch().status == 200
    assert server_of(traefik, TECHBLOG) == public.url
    assert HttpClient(traefik.port, ADMIN_HOST).fetch("/login/").status == 200
    assert server_of(traefik, ADMIN_HOST) == admin.url


def test_in_a_split_by_surface_a_superuser_logs_in_and_sees_the_sites(split, stack):
    traefik, *_ = split
    superuser = HttpClient(traefik.port, ADMIN_HOST)

    assert superuser.log_in("admin@example.com").status == 302
    assert TECHBLOG in superuser.fetch("/sites/site/").body


def test_in_a_split_by_surface_no_process_serves_the_surfaces_of_the_other_process(split):
    _, public, admin = split

    assert HttpClient(public.port, ADMIN_HOST).fetch("/login/").status == 404
    assert HttpClient(public.port, INTERNAL_HOST).fetch("/traefik/document").status == 404
    assert HttpClient(admin.port, TECHBLOG).fetch().status == 404
    assert HttpClient(admin.port, INTERNAL_HOST).fetch("/health/live").status == 200
