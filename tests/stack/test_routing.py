"""Traefik follows what happens to a site, and nothing is restarted for it."""

import statistics

import psycopg
import pytest
from django.conf import settings

from devstack.processes import wait_until
from devstack.stack import ADMIN_HOST, TECHBLOG
from tests.support.processes import until_all_know
from tests.support.stack.visitors import Visitor, route

pytestmark = pytest.mark.stack

SECOND = 1.0


@pytest.fixture
def router(stack):
    """router(host): which router of Traefik leads there now."""
    return lambda host: route(stack.traefik, host).get("RouterName")


@pytest.fixture
def create(stack):
    """create(host): a site of a test, deleted at its end."""
    created = []

    def create(host):
        stack.manage("site", "create", host, "--name", f"The site {host}")
        created.append(host)

    yield create
    # One process for all: each takes a second to start.
    deletion = "from tenancy import lifecycle; [lifecycle.delete(site) for site in Site.objects.filter(name__in={})]"
    names = [f"The site {host}" for host in created]
    stack.manage("shell", "-c", f"from django.contrib.sites.models import Site; {deletion.format(names)}")


def test_a_new_site_answers_at_once_and_by_its_own_router_within_a_second(stack, ask, router, create):
    answered, routed = [], []
    for number in range(10):
        host = f"new-{number}.localhost"
        assert ask(host).status == 404
        create(host)
        answered.append(wait_until(lambda host=host: ask(host).status == 200))
        routed.append(answered[-1] + wait_until(lambda host=host: router(host) == f"{host}@http"))

    print(f"by the catch-all {statistics.median(answered):.2f} s, by its router {statistics.median(routed):.2f} s")
    assert statistics.median(answered) < SECOND
    assert statistics.median(routed) < SECOND


def test_rename_further_domain_suspend_resume_and_delete_are_followed(stack, ask, router, create):
    create("before.localhost")
    stack.manage("site", "rename", "before.localhost", "after.localhost")
    assert wait_until(lambda: ask("after.localhost").status == 200) < SECOND
    moved = ask("before.localhost", "/some/path/?and=query")
    assert (moved.status, moved.headers["Location"]) == (
        308,
        f"http://after.localhost:{stack.traefik.port}/some/path/?and=query",
    )
    wait_until(lambda: router("after.localhost") == "after.localhost@http", 3)

    stack.manage("site", "domain", "add", "after.localhost", "further.localhost")
    assert wait_until(lambda: ask("further.localhost").status == 308) < SECOND
    wait_until(lambda: router("further.localhost") == "further.localhost@http", 3)
    stack.manage("site", "domain", "remove", "after.localhost", "further.localhost")
    assert wait_until(lambda: ask("further.localhost").status == 404) < SECOND
    wait_until(lambda: router("further.localhost") in ("_catch-all@http", "catch-all@file"), 3)

    stack.manage("site", "suspend", "after.localhost")
    assert wait_until(lambda: ask("after.localhost").status == 404) < SECOND
    wait_until(lambda: router("after.localhost") == "_catch-all@http", 3)
    stack.manage("site", "resume", "after.localhost")
    assert wait_until(lambda: ask("after.localhost").status == 200) < SECOND

    stack.manage("site", "rename", "after.localhost", "before.localhost", "--release-old")
    assert wait_until(lambda: ask("before.localhost").status == 200) < SECOND
    assert ask("after.localhost").status == 404


SUSPENDED_PATHS = ["/", "/feed/", "/robots.txt", "/sitemap.xml", "/media/00000000000000000000000000000000.png"]


def test_nothing_of_a_suspended_site_is_served_by_any_process_after_a_quarter_of_a_second(stack, ask, create):
    create("asleep.localhost")
    wait_until(lambda: ask("asleep.localhost").status == 200)

    stack.manage("site", "suspend", "asleep.localhost")
    until_all_know()

    pages = {ask("asleep.localhost", path).body for path in SUSPENDED_PATHS for _ in range(4)}
    assert pages == {ask("never-was.localhost").body}


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


def test_a_hostile_name_in_the_database_captures_nobodys_traffic(hostile_names, ask, router):
    wait_until(lambda: router("victim.localhost") == "victim.localhost@http", 3)

    assert router(TECHBLOG) == f"{TECHBLOG}@http"
    assert "The site victim" not in ask(TECHBLOG).body
    assert ask(ADMIN_HOST, "/login/").status == 200
    assert ask("elsewhere.localhost").status == 404


@pytest.mark.parametrize("name", ["X-Forwarded-Proto", "X_Forwarded_Proto", "X.Forwarded.Proto"])
def test_a_visitor_who_says_to_have_come_by_https_is_not_believed(visitor, name):
    """Believed, the form would be one of https to Django, and its origin a wrong one."""
    owner = visitor(ADMIN_HOST)

    answer = owner.log_in("owner@example.com", **{name: "https"})

    assert answer.status == 302


@pytest.mark.parametrize("path", ["/a%2Fb/", "/a%5Cb/", "/a%00b/", "/a%23b/", "/a%3Fb/", "/a%3Bb/", "/a%25b/"])
def test_signs_that_hide_in_a_path_are_refused(ask, path):
    assert ask(TECHBLOG, path).status == 400


def test_headers_and_bodies_have_a_limit(ask):
    assert ask(TECHBLOG, "/", Long="x" * 40_000).status == 431
    too_long = {"Content-Length": str(settings.MAX_REQUEST_BODY + 1)}
    assert ask(ADMIN_HOST, "/login/", "POST", **too_long).status == 413


def test_metrics_are_counted_by_domain_for_machines_beside_it_only(stack, ask):
    ask(TECHBLOG)

    metrics = Visitor(stack.traefik.metrics_port, "localhost").ask("/metrics")
    assert f'router="{TECHBLOG}@http"' in metrics.body
    assert ask(TECHBLOG, "/metrics/").status == 404
