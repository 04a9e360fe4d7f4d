"""/health/ready: what a process says about itself while its parts are away, slow or not ready yet."""

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

AT_MOST = 0.6  # seconds for an answer, whatever hangs
LOADED = 0.4  # seconds that a busy machine may take besides


@pytest.fixture
def server(processes, tmp_path):
    return processes(1, **production.environment(tmp_path), DRAIN_FILE=str(tmp_path / "drain"))[0]


def ready(server):
    """(Status of the answer, what it says), given in time."""
    began = time.monotonic()
    answer = server.get(INTERNAL_HOST, "/health/ready")
    assert time.monotonic() - began < AT_MOST + LOADED
    return answer.status, json.loads(answer.body)


def wait_until_ready(server):
    """What it says then: on a busy machine a part of it may be slow at first."""
    reports = []

    def is_ready():
        reports.append(ready(server)[1])
        return reports[-1]["status"] == "ready"

    wait_until(is_ready, timeout=5)
    return reports[-1]


def test_a_process_that_has_all_it_needs_is_ready(server, techblog):
    said = wait_until_ready(server)

    assert ready(server)[0] == 200
    assert said["pinned_site"] is None
    assert said["surfaces"] == ["blogs", "admin", "internal"]
    assert {name: part["state"] for name, part in said["parts"].items()} == {
        "database": "ok",
        "cache": "ok",
        "migrations": "ok",
    }
    assert 0 <= said["parts"]["database"]["ms"] < 500
    assert "no-store" in server.get(INTERNAL_HOST, "/health/ready").headers["Cache-Control"]


def test_a_pinned_process_says_which_site_it_serves(processes, techblog, tmp_path):
    pinned = processes(1, **production.environment(tmp_path), SITE_ID=str(techblog.pk))[0]

    assert ready(pinned)[1]["pinned_site"] == techblog.pk


@pytest.mark.parametrize(
    ("environment", "served", "astray"),
    [
        ({}, ["blogs", "admin", "1", "2"], ["mail", "-1", "1.0"]),
        ({"SITE_ID": "1"}, ["1", "admin"], ["2", "blogs", "11"]),
        ({"SURFACES": "blogs"}, ["blogs", "1"], ["admin"]),
        ({"SURFACES": "admin,internal"}, ["admin"], ["blogs", "1"]),
    ],
)
def test_what_is_sent_to_the_wrong_deployment_is_not_wanted(environment, served, astray, settings):
    """The address of a container that went may be another one's a moment later."""
    settings.PINNED_SITE_ID = int(environment["SITE_ID"]) if "SITE_ID" in environment else None
    settings.SURFACES = environment.get("SURFACES", "blogs,admin,internal").split(",")

    assert [what for what in [*served, *astray, "x" * 5000] if health.serves(what)] == served


def test_a_pinned_process_is_ready_for_its_site_and_for_no_other(processes, techblog, tmp_path):
    pinned = processes(1, **production.environment(tmp_path), SITE_ID=str(techblog.pk))[0]
    ask = "/health/ready?serves={}".format

    assert pinned.status(INTERNAL_HOST, ask(techblog.pk)) == 200
    refused = pinned.get(INTERNAL_HOST, ask("blogs"))
    assert (refused.status, json.loads(refused.body)["status"]) == (503, "astray")


def test_no_other_host_learns_of_it(processes, techblog):
    server = processes(1, PUBLIC_SCHEME="http")[0]

    assert server.status(INTERNAL_HOST, "/health/ready") == 200
    for host in (techblog.domain, "unknown.test"):
        assert server.status(host, "/health/ready") == 404
    assert server.get(INTERNAL_HOST, "/health/ready", method="POST").status in (403, 405)


def test_without_redis_it_is_degraded_and_recovers_by_itself(server):
    wait_until_ready(server)
    servers.redis.stop()
    try:
        status, said = ready(server)
        assert (status, said["status"]) == (200, "degraded")
        assert {name: part["state"] for name, part in said["parts"].items()} == {
            "database": "ok",
            "cache": "away",
            "migrations": "ok",
        }
    finally:
        servers.redis.start()
    wait_until_ready(server)


def test_a_redis_that_hangs_is_told_in_time(server):
    wait_until_ready(server)
    with frozen(servers.redis.process.pid):
        for _ in range(3):
            status, said = ready(server)
            assert (status, said["status"], said["parts"]["cache"]["state"]) == (200, "degraded", "away")
    wait_until_ready(server)


def test_a_database_that_hangs_is_told_in_time_and_known_hosts_stay(server, techblog):
    wait_until_ready(server)
    domain = techblog.domain
    server.get(domain)
    with frozen(servers.postgresql.process.pid):
        for _ in range(3):
            status, said = ready(server)
            assert (status, said["status"]) == (200, "degraded")
            assert said["parts"]["database"]["state"] == "away"
            assert said["parts"]["migrations"]["state"] == "ok"
        assert server.status("unknown.test") == 404
    wait_until_ready(server)


def test_a_database_that_is_gone_is_told_and_found_again(server, techblog):
    wait_until_ready(server)
    connection.close()
    servers.postgresql.stop()
    try:
        status, said = ready(server)
        assert (status, said["status"], said["parts"]["database"]["state"]) == (200, "degraded", "away")
    finally:
        servers.postgresql.start()
    wait_until_ready(server)


def test_the_drain_switch_sends_requests_elsewhere_and_serves_those_that_come(server, tmp_path, techblog):
    wait_until_ready(server)
    (tmp_path / "drain").touch()
    status, said = ready(server)
    assert (status, said["status"]) == (503, "draining")
    assert said["parts"]["database"]["state"] == "ok"
    assert server.status(INTERNAL_HOST, "/health/live") == 200

    (tmp_path / "drain").unlink()
    assert ready(server)[0] == 200


def test_before_the_migrations_it_is_unready_and_then_ready_without_a_restart(empty_database, tmp_path):
    environment = production.environment(tmp_path) | {"DATABASE_URL": empty_database}
    with running(**environment) as (server,):
        status, said = ready(server)
        assert (status, said["status"]) == (503, "unready")
        assert said["parts"]["migrations"]["state"] == "missing"
        assert said["parts"]["database"]["state"] == "ok"

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
