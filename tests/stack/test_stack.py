"""The blogs and the admin work through a real Traefik."""

import pytest

from blogs.demo.accounts import PASSWORD
from devstack.stack import ADMIN_HOST, FINANCEBLOG, INTERNAL_HOST, TECHBLOG
from tests.support.stack.client import row_of

pytestmark = pytest.mark.stack


def test_each_host_shows_its_own_blog_without_cookies(fetch):
    tech, finance = fetch(TECHBLOG), fetch(FINANCEBLOG)

    assert (tech.status, finance.status) == (200, 200)
    assert "<title>Stack &amp; Heap" in tech.body
    assert "<title>The Long Ledger" in finance.body
    assert "Set-Cookie" not in tech.headers | finance.headers


def test_an_unknown_host_gets_a_404_without_the_name_of_a_site(fetch):
    unknown = fetch("unknown.localhost")

    assert unknown.status == 404
    for name in ("Stack", "Ledger", "blog"):
        assert name not in unknown.body


def test_the_internal_surface_is_not_reachable_through_traefik(stack, fetch):
    token = stack.environment["INTERNAL_TOKEN"]

    assert fetch(INTERNAL_HOST, "/health/live").status == 404
    assert fetch(INTERNAL_HOST, "/traefik/document", Authorization=f"Bearer {token}").status == 404


def test_collected_static_files_are_served_as_immutable(fetch):
    page = fetch(TECHBLOG)
    address = page.body.split('rel="stylesheet" href="')[1].split('"')[0]
    response = fetch(TECHBLOG, address)

    assert response.status == 200
    assert "immutable" in response.headers["Cache-Control"]


def test_an_owner_logs_in_to_the_admin(http_client):
    owner = http_client(ADMIN_HOST)

    assert owner.fetch("/").status == 302
    assert owner.log_in("owner@example.com").status == 302
    assert owner.fetch("/").status == 200


@pytest.mark.parametrize(
    ("password", "headers", "status"),
    [("wrong", {}, 200), (PASSWORD, {"Origin": "http://elsewhere.test"}, 403)],
)
def test_a_wrong_password_or_another_origin_is_refused(http_client, password, headers, status):
    stranger = http_client(ADMIN_HOST)

    assert stranger.log_in("owner@example.com", password, **headers).status == status
    assert stranger.fetch("/").status == 302


def test_a_forged_client_address_neither_evades_nor_uses_up_a_login_limit(http_client):
    def log_in(source, password, forged):
        client = http_client(ADMIN_HOST, source)
        return client.log_in("editor@example.com", password, **{"X-Forwarded-For": forged}).status

    attacker, owner = "127.0.0.66", "127.0.0.67"
    assert [log_in(attacker, "wrong", f"203.0.113.{number}") for number in range(6)] == [200] * 5 + [429]
    assert [log_in(attacker, "wrong", owner) for _ in range(2)] == [429] * 2
    assert log_in(owner, PASSWORD, attacker) == 302


def test_the_access_log_of_traefik_names_the_router(stack, fetch):
    fetch(TECHBLOG, "/somewhere/of/its/own/")

    row = row_of(stack.traefik, "/somewhere/of/its/own/")
    assert row["DownstreamStatus"] == 404
    assert row["RouterName"].endswith(("@file", "@http"))
