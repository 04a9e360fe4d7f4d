"""Through the real Traefik: each blog under its own name, and the admin."""

import pytest

from blogs.demo.accounts import PASSWORD
from devstack.stack import ADMIN_HOST, FINANCEBLOG, INTERNAL_HOST, TECHBLOG
from tests.support.stack.visitors import row_of

pytestmark = pytest.mark.stack


def test_both_blogs_answer_their_own_names(ask):
    tech, finance = ask(TECHBLOG), ask(FINANCEBLOG)

    assert (tech.status, finance.status) == (200, 200)
    assert "<title>Stack &amp; Heap" in tech.body
    assert "<title>The Long Ledger" in finance.body
    assert "Set-Cookie" not in tech.headers | finance.headers


def test_an_unknown_host_learns_no_sites_name(ask):
    unknown = ask("unknown.localhost")

    assert unknown.status == 404
    for name in ("Stack", "Ledger", "blog"):
        assert name not in unknown.body


def test_the_machines_surface_is_not_to_be_had_through_traefik(stack, ask):
    token = stack.environment["INTERNAL_TOKEN"]

    assert ask(INTERNAL_HOST, "/health/live").status == 404
    assert ask(INTERNAL_HOST, "/traefik/document", Authorization=f"Bearer {token}").status == 404


def test_static_files_are_those_that_were_collected(ask):
    page = ask(TECHBLOG)
    address = page.body.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = ask(TECHBLOG, address)

    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_somebody_logs_in_to_the_admin(visitor):
    owner = visitor(ADMIN_HOST)

    assert owner.ask("/").status == 302
    assert owner.log_in("owner@example.com").status == 302
    assert owner.ask("/").status == 200


@pytest.mark.parametrize(
    ("password", "headers", "status"),
    [("wrong", {}, 200), (PASSWORD, {"Origin": "http://elsewhere.test"}, 403)],
)
def test_a_wrong_password_or_another_origin_is_refused(visitor, password, headers, status):
    stranger = visitor(ADMIN_HOST)

    assert stranger.log_in("owner@example.com", password, **headers).status == status
    assert stranger.ask("/").status == 302


def test_the_log_of_traefik_says_which_router_answered(stack, ask):
    ask(TECHBLOG, "/somewhere/of/its/own/")

    row = row_of(stack.traefik, "/somewhere/of/its/own/")
    assert row["DownstreamStatus"] == 404
    assert row["RouterName"].endswith(("@file", "@http"))
