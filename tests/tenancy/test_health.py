"""The responses of /health/ready while the database or the cache is unavailable or slow, or migrations are missing."""

import json
import time

import pytest
from django.db import connection

from devstack.processes import wait_until
from tenancy.internal import health
from tenancy.registry.site_registry import RegistryUnavailable
from tests.support import production, servers
from tests.support.processes import frozen, running
from tests.support.production import INTERNAL_HOST

MAX_SECONDS = 0.6  # for a response, even while a service hangs
TOLERANCE = 0.4  # additional seconds on a busy machine


@pytest.fixture
def server(processes, tmp_path):
    return processes(1, **production.environment(tmp_path), DRAIN_FILE=str(tmp_path / "drain"))[0]


def ready(server):
    """Return (the status of the response, its report). Asserts that the response arrives in time."""
    began = time.monotonic()
    response = server.get(INTERNAL_HOST, "/health/ready")
    assert time.monotonic() - began < MAX_SECONDS + TOLERANCE
    return response.status, json.loads(response.body)


def wait_until_ready(server):
    """Wait until the status is "ready" and return the report. On a busy machine a service may be slow at first."""
    reports = []

    def is_ready():
        reports.append(ready(server)[1])
        return reports[-1]["status"] == "ready"

    wait_until(is_ready, timeout=5)
    return reports[-1]


def test_a_process_with_database_cache_and_migrations_is_ready(server, techblog):
    report = wait_until_ready(server)

    assert ready(server)[0] == 200
    assert report["pinned_site"] is None
    assert report["surfaces"] == ["blogs", "admin", "internal"]
    assert {name: part["state"] for name, part in report["parts"].items()} == {
        "database": "ok",
        "cache": "ok",
        "migrations": "ok",
    }
    assert 0 <= report["parts"]["database"]["ms"] < 500
    assert "no-store" in server.get(INTERNAL_HOST, "/health/ready").headers["Cache-Control"]


def test_the_report_of_a_pinned_process_names_its_site(processes, techblog, tmp_path):
    pinned = processes(1, **production.environment(tmp_path), SITE_ID=str(techblog.pk))[0]

    assert ready(pinned)[1]["pinned_site"] == techblog.pk


@pytest.mark.parametrize(
    ("environment", "served", "misdirected"),
    [
        ({}, ["blogs", "admin", "1", "2"], ["mail", "-1", "1.0"]),
        ({"SITE_ID": "1"}, ["1", "admin"], ["2", "blogs", "11"]),
        ({"SURFACES": "blogs"}, ["blogs", "1"], ["admin"]),
        ({"SURFACES": "admin,internal"}, ["admin"], ["blogs", "1"]),
    ],
)
def test_a_process_reports_that_it_serves_its_own_surfaces_and_sites_only(environment, served, misdirected, settings):
    """A load balancer needs this: the IP address of a stopped container may be assigned to another container."""
    settings.PINNED_SITE_ID = int(environment["SITE_ID"]) if "SITE_ID" in environment else None
    settings.SURFACES = environment.get("SURFACES", "blogs,admin,internal").split(",")

    assert [what for what in [*served, *misdirected, "x" * 5000] if health.serves(what)] == served


def test_a_pinned_process_is_ready_only_for_its_site(processes, techblog, tmp_path):
    pinned = processes(1, **production.environment(tmp_path), SITE_ID=str(techblog.pk))[0]
    ready_for = "/health/ready?serves={}".format

    assert pinned.status(INTERNAL_HOST, ready_for(techblog.pk)) == 200
    refused = pinned.get(INTERNAL_HOST, ready_for("blogs"))
    assert (refused.status, json.loads(refused.body)["status"]) == (503, "misdirected")


def test_health_checks_get_404_on_all_other_hosts(processes, techblog):
    server = processes(1, PUBLIC_SCHEME="http")[0]

    assert server.status(INTERNAL_HOST, "/health/ready") == 200
    for host in (techblog.domain, "unknown.test"):
        assert server.status(host, "/health/ready") == 404
    assert server.get(INTERNAL_HOST, "/health/ready", method="POST").status in (403, 405)


def test_without_redis_the_status_is_degraded_until_redis_responds_again(server):
    wait_until_ready(server)
    servers.redis.stop()
    try:
        status, report = ready(server)
        assert (status, report["status"]) == (200, "degraded")
        assert {name: part["state"] for name, part in report["parts"].items()} == {
            "database": "ok",
            "cache": "away",
            "migrations": "ok",
        }
    finally:
        servers.redis.start()
    wait_until_ready(server)


def test_a_redis_that_hangs_is_reported_in_time(server):
    wait_until_ready(server)
    with frozen(servers.redis.process.pid):
        for _ in range(3):
            status, report = ready(server)
            assert (status, report["status"], report["parts"]["cache"]["state"]) == (200, "degraded", "away")
    wait_until_ready(server)


def test_a_database_that_hangs_is_reported_in_time_and_hosts_stay_known(server, techblog):
    wait_until_ready(server)
    domain = techblog.domain
    server.get(domain)
    with frozen(servers.postgresql.process.pid):
        for _ in range(3):
            status, report = ready(server)
            assert (status, report["status"]) == (200, "degraded")
            assert report["parts"]["database"]["state"] == "away"
            assert report["parts"]["migrations"]["state"] == "ok"
        assert server.status("unknown.test") == 404
    wait_until_ready(server)


def test_an_unavailable_database_is_reported_until_it_responds_again(server, techblog):
    wait_until_ready(server)
    connection.close()
    servers.postgresql.stop()
    try:
        status, report = ready(server)
        assert (status, report["status"], report["parts"]["database"]["state"]) == (200, "degraded", "away")
    finally:
        servers.postgresql.start()
    wait_until_ready(server)


def test_a_draining_process_responds_503_to_readiness_and_serves_requests(server, tmp_path, techblog):
    wait_until_ready(server)
    (tmp_path / "drain").touch()
    status, report = ready(server)
    assert (status, report["status"]) == (503, "draining")
    assert report["parts"]["database"]["state"] == "ok"
    assert server.status(INTERNAL_HOST, "/health/live") == 200

    (tmp_path / "drain").unlink()
    assert ready(server)[0] == 200


def test_a_process_is_unready_before_the_migrations_and_ready_after_them_without_a_restart(empty_database, tmp_path):
    environment = production.environment(tmp_path) | {"DATABASE_URL": empty_database}
    with running(**environment) as (server,):
        status, report = ready(server)
        assert (status, report["status"]) == (503, "unready")
        assert report["parts"]["migrations"]["state"] == "missing"
        assert report["parts"]["database"]["state"] == "ok"

        assert production.manage("migrate", **environment).returncode == 0
        wait_until_ready(server)


def test_a_process_that_never_loaded_the_map_is_unready(installation, monkeypatch):
    def find(host):
        raise RegistryUnavailable("no map")

    with monkeypatch.context() as patch:
        patch.setattr(health.registry, "find", find)
        readiness = health.Readiness()
        wait_until(lambda: readiness.report()[1]["migrations"]["state"] == "ok")

        assert readiness.report()[0] == "unready"
