"""A process on settings.production: what it refuses to start with, whom it believes, and what it tells browsers."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from devstack.processes import free_port
from server import startup
from tenancy.registry import map_reader
from tests.support import production
from tests.support.production import ADMIN_HOST, INTERNAL_HOST, SECRET, read, shown

HTTPS = {"X-Forwarded-Proto": "https"}
REDIRECT = 308


@pytest.mark.pure
@pytest.mark.parametrize(
    "name",
    [
        "ADMIN_HOST",
        "DATABASE_URL",
        "INTERNAL_HOST",
        "INTERNAL_TOKEN",
        "MEDIA_ROOT",
        "REDIS_URL",
        "SECRET_KEY",
        "STATIC_ROOT",
    ],
)
def test_a_missing_variable_stops_the_start(monkeypatch, tmp_path, name):
    read(monkeypatch, tmp_path)

    with pytest.raises(ImproperlyConfigured, match=f"{name} is missing"):
        read(monkeypatch, tmp_path, **{name: None})


@pytest.mark.pure
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "x" * 60, "SECRET_KEY is too weak"),
        ("SECRET_KEY", SECRET[:49], "at least 50 ASCII characters"),
        ("INTERNAL_TOKEN", SECRET[:31], "at least 32 ASCII characters"),
        ("DATABASE_URL", "sqlite:///x", "no address of a PostgreSQL"),
        ("REDIS_URL", "http://cache", "no address of a Redis"),
        ("PUBLIC_SCHEME", "ftp", "Write one of: "),
        ("ADMIN_HOST", "a b", "ADMIN_HOST='a b' is not possible"),
    ],
)
def test_a_weak_or_wrong_variable_stops_the_start(monkeypatch, tmp_path, name, value, said):
    with pytest.raises(ImproperlyConfigured, match=said) as refusal:
        read(monkeypatch, tmp_path, **{name: value})
    assert value == "ftp" or value == "a b" or value not in str(refusal.value)


@pytest.mark.pure
def test_a_trial_without_tls_has_no_cookies_and_headers_that_need_it(monkeypatch, tmp_path):
    tls = read(monkeypatch, tmp_path)
    trial = read(monkeypatch, tmp_path, PUBLIC_SCHEME="http")

    assert (tls.SESSION_COOKIE_NAME, tls.CSRF_COOKIE_NAME) == ("__Host-session", "__Host-csrf")
    assert tls.SESSION_COOKIE_SECURE and tls.CSRF_COOKIE_SECURE and tls.SECURE_HSTS_SECONDS
    assert (trial.SESSION_COOKIE_NAME, trial.CSRF_COOKIE_NAME) == ("session", "csrf")
    assert not (trial.SESSION_COOKIE_SECURE or trial.CSRF_COOKIE_SECURE)
    assert not trial.SECURE_HSTS_SECONDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Static files, collected as for a server."""
    folder = tmp_path_factory.mktemp("production")
    collected = production.manage(
        "collectstatic",
        "--no-input",
        **production.environment(folder),
        DATABASE_URL="postgresql:///never-asked",
    )
    assert collected.returncode == 0, collected.stderr
    return folder


@pytest.fixture
def serve(processes, folder):
    """serve(NAME=…): a process on settings.production that answers."""

    def serve(**environment):
        return processes(1, **production.environment(folder) | environment)[0]

    return serve


def test_an_admin_behind_a_trusted_proxy_has_the_headers_and_cookies_of_a_safe_place(serve):
    answer = serve(TRUSTED_PROXIES="127.0.0.0/8").get(ADMIN_HOST, "/login/", **HTTPS)

    assert answer.status == 200
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["set-cookie"].startswith("__Host-csrf=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in headers["set-cookie"]
    assert "Domain" not in headers["set-cookie"]


def test_a_public_page_has_them_too_and_no_cookie(serve, techblog):
    answer = serve(TRUSTED_PROXIES="127.0.0.0/8").get(techblog.domain, "/", **HTTPS)

    assert answer.status == 200
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers
    assert "unsafe" not in headers["content-security-policy"]
    assert "set-cookie" not in headers


def test_only_a_trusted_proxy_says_that_a_visitor_came_over_tls(serve, techblog):
    open_to_all = serve()
    forged = open_to_all.get(techblog.domain, "/path/?x=1", **HTTPS)
    assert (forged.status, forged.headers["Location"]) == (REDIRECT, f"https://{techblog.domain}/path/?x=1")

    elsewhere = serve(TRUSTED_PROXIES="10.0.0.0/8,fd00::/8")
    assert elsewhere.status(techblog.domain, "/") == elsewhere.get(techblog.domain, "/", **HTTPS).status == REDIRECT

    behind = serve(TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1")
    assert behind.get(techblog.domain, "/", **HTTPS).status == 200
    assert behind.get(techblog.domain, "/", **{"X-Forwarded-Proto": "http"}).status == REDIRECT
    assert behind.get(techblog.domain, "/", **{"X-Forwarded-Ssl": "on"}).status == REDIRECT


def test_machines_beside_us_need_no_tls_and_readers_do(serve, techblog):
    server = serve()

    assert server.status(INTERNAL_HOST, "/health/live") == 200
    assert server.status(INTERNAL_HOST, "/health/ready") == 200
    assert server.status(INTERNAL_HOST, "/traefik/document") == 401
    assert server.status(ADMIN_HOST, "/login/") == REDIRECT
    assert server.status(techblog.domain) == REDIRECT


def test_a_trial_on_a_private_network_is_served_as_it_is_asked(serve, techblog):
    server = serve(PUBLIC_SCHEME="http")

    assert server.status(techblog.domain) == 200
    login = server.get(ADMIN_HOST, "/login/")
    assert login.status == 200
    assert login.headers["Set-Cookie"].startswith("csrf=")
    assert "Secure" not in login.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in login.headers


def test_secrets_are_read_from_files(serve, tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    server = serve(SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "secret"))

    assert server.status(INTERNAL_HOST, "/health/live") == 200


def test_a_refusal_ends_the_process_with_a_message_and_no_traceback(serve):
    for changed, said in [
        ({"SECRET_KEY": "x" * 60}, "Error: SECRET_KEY is too weak"),
        ({"TRUSTED_PROXIES": "*"}, "Error: TRUSTED_PROXIES: '*'"),
        ({"WEB_WORKERS": "many"}, "Error: WEB_WORKERS='many' is not possible"),
    ]:
        with pytest.raises(RuntimeError, match="The process ended with 4") as end:
            serve(**changed)
        assert str(end.value).count(said) == 1
        assert "Traceback" not in str(end.value)


def test_connections_have_time_limits_and_the_registrys_too(serve, monkeypatch, tmp_path):
    from django.db import connection, connections

    limits = read(monkeypatch, tmp_path, DATABASE_URL="postgresql://db/x").DATABASES["default"]
    assert limits["CONN_HEALTH_CHECKS"]
    assert limits["CONN_MAX_AGE"] == 60
    limited = connection.copy()
    limited.settings_dict["OPTIONS"] = limits["OPTIONS"]
    monkeypatch.setattr(connections["default"], "settings_dict", limited.settings_dict)
    of_the_registry = map_reader.own_connection()
    try:
        assert shown(limited) == ["10s", "5s", "30s"]
        assert shown(of_the_registry)[0] == "2s"
    finally:
        limited.close()
        of_the_registry.close()


def test_a_database_that_is_not_there_is_waited_for_and_then_given_up(serve):
    with pytest.raises(RuntimeError, match="The process ended with 4") as end:
        serve(
            DJANGO_SETTINGS_MODULE="tests.support.impatient",
            DATABASE_URL=f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/x",
        )

    assert "Waiting for PostgreSQL, at most 2 s: " in str(end.value)
    assert "Error: PostgreSQL did not answer within 2 s: " in str(end.value)
    assert "Start it, or correct DATABASE_URL." in str(end.value)
    assert "hidden" not in str(end.value)
    assert "Traceback" not in str(end.value)


def test_without_redis_a_process_starts_all_the_same(serve, techblog):
    server = serve(
        DJANGO_SETTINGS_MODULE="tests.support.impatient",
        REDIS_URL=f"redis://127.0.0.1:{free_port()}",
        PUBLIC_SCHEME="http",
    )

    assert server.status(techblog.domain) == 200
    assert "Waiting for Redis, at most 2 s: " in server.output()
    assert "Redis did not answer within 2 s" in server.output()
    assert "Starting without it" in server.output()


@pytest.mark.pure
def test_what_comes_late_is_waited_for(capsys, monkeypatch):
    monkeypatch.setattr(startup, "PAUSE", 0.01)
    refusals = iter([ConnectionError("not yet"), ConnectionError("not yet\nand why")])

    def ask():
        for refusal in refusals:
            raise refusal

    startup.wait_for("PostgreSQL", ask, 5)

    assert capsys.readouterr().err == "Waiting for PostgreSQL, at most 5 s: not yet\n"


@pytest.mark.pure
def test_a_slow_first_attempt_does_not_use_up_the_timeout(capsys, monkeypatch):
    now = 0.0

    def sleep(seconds):
        nonlocal now
        now += seconds

    monkeypatch.setattr(startup, "monotonic", lambda: now)
    monkeypatch.setattr(startup, "sleep", sleep)
    attempts = []

    def ping():
        attempts.append(now)
        sleep(0 if attempts[1:] else 10)
        raise ConnectionError("refused")

    with pytest.raises(startup.DidNotCome, match="Redis did not answer within 2 s: refused"):
        startup.wait_for("Redis", ping, 2)

    assert attempts == pytest.approx([0, 11, 12])
    assert capsys.readouterr().err == "Waiting for Redis, at most 2 s: refused\n"


@pytest.mark.pure
def test_with_tls_somebody_has_to_be_believed_about_it(monkeypatch, tmp_path):
    assert read(monkeypatch, tmp_path, TRUSTED_PROXIES="", PUBLIC_SCHEME="http")

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES is missing"):
        read(monkeypatch, tmp_path, TRUSTED_PROXIES="", PUBLIC_SCHEME="https")
