"""settings.production requires its variables, sets security headers, trusts only known proxies and limits all waits."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from devstack.ports import free_port
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
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "x" * 60, "SECRET_KEY is too weak"),
        ("SECRET_KEY", SECRET[:49], "at least 50 ASCII characters"),
        ("SECRET_KEY_FALLBACKS", "x" * 60, "SECRET_KEY_FALLBACKS is too weak"),
        ("SECRET_KEY_FALLBACKS", f"{SECRET} {SECRET[:49]}", "at least 50 ASCII characters"),
        ("INTERNAL_TOKEN", SECRET[:31], "at least 32 ASCII characters"),
        ("DATABASE_URL", "sqlite:///x", "not the URL of a PostgreSQL database"),
        ("REDIS_URL", "http://cache", "not the URL of a Redis server"),
        ("PUBLIC_SCHEME", "ftp", "Write one of: "),
        ("ADMIN_HOST", "a b", "ADMIN_HOST='a b' is not valid"),
    ],
)
def test_a_weak_or_wrong_variable_stops_the_start(monkeypatch, tmp_path, name, value, expected):
    with pytest.raises(ImproperlyConfigured, match=expected) as refusal:
        read(monkeypatch, tmp_path, **{name: value})
    assert value == "ftp" or value == "a b" or value not in str(refusal.value)


@pytest.mark.pure
def test_fallbacks_of_the_secret_key_are_optional_and_separated_by_spaces_or_lines(monkeypatch, tmp_path):
    assert read(monkeypatch, tmp_path).SECRET_KEY_FALLBACKS == []

    keys = [f"{SECRET},first", f"{SECRET}-second"]
    for separator in (" ", "\n", " \n "):
        assert keys == read(monkeypatch, tmp_path, SECRET_KEY_FALLBACKS=separator.join(keys)).SECRET_KEY_FALLBACKS


@pytest.mark.pure
def test_without_tls_no_cookie_or_header_requires_https(monkeypatch, tmp_path):
    tls = read(monkeypatch, tmp_path)
    trial = read(monkeypatch, tmp_path, PUBLIC_SCHEME="http")

    assert (tls.SESSION_COOKIE_NAME, tls.CSRF_COOKIE_NAME) == ("__Host-session", "__Host-csrf")
    assert tls.SESSION_COOKIE_SECURE and tls.CSRF_COOKIE_SECURE and tls.SECURE_HSTS_SECONDS
    assert (trial.SESSION_COOKIE_NAME, trial.CSRF_COOKIE_NAME) == ("session", "csrf")
    assert not (trial.SESSION_COOKIE_SECURE or trial.CSRF_COOKIE_SECURE)
    assert not trial.SECURE_HSTS_SECONDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with collected static files."""
    folder = tmp_path_factory.mktemp("production")
    collected = production.manage(
        "collectstatic",
        "--no-input",
        **production.environment(folder),
        DATABASE_URL="postgresql:///unused",
    )
    assert collected.returncode == 0, collected.stderr
    return folder


@pytest.fixture
def serve(processes, folder):
    """serve(NAME=…): starts a process with settings.production and these variables."""

    def serve(**environment):
        return processes(1, **production.environment(folder) | environment)[0]

    return serve


def test_the_admin_sends_security_headers_and_secure_cookies(serve):
    response = serve(TRUSTED_PROXIES="127.0.0.0/8").get(ADMIN_HOST, "/login/", **HTTPS)

    assert response.status == 200
    headers = {name.lower(): value for name, value in response.headers.items()}
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


def test_a_public_page_sends_security_headers_and_no_cookie(serve, techblog):
    response = serve(TRUSTED_PROXIES="127.0.0.0/8").get(techblog.domain, "/", **HTTPS)

    assert response.status == 200
    headers = {name.lower(): value for name, value in response.headers.items()}
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers
    assert "unsafe" not in headers["content-security-policy"]
    assert "set-cookie" not in headers


def test_only_a_trusted_proxy_can_declare_a_request_as_https(serve, techblog):
    open_to_all = serve()
    forged = open_to_all.get(techblog.domain, "/path/?x=1", **HTTPS)
    assert (forged.status, forged.headers["Location"]) == (REDIRECT, f"https://{techblog.domain}/path/?x=1")

    elsewhere = serve(TRUSTED_PROXIES="10.0.0.0/8,fd00::/8")
    assert elsewhere.status(techblog.domain, "/") == elsewhere.get(techblog.domain, "/", **HTTPS).status == REDIRECT

    behind = serve(TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1")
    assert behind.get(techblog.domain, "/", **HTTPS).status == 200
    assert behind.get(techblog.domain, "/", **{"X-Forwarded-Proto": "http"}).status == REDIRECT
    assert behind.get(techblog.domain, "/", **{"X-Forwarded-Ssl": "on"}).status == REDIRECT


def test_all_hosts_except_the_internal_host_require_https(serve, techblog):
    server = serve()

    assert server.status(INTERNAL_HOST, "/health/live") == 200
    assert server.status(INTERNAL_HOST, "/health/ready") == 200
    assert server.status(INTERNAL_HOST, "/traefik/document") == 401
    assert server.status(ADMIN_HOST, "/login/") == REDIRECT
    assert server.status(techblog.domain) == REDIRECT


def test_with_public_scheme_http_pages_are_served_without_tls(serve, techblog):
    server = serve(PUBLIC_SCHEME="http")

    assert server.status(techblog.domain) == 200
    login = server.get(ADMIN_HOST, "/login/")
    assert login.status == 200
    assert login.headers["Set-Cookie"].startswith("csrf=")
    assert "Secure" not in login.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in login.headers


def test_a_secret_is_read_from_a_file(serve, tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    server = serve(SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "secret"))

    assert server.status(INTERNAL_HOST, "/health/live") == 200


def test_an_invalid_setting_stops_the_process_with_a_message_and_no_traceback(serve):
    for changed, expected in [
        ({"SECRET_KEY": "x" * 60}, "Error: SECRET_KEY is too weak"),
        ({"TRUSTED_PROXIES": "*"}, "Error: TRUSTED_PROXIES: '*'"),
        ({"WEB_WORKERS": "many"}, "Error: WEB_WORKERS='many' is not valid"),
    ]:
        with pytest.raises(RuntimeError, match="The process ended with exit code 4") as end:
            serve(**changed)
        assert str(end.value).count(expected) == 1
        assert "Traceback" not in str(end.value)


def test_connections_to_postgresql_have_timeouts(serve, monkeypatch, tmp_path):
    from django.db import connection, connections

    limits = read(monkeypatch, tmp_path, DATABASE_URL="postgresql://db/x").DATABASES["default"]
    assert limits["CONN_HEALTH_CHECKS"]
    assert limits["CONN_MAX_AGE"] == 60
    limited = connection.copy()
    limited.settings_dict["OPTIONS"] = limits["OPTIONS"]
    monkeypatch.setattr(connections["default"], "settings_dict", limited.settings_dict)
    registry_connection = map_reader.own_connection()
    try:
        assert shown(limited) == ["10s", "5s", "30s"]
        assert shown(registry_connection)[0] == "2s"
    finally:
        limited.close()
        registry_connection.close()


def test_a_process_stops_with_a_message_if_postgresql_does_not_respond_in_time(serve):
    with pytest.raises(RuntimeError, match="The process ended with exit code 4") as end:
        serve(
            DJANGO_SETTINGS_MODULE="tests.support.short_startup",
            DATABASE_URL=f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/x",
        )

    assert "Waiting for PostgreSQL, at most 2 s: " in str(end.value)
    assert "Error: PostgreSQL did not respond within 2 s: " in str(end.value)
    assert "Start PostgreSQL, or correct DATABASE_URL." in str(end.value)
    assert "hidden" not in str(end.value)
    assert "Traceback" not in str(end.value)


def test_a_process_starts_without_redis_after_the_timeout(serve, techblog):
    server = serve(
        DJANGO_SETTINGS_MODULE="tests.support.short_startup",
        REDIS_URL=f"redis://127.0.0.1:{free_port()}",
        PUBLIC_SCHEME="http",
    )

    assert server.status(techblog.domain) == 200
    assert "Waiting for Redis, at most 2 s: " in server.output()
    assert "Redis did not respond within 2 s" in server.output()
    assert "Starting without Redis" in server.output()


@pytest.mark.pure
def test_the_start_waits_for_a_service_that_responds_late(capsys, monkeypatch):
    monkeypatch.setattr(startup, "RETRY_INTERVAL", 0.01)
    refusals = iter([ConnectionError("not yet"), ConnectionError("not yet\nand why")])

    def ping():
        for refusal in refusals:
            raise refusal

    startup.wait_for("PostgreSQL", ping, 5)

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

    with pytest.raises(startup.ServiceUnavailable, match="Redis did not respond within 2 s: refused"):
        startup.wait_for("Redis", ping, 2)

    assert attempts == pytest.approx([0, 11, 12])
    assert capsys.readouterr().err == "Waiting for Redis, at most 2 s: refused\n"


@pytest.mark.pure
def test_with_tls_a_trusted_proxy_is_required(monkeypatch, tmp_path):
    assert read(monkeypatch, tmp_path, TRUSTED_PROXIES="", PUBLIC_SCHEME="http")

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES is missing"):
        read(monkeypatch, tmp_path, TRUSTED_PROXIES="", PUBLIC_SCHEME="https")
