"""The shapes of a deployment, as processes behind the real Traefik: pinned to a site, and split by surface."""

import json
import time

import pytest

from devstack.processes import wait_until
from devstack.readers import Readers
from devstack.stack import ADMIN_HOST, FINANCEBLOG, INTERNAL_HOST, TECHBLOG
from tests.support.stack.visitors import Visitor, route

pytestmark = pytest.mark.stack


def site_id(stack, domain):
    return json.loads(stack.manage("site", "show", domain, "--json"))["id"]


def server_of(traefik, host):
    """The address of the process that answers; None when Traefik itself does."""
    return route(traefik, host).get("ServiceURL")


@pytest.fixture(scope="module")
def pinned(stack):
    """A process for the techblog alone. It has the other surfaces, too."""
    return stack.add_web("pinned", SITE_ID=str(site_id(stack, TECHBLOG)))


@pytest.fixture
def direct(pinned):
    return lambda host: Visitor(pinned.port, host)


def test_a_pinned_process_serves_its_site_and_no_other(direct, ask):
    mine, other = direct(TECHBLOG).ask(), direct(FINANCEBLOG).ask()

    assert (mine.status, mine.body) == (200, ask(TECHBLOG).body)
    assert (other.status, other.body) == (404, direct("unknown.localhost").ask().body)


def test_a_pinned_process_says_which_site_it_serves(stack, direct):
    health = json.loads(direct(INTERNAL_HOST).ask("/health/ready").body)

    assert (health["status"], health["pinned_site"]) == ("ready", site_id(stack, TECHBLOG))


def test_in_a_pinned_process_the_current_site_is_that_of_the_host(stack, direct):
    """Django's login page asks `get_current_site`: were it the pinned site, the admin would bear its name."""
    assert f"http://{TECHBLOG}:{stack.traefik.port}/sitemap.xml" in direct(TECHBLOG).ask("/robots.txt").body
    assert "<id>urn:uuid:" in direct(TECHBLOG).ask("/feed/").body
    login = direct(ADMIN_HOST).ask("/login/")
    assert (login.status, "Stack &amp; Heap" in login.body) == (200, False)


def test_the_admin_of_a_pinned_process_shows_its_site_alone(direct):
    superuser = direct(ADMIN_HOST)
    assert superuser.log_in("admin@example.com").status == 302

    sites = superuser.ask("/sites/site/").body

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

    assert len(readers.visits) > 20
    assert readers.failed == []


def test_a_redirecting_domain_moves_with_its_site(stack, pinned):
    stack.manage("site", "domain", "add", TECHBLOG, "old.localhost")
    stack.manage("site", "move", TECHBLOG, "--to", pinned.url)
    try:
        wait_until(lambda: server_of(stack.traefik, "old.localhost") == pinned.url)
        assert Visitor(stack.traefik.port, "old.localhost").ask("/feed/").status == 308
    finally:
        stack.manage("site", "move", TECHBLOG, "--to", "shared")
        stack.manage("site", "domain", "remove", TECHBLOG, "old.localhost")


def test_two_deployments_on_one_redis_and_database_do_not_mix(stack, pinned, direct, ask):
    for _ in range(3):
        assert direct(TECHBLOG).ask().body == ask(TECHBLOG).body
        assert direct(FINANCEBLOG).ask().status == 404
        assert ask(FINANCEBLOG).status == 200


@pytest.fixture(scope="module")
def split(stack):
    """The blogs in one process, the admin and the machines' surface in another, and a Traefik in front of both."""
    public = stack.add_web("public", SURFACES="blogs")
    addresses = {"SHARED_DEPLOYMENT": public.url}
    admin = stack.add_web("admin", SURFACES="admin,internal", **addresses)
    admin.environment["ADMIN_DEPLOYMENT"] = admin.url
    admin.restart()
    traefik = stack.add_traefik("split", DOCUMENT_URL=f"{admin.url}/traefik/document", **addresses)
    wait_until(lambda: server_of(traefik, ADMIN_HOST) == admin.url)
    return traefik, public, admin


def test_split_by_surface_each_host_reaches_its_process(split):
    traefik, public, admin = split

    assert Visitor(traefik.port, TECHBLOG).ask().status == 200
    assert server_of(traefik, TECHBLOG) == public.url
    assert Visitor(traefik.port, ADMIN_HOST).ask("/login/").status == 200
    assert server_of(traefik, ADMIN_HOST) == admin.url


def test_split_by_surface_somebody_logs_in_and_edits_what_the_other_process_shows(split, stack):
    traefik, *_ = split
    superuser = Visitor(traefik.port, ADMIN_HOST)

    # The admin compares the origin with its own address: this Traefik has another port than the first one.
    assert superuser.log_in("admin@example.com").status == 302
    assert TECHBLOG in superuser.ask("/sites/site/").body


def test_split_by_surface_no_process_answers_for_the_other(split):
    _, public, admin = split

    assert Visitor(public.port, ADMIN_HOST).ask("/login/").status == 404
    assert Visitor(public.port, INTERNAL_HOST).ask("/traefik/document").status == 404
    assert Visitor(admin.port, TECHBLOG).ask().status == 404
    assert Visitor(admin.port, INTERNAL_HOST).ask("/health/live").status == 200
