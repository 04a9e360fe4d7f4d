"""Traefik follows changes of sites without a restart."""

import statistics

import psycopg
import pytest
from django.conf import settings

from devstack.processes import wait_until
from devstack.stack import ADMIN_HOST, TECHBLOG
from tests.support.processes import until_all_know
from tests.support.stack.client import HttpClient, route

pytestmark = pytest.mark.stack

SECOND = 1.0


@pytest.fixture
def router(stack):
    """router(host): the name of Traefik's current router for the host."""
    return lambda host: route(stack.traefik, host).get("RouterName")


@pytest.fixture
def create(stack):
    """create(host): creates a site that is deleted after the test."""
    created = []

    def create(host):
        stack.manage("site", "create", host, "--name", f"The site {host}")
        created.append(host)

    yield create
    # One process deletes all sites, because each process takes a second to start.
    deletion = (
        "from tenancy import lifecycle; [lifecycle.delete(site, by=None) for site in Site.objects.filter(name__in={})]"
    )
    names = [f"The site {host}" for host in created]
    stack.manage("shell", "-c", f"from django.contrib.sites.models import Site; {deletion.format(names)}")


def test_a_new_site_is_served_at_once_and_has_its_own_router_within_a_second(stack, fetch, router, create):
    served, routed = [], []
    for number in range(10):
        host = f"new-{number}.localhost"
        assert fetch(host).status == 404
        create(host)
        served.append(wait_until(lambda host=host: fetch(host).status == 200))
        routed.append(served[-1] + wait_until(lambda host=host: router(host) == f"{host}@http"))

    print(f"by the catch-all {statistics.median(served):.2f} s, by its router {statistics.median(routed):.2f} s")
    assert statistics.median(served) < SECOND
    assert statistics.median(routed) < SECOND


def test_traefik_follows_renaming_suspending_and_resuming_a_site_and_adding_a_domain(stack, fetch, router, create):
    create("before.localhost")
    stack.manage("site", "rename", "before.localhost", "after.localhost")
    assert wait_until(lambda: fetch("after.localhost").status == 200) < SECOND
    moved = fetch("before.localhost", "/some/path/?and=query")
    assert (moved.status, moved.headers["Location"]) == (
        308,
        f"http://after.localhost:{stack.traefik.port}/some/path/?and=query",
    )
    wait_until(lambda: router("after.localhost") == "after.localhost@http", 3)

    stack.manage("site", "domain", "add", "after.localhost", "further.localhost")
    assert wait_until(lambda: fetch("further.localhost").status == 308) < SECOND
    wait_until(lambda: router("further.localhost") == "further.localhost@http", 3)
    stack.manage("site", "domain", "remove", "after.localhost", "further.localhost")
    assert wait_until(lambda: fetch("further.localhost").status == 404) < SECOND
    wait_until(lambda: router("further.localhost") in ("_catch-all@http", "catch-all@file"), 3)

    stack.manage("site", "suspend", "after.localhost")
    assert wait_until(lambda: fetch("after.localhost").status == 503) < SECOND
    wait_until(lambda: router("after.localhost") == "_catch-all@http", 3)
    stack.manage("site", "resume", "after.localhost")
    assert wait_until(lambda: fetch("after.localhost").status == 200) < SECOND

    stack.manage("site", "rename", "after.localhost", "before.localhost", "--release-old")
    assert wait_until(lambda: fetch("before.localhost").status == 200) < SECOND
    assert fetch("after.localhost").status == 404


SUSPENDED_PATHS = ["/", "/feed/", "/robots.txt", "/sitemap.xml", "/media/00000000000000000000000000000000.png"]


def test_no_process_serves_a_suspended_site_after_a_quarter_of_a_second(stack, fetch, create):
    create("asleep.localhost")
    wait_until(lambda: fetch("asleep.localhost").status == 200)

    stack.manage("site", "suspend", "asleep.localhost")
    until_all_know()

    pages = [fetch("asleep.localhost", path) for path in SUSPENDED_PATHS for _ in range(4)]
    assert {page.status for page in pages} == {503}
    assert len({page.body for page in pages}) == 1
    assert fetch("never-was.localhost").status == 404


HOSTILE = ["x`) || pathprefix(`/", "*", "*.localhost", ADMIN_HOST]


@pytest.fixture
def hostile_names(stack, create):
    create("victim.localhost")
    with psycopg.connect(stack.postgresql.url, autocommit=True) as connection:
        for name in HOSTILE:
            connection.execute(
                'INSERT INTO tenancy_domain (site_id, name, "primary") SELECT id, %s, false FROM django_site'
                " WHERE domain = 'victim.localhost'",
                [name],
            )
        yield
        connection.execute("DELETE FROM tenancy_domain WHERE name = ANY(%s)", [HOSTILE])


def test_a_hostile_name_in_the_database_captures_no_traffic_of_other_hosts(hostile_names, fetch, router):
    wait_until(lambda: router("victim.localhost") == "victim.localhost@http", 3)

    assert router(TECHBLOG) == f"{TECHBLOG}@http"
    assert "The site victim" not in fetch(TECHBLOG).body
    assert fetch(ADMIN_HOST, "/login/").status == 200
    assert fetch("elsewhere.localhost").status == 404


@pytest.mark.parametrize("name", ["X-Forwarded-Proto", "X_Forwarded_Proto", "X.Forwarded.Proto"])
def test_a_forwarded_proto_header_of_a_client_is_ignored(http_client, name):
    """If Traefik passed the header on, Django would expect an https origin and refuse the form."""
    owner = http_client(ADMIN_HOST)

    response = owner.log_in("owner@example.com", **{name: "https"})

    assert response.status == 302


@pytest.mark.parametrize("path", ["/a%2Fb/", "/a%5Cb/", "/a%00b/", "/a%23b/", "/a%3Fb/", "/a%3Bb/", "/a%25b/"])
def test_encoded_separators_in_a_path_are_refused(fetch, path):
    assert fetch(TECHBLOG, path).status == 400


def test_too_long_headers_and_bodies_are_refused(fetch):
    assert fetch(TECHBLOG, "/", Long="x" * 40_000).status == 431
    too_long = {"Content-Length": str(settings.MAX_MEDIA_REQUEST_BODY + 1)}
    assert fetch(ADMIN_HOST, "/login/", "POST", **too_long).status == 413


def test_traefik_passes_post_and_the_application_accepts_it_only_below_the_dynamic_prefix(fetch):
    below, outside = fetch(TECHBLOG, "/-/none/", "POST"), fetch(TECHBLOG, "/none/", "POST")

    assert (below.status, below.headers["X-Cache"]) == (404, "BYPASS")
    assert outside.status == 405


def test_metrics_by_domain_are_served_only_on_the_metrics_port(stack, fetch):
    fetch(TECHBLOG)

    metrics = HttpClient(stack.traefik.metrics_port, "localhost").fetch("/metrics")
    assert f'router="{TECHBLOG}@http"' in metrics.body
    assert fetch(TECHBLOG, "/metrics/").status == 404
