"""Users log in only on the admin's host, and browsers send the cookies of the login to no other host."""

import pytest
from django.test import Client

from accounts.models import Membership
from tests.support.accounts import PASSWORD

pytestmark = pytest.mark.rollback

HOST = "admin.localhost:8000"
ORIGIN = f"http://{HOST}"


@pytest.fixture
def browser():
    """A client with the checks that apply to browsers: CSRF tokens, a port in Host and Origin."""
    return Client(enforce_csrf_checks=True, headers={"host": HOST})


def log_in(browser, user, password=PASSWORD, follow_to="", **headers):
    page = browser.get(f"/login/?next={follow_to}")
    data = {"username": user.email, "password": password, "csrfmiddlewaretoken": browser.cookies["csrf"].value}
    assert page.status_code == 200
    return browser.post(
        "/login/", data | ({"next": follow_to} if follow_to else {}), headers={"origin": ORIGIN, **headers}
    )


def test_login_works_on_an_admin_host_with_a_port(browser, editor):
    assert log_in(browser, editor)["Location"] == "/"
    assert browser.get("/").status_code == 200


def test_login_from_another_origin_or_without_a_csrf_token_is_refused(browser, editor):
    assert log_in(browser, editor, origin="http://techblog.localhost:8000").status_code == 403
    assert log_in(browser, editor, origin="http://admin.localhost:9999").status_code == 403
    assert browser.post("/login/", {"username": editor.email, "password": PASSWORD}).status_code == 403
    assert "session" not in browser.cookies


def test_the_cookies_of_the_admin_are_limited_to_its_host_and_not_readable_by_scripts(browser, editor):
    log_in(browser, editor)

    for name in ("session", "csrf"):
        cookie = browser.cookies[name]
        assert cookie["domain"] == ""
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"


def test_login_starts_a_new_session(browser, editor):
    browser.cookies["session"] = "planted0planted0planted0planted0"
    log_in(browser, editor)
    first = browser.cookies["session"].value
    assert first != "planted0planted0planted0planted0"
    log_in(other := Client(enforce_csrf_checks=True, headers={"host": HOST}), editor)
    assert other.cookies["session"].value != first


def test_logging_out_ends_the_session(browser, editor):
    log_in(browser, editor)
    kept = browser.cookies["session"].value
    token = browser.cookies["csrf"].value
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/", {"csrfmiddlewaretoken": token}, headers={"origin": ORIGIN}).status_code == 200

    browser.cookies["session"] = kept
    assert browser.get("/").status_code == 302


def test_the_session_is_ignored_on_the_host_of_a_blog(browser, editor, techblog):
    log_in(browser, editor)

    with_cookie = browser.get("/", headers={"host": techblog.domain})
    without = Client().get("/", headers={"host": techblog.domain})

    assert with_cookie.content == without.content
    assert "Vary" not in with_cookie or "Cookie" not in with_cookie["Vary"]
    assert not with_cookie.cookies
    assert browser.get("/blogs/post/", headers={"host": techblog.domain}).status_code == 404


def test_the_parameter_next_does_not_redirect_to_another_host(browser, editor):
    for target in (
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "http://techblog.test/",
        "javascript:alert(1)",
    ):
        browser.cookies.clear()
        assert log_in(browser, editor, follow_to=target)["Location"] == "/", target


def test_the_parameter_next_redirects_to_the_requested_page(browser, editor):
    assert log_in(browser, editor, follow_to="/blogs/post/")["Location"] == "/blogs/post/"


def test_a_user_without_a_role_gets_no_session(browser, stranger, editor):
    refused = log_in(browser, stranger)
    assert refused.status_code == 200
    assert "an account with a role on at least one site" in refused.content.decode()
    wrong = log_in(browser, editor, password="something else")
    assert wrong.status_code == 200
    assert "session" not in browser.cookies


def test_a_user_who_loses_the_last_role_or_is_deactivated_is_logged_out_at_once(browser, editor, owner, admin_as):
    log_in(browser, editor)
    Membership.objects.filter(user=editor).delete()
    assert browser.get("/").status_code == 302

    client = admin_as(owner)
    owner.is_active = False
    owner.save()
    assert client.get("/").status_code == 302


def test_a_member_of_another_site_cannot_log_in_to_a_pinned_process(browser, editor, techblog, financeblog, settings):
    settings.PINNED_SITE_ID = financeblog.pk
    assert log_in(browser, editor).status_code == 200
    settings.PINNED_SITE_ID = techblog.pk
    assert log_in(browser, editor).status_code == 302


def test_the_admin_is_served_only_on_its_host(editor, techblog, admin_as):
    for host in ("admin.localhost.evil.test", "xadmin.localhost", "admin-localhost", techblog.domain):
        assert admin_as(editor).get("/login/", headers={"host": host}).status_code == 404


def test_admin_pages_forbid_caching_and_framing(editor, admin_as):
    response = admin_as(editor).get("/blogs/post/")

    assert "private" in response["Cache-Control"]
    assert "no-store" in response["Cache-Control"]
    policy = response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
