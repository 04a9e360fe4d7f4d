"""Failed logins are limited per network and per account. A limited login costs no password hash."""

import logging
import re

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import device_cookie
from accounts.login import LOGIN_PATH, PASSWORD_CHANGE_PATH, is_login
from accounts.login_limits import OF_ALL, Attempt, TooManyFailures, is_network_limited
from lib.redis.ping import default_client
from tests.support.accounts import PASSWORD, CountingHasher, forget_failed_logins
from tests.support.redis import redis_stopped

pytestmark = pytest.mark.rollback

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.1"
WRONG = "not the password"


@pytest.fixture(autouse=True)
def _fresh_counters(settings):
    settings.PASSWORD_HASHERS = [f"{CountingHasher.__module__}.{CountingHasher.__name__}"]
    forget_failed_logins()
    yield
    forget_failed_logins()


@pytest.fixture
def browser():
    """A browser that keeps its cookies."""
    return Client(headers={"host": "admin.localhost"})


def log_in(name, password, address=HOME, browser=None, **environ):
    client = browser or Client(headers={"host": "admin.localhost"})
    return client.post(LOGIN_PATH, {"username": str(name), "password": password}, REMOTE_ADDR=address, **environ)


def statuses(count, name, address=HOME, **options):
    """The status of each response to `count` logins with a wrong password. `address` may contain {}, for a number."""
    return [log_in(name, WRONG, address.format(number), **options).status_code for number in range(count)]


def message(response):
    return re.search(r'<p class="errornote">\s*(.*?)\s*</p>', response.content.decode(), re.DOTALL)[1]


def hashes(work):
    """How many passwords `work` hashes."""
    before = CountingHasher.calls
    work()
    return CountingHasher.calls - before


# --- the account in one network --------------------------------------------------------------------------------------


def test_five_wrong_passwords_in_one_network_limit_the_account_there(editor):
    assert statuses(7, editor) == [200] * 5 + [429] * 2
    assert log_in(editor, PASSWORD).status_code == 429

    assert log_in(editor, PASSWORD, ELSEWHERE).status_code == 302


def test_a_limited_login_hashes_no_password_and_a_failed_one_hashes_one(editor):
    assert hashes(lambda: statuses(1, editor)) == 1
    assert hashes(lambda: statuses(1, "nobody@elsewhere.test")) == 1
    statuses(4, editor)

    assert hashes(lambda: statuses(3, editor)) == 0
    assert hashes(lambda: log_in(editor, PASSWORD)) == 0


def test_a_limited_login_says_when_to_try_again_and_keeps_the_user_name(editor):
    statuses(5, editor)
    response = log_in(editor, PASSWORD)

    assert 298 <= int(response["Retry-After"]) <= 300
    assert message(response) == (
        "Too many failed logins to editor@techblog.test from your network. At most 5 are allowed in 5 minutes."
        " Try again in 5 minutes."
    )
    page = response.content.decode()
    assert "<title>Error: Log in" in page
    assert 'value="editor@techblog.test"' in page
    assert PASSWORD not in page
    assert "no-store" in response["Cache-Control"]


def test_the_spelling_of_the_name_does_not_matter(editor):
    spellings = ["EDITOR@techblog.test", " editor@techblog.test ", "Editor@TechBlog.test", "ｅditor@techblog.test"]
    for name in spellings:
        assert log_in(name, WRONG).status_code == 200

    assert statuses(2, editor) == [200, 429]


def test_successful_logins_do_not_count(editor):
    for _ in range(8):
        assert log_in(editor, PASSWORD).status_code == 302
    statuses(4, editor)
    assert log_in(editor, PASSWORD).status_code == 302

    assert statuses(2, editor) == [200, 429]


def test_a_refused_login_does_not_count(editor):
    request = RequestFactory().post(LOGIN_PATH, REMOTE_ADDR=HOME)
    simultaneous = [Attempt(request, editor.email) for _ in range(5)]
    for attempt in simultaneous:
        attempt.start()
    with pytest.raises(TooManyFailures):
        Attempt(request, editor.email).start()

    simultaneous[0].forget()  # because its password is right

    assert log_in(editor, PASSWORD).status_code == 302


def test_a_login_without_a_name_or_password_does_not_count(editor):
    for name, password in ((editor, ""), ("", WRONG), ("", "")):
        for _ in range(3):
            assert log_in(name, password).status_code == 200

    assert log_in(editor, PASSWORD).status_code == 302


def test_the_right_password_of_an_account_without_a_role_counts_as_failed(stranger):
    for _ in range(5):
        assert log_in(stranger, PASSWORD).status_code == 200

    assert log_in(stranger, PASSWORD).status_code == 429


def test_known_unknown_and_inactive_accounts_get_the_same_responses(editor, owner):
    owner.is_active = False
    owner.save()
    address, pages = "192.0.2.{}", []
    for number, name in enumerate([editor.email, owner.email, "unknown@techblog.test"]):
        responses = [log_in(name, WRONG, address.format(number)) for _ in range(7)]
        pages.append([(r.status_code, _without_random_parts(r, name)) for r in responses])

    assert pages[0] == pages[1] == pages[2]
    assert [status for status, _ in pages[0]] == [200] * 5 + [429] * 2


def _without_random_parts(response, name):
    return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode()).replace(name, "NAME")


# --- the network -----------------------------------------------------------------------------------------------------


def test_twenty_wrong_passwords_for_different_accounts_limit_the_network(editor):
    names = [f"user{number}@techblog.test" for number in range(22)]
    assert [log_in(name, WRONG).status_code for name in names] == [200] * 20 + [429] * 2

    refused = log_in(editor, PASSWORD)
    assert refused.status_code == 429
    assert message(refused).startswith("Too many failed logins from your network. At most 20 are allowed in 5 minutes.")
    assert log_in(editor, PASSWORD, ELSEWHERE).status_code == 302


def test_addresses_of_one_ipv6_network_count_together(editor):
    assert statuses(7, editor, "2001:db8:0:1::{}") == [200] * 5 + [429] * 2
    assert statuses(1, editor, "2001:db8:0:2::1") == [200]


def test_ipv4_addresses_of_a_socket_for_both_versions_count_separately(editor):
    assert statuses(6, editor, "::ffff:192.0.2.1") == [200] * 5 + [429]
    assert log_in(editor, PASSWORD, "::ffff:192.0.2.2").status_code == 302


def test_clients_of_a_unix_socket_count_together(editor):
    assert statuses(6, editor, "") == [200] * 5 + [429]


# --- the account in all networks -------------------------------------------------------------------------------------


def test_ten_wrong_passwords_from_many_networks_limit_the_account_for_at_most_a_minute(editor, owner):
    assert statuses(12, editor, "203.0.113.{}") == [200] * 10 + [429] * 2

    refused = log_in(editor, PASSWORD)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) <= 60
    assert message(refused).startswith(
        "Too many failed logins to editor@techblog.test. At most 10 are allowed in 1 minute. Try again in "
    )
    assert log_in(owner, PASSWORD).status_code == 302


def test_attempts_refused_by_the_limit_of_the_account_do_not_use_up_the_limit_of_their_network(editor):
    statuses(10, editor, "203.0.113.{}")
    assert statuses(6, editor) == [429] * 6

    for key in default_client().scan_iter("rate-limits:*login/account/*"):
        default_client().delete(key)  # as at the end of its minute

    assert log_in(editor, PASSWORD).status_code == 302


# --- browsers that have logged in before -----------------------------------------------------------------------------


def test_a_browser_that_has_logged_in_before_is_not_affected_by_failures_of_others(editor, browser):
    assert log_in(editor, PASSWORD, browser=browser).status_code == 302
    browser.post("/logout/")
    statuses(10, editor, "203.0.113.{}")
    for number in range(20):
        log_in(f"user{number}@techblog.test", WRONG)
    assert log_in(editor, PASSWORD).status_code == 429

    assert log_in(editor, PASSWORD, browser=browser).status_code == 302


def test_a_browser_that_has_logged_in_before_has_five_failures_in_all_networks_together(editor, browser):
    log_in(editor, PASSWORD, browser=browser)

    assert statuses(7, editor, "203.0.113.{}", browser=browser) == [200] * 5 + [429] * 2
    assert "from this browser. At most 5" in message(log_in(editor, PASSWORD, browser=browser))
    assert log_in(editor, PASSWORD).status_code == 302


def test_each_browser_that_has_logged_in_before_has_a_limit_of_its_own(editor, browser):
    other = Client(headers={"host": "admin.localhost"})
    for each in (browser, other):
        log_in(editor, PASSWORD, browser=each)
    statuses(5, editor, browser=browser)

    assert log_in(editor, PASSWORD, browser=browser).status_code == 429
    assert log_in(editor, PASSWORD, browser=other).status_code == 302


def test_the_device_cookie_is_valid_for_its_account_only(editor, owner, browser):
    log_in(editor, PASSWORD, browser=browser)
    statuses(10, owner, "203.0.113.{}")

    assert log_in(owner, PASSWORD, browser=browser).status_code == 429


def test_an_old_or_forged_device_cookie_is_ignored(editor, browser, monkeypatch):
    log_in(editor, PASSWORD, browser=browser)
    statuses(10, editor, "203.0.113.{}")
    valid = browser.cookies["session-device"].value
    for forged in ("", "x", valid[:-1], "a" + valid, valid.replace(":", "::", 1), "x" * 4000):
        browser.cookies["session-device"] = forged
        assert log_in(editor, PASSWORD, browser=browser).status_code == 429, forged

    browser.cookies["session-device"] = valid
    monkeypatch.setattr(device_cookie, "LIFETIME", -1)
    assert log_in(editor, PASSWORD, browser=browser).status_code == 429
    monkeypatch.undo()
    assert log_in(editor, PASSWORD, browser=browser).status_code == 302


def test_the_device_cookie_is_set_by_a_successful_login_only_and_does_not_name_the_account(editor, browser):
    browser.get(LOGIN_PATH)
    log_in(editor, WRONG, browser=browser)
    assert "session-device" not in browser.cookies

    cookie = log_in(editor, PASSWORD, browser=browser).cookies["session-device"]
    assert (cookie["domain"], cookie["path"], cookie["httponly"], cookie["samesite"]) == ("", "/", True, "Strict")
    assert "editor" not in cookie.value
    assert browser.get(LOGIN_PATH).status_code == 302  # already logged in


def test_the_device_cookie_has_the_prefix_and_the_security_of_the_session_cookie(settings, editor):
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "__Host-session", True

    cookie = log_in(editor, PASSWORD).cookies["__Host-session-device"]
    assert cookie["secure"] is True


# --- X-Forwarded-For -------------------------------------------------------------------------------------------------


def test_a_client_without_a_proxy_cannot_evade_the_limit_with_a_forged_header(editor):
    forged = [log_in(editor, WRONG, HTTP_X_FORWARDED_FOR=f"203.0.113.{n}").status_code for n in range(7)]

    assert forged == [200] * 5 + [429] * 2


def test_a_client_behind_a_trusted_proxy_can_neither_evade_its_limit_nor_use_up_that_of_another(editor, settings):
    settings.TRUSTED_PROXIES = ("10.0.0.0/24",)
    proxy, client, victim = "10.0.0.2", "203.0.113.7", "203.0.113.8"

    def through_proxy(password, forged, address):
        return log_in(editor, password, proxy, HTTP_X_FORWARDED_FOR=f"{forged}, {address}").status_code

    assert [through_proxy(WRONG, f"192.0.2.{n}", client) for n in range(6)] == [200] * 5 + [429]
    assert [through_proxy(WRONG, victim, client) for _ in range(6)] == [429] * 6
    assert through_proxy(PASSWORD, client, victim) == 302


# --- without Redis ---------------------------------------------------------------------------------------------------


def test_a_process_without_redis_limits_logins(editor, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

    assert statuses(7, editor) == [200] * 5 + [429] * 2
    assert log_in(editor, PASSWORD, ELSEWHERE).status_code == 302


def test_while_redis_is_stopped_logins_are_still_limited(editor):
    statuses(3, editor)
    with redis_stopped():
        assert statuses(7, editor) == [200] * 5 + [429] * 2  # a lost counter means that the count starts again
        assert log_in(editor, PASSWORD, ELSEWHERE).status_code == 302


# --- what is logged and stored ---------------------------------------------------------------------------------------


def test_failed_and_limited_logins_are_logged_without_the_password(editor, caplog):
    with caplog.at_level(logging.WARNING, "accounts"):
        statuses(6, editor)
        log_in(editor, PASSWORD, ELSEWHERE)

    lines = [record.getMessage() for record in caplog.records if record.name.startswith("accounts")]
    assert lines == [
        *["Failed login to editor@techblog.test from 192.0.2.1."] * 5,
        "Refused login to editor@techblog.test from 192.0.2.1: too many failed logins.",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert WRONG not in caplog.text
    assert PASSWORD not in caplog.text


def test_the_logged_name_is_shortened_and_has_no_control_characters(installation, caplog):
    log_in("a\nb\x1b[31m\u202e" + "c" * 100_000, WRONG)

    assert [record.getMessage() for record in caplog.records] == [
        f"Failed login to a?b?[31m?{'c' * 91} from 192.0.2.1."
    ]


def test_a_very_long_name_is_limited_as_any_other(installation):
    assert statuses(7, "x" * 1_000_000) == [200] * 5 + [429] * 2


def test_redis_holds_no_user_name(editor):
    statuses(1, editor)

    keys = [key.decode() for key in default_client().scan_iter("rate-limits:*")]
    assert len(keys) == 4
    assert not [key for key in keys if "editor" in key]


@pytest.mark.pure
def test_a_login_while_the_database_fails_is_no_failed_login():
    for _ in range(7):
        with pytest.raises(RuntimeError, match="Database access not allowed"):  # a test marked `pure` has no database
            log_in("editor@techblog.test", WRONG)

    counted = [key for key in default_client().scan_iter("rate-limits:*") if default_client().get(key) != b"0"]
    assert [key.decode().split("/")[1] for key in counted] == ["all"]


# --- which requests are logins ---------------------------------------------------------------------------------------


@pytest.mark.pure
def test_the_login_path_is_the_path_of_the_form_in_the_urlconf_of_the_admin():
    assert reverse("admin:login", urlconf="accounts.admin.urls") == LOGIN_PATH
    assert reverse("admin:password_change", urlconf="accounts.admin.urls") == PASSWORD_CHANGE_PATH


@pytest.mark.pure
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/login/", True),
        ("POST", "/login/?next=/", True),
        ("GET", "/login/", False),
        ("POST", "/login", False),
        ("POST", "/logout/", False),
    ],
)
def test_a_login_is_a_post_to_the_login_path(method, path, expected):
    assert is_login(RequestFactory().generic(method, path).environ) is expected


# --- successful logins ------------------------------------------------------------------------------------------------


def test_a_network_cannot_log_in_without_end(editor, owner):
    for _ in range(OF_ALL.item.amount):
        assert log_in(editor, PASSWORD).status_code == 302

    assert "Too many logins from your network. At most 100 are allowed" in message(log_in(editor, PASSWORD))
    assert is_network_limited({"REMOTE_ADDR": HOME})
    assert log_in(owner, PASSWORD, ELSEWHERE).status_code == 302


# --- the change of a password ----------------------------------------------------------------------------------------


def test_wrong_old_passwords_are_limited_like_failed_logins(editor, admin_as):
    client = admin_as(editor)
    new = {"new_password1": "a-new-secret-42", "new_password2": "a-new-secret-42"}

    def change(old):
        return client.post(PASSWORD_CHANGE_PATH, {"old_password": old, **new}, REMOTE_ADDR=HOME)

    for _ in range(5):
        assert "Your old password was entered incorrectly" in change(WRONG).content.decode()
    assert hashes(lambda: change(PASSWORD)) == 0
    assert "Too many failed logins" in change(PASSWORD).content.decode()

    forget_failed_logins()
    assert change(PASSWORD).status_code == 302
