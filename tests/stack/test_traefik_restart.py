"""A second Traefik starts beside the first one and takes over its ports."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from devstack.ports import free_port
from devstack.processes import PROCESS_TIMEOUT, status, wait_until
from devstack.readers import Readers
from devstack.stack import TECHBLOG
from devstack.traefik import Traefik
from devstack.web import PROJECT
from tests.support.stack.client import HttpClient, route

pytestmark = pytest.mark.stack


@pytest.fixture
def first(stack):
    traefik = stack.add_traefik("first")
    wait_until(lambda: "@http" in route(traefik, TECHBLOG).get("RouterName", ""), PROCESS_TIMEOUT)
    return traefik


@pytest.fixture
def second(stack, first):
    """A Traefik for the ports of the first one. It is not started."""
    traefik = Traefik(stack.session, first.environment, name="second")
    traefik.environment |= {name: first.environment[name] for name in ("HTTP_ADDRESS", "HTTPS_ADDRESS", "ACME_STORAGE")}
    stack.further_traefiks.append(traefik)
    return traefik


def test_no_connection_is_refused_while_a_second_traefik_replaces_the_first(first, second):
    with Readers(first.port, [TECHBLOG], every=0.02) as readers:
        second.start()
        first.stop()
        assert status(first.port, TECHBLOG) == 200

    outcomes = [request.outcome for request in readers.failed]
    print(
        f"Replacement: {len(readers.requests)} requests, the slowest took {readers.slowest:.1f} s, failed: {outcomes}"
    )
    # Traefik listens a moment before it has its routes; no setting changes this (docs/deployment.md).
    assert set(outcomes) <= {404}


def test_traefik_is_ready_only_when_it_routes_known_hosts(stack):
    traefik = Traefik(stack.session, stack.traefik.environment, name="ready")
    stack.further_traefiks.append(traefik)
    ready = subprocess.Popen([PROJECT / "traefik" / "ready"], env=traefik.environment)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            ready.wait(0.3)  # Traefik does not run yet
        traefik.launch()

        assert ready.wait(PROCESS_TIMEOUT) == 0

        assert HttpClient(traefik.port, TECHBLOG).fetch().status == 200
        assert HttpClient(traefik.port, "unknown.localhost").fetch().status == 404
    finally:
        ready.kill()


def test_traefik_starts_without_openssl(stack, tmp_path):
    for tool in ("awk", "cat", "dirname", "mktemp", "printenv"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    missing = f"http://127.0.0.1:{free_port()}/document"

    traefik = stack.add_traefik("without-openssl", PATH=str(tmp_path), DOCUMENT_URL=missing)

    assert HttpClient(traefik.port, TECHBLOG).fetch().status == 200


needs_packet_filter = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("iptables"), reason="needs root and iptables (Debian package: iptables)"
)


def replace_8082_by(new, folder):
    """Run systemd/replace-traefik in namespaces of its own. Returns what tests/support/stack/replacing.py prints."""
    namespaces = ["unshare", "--net", "--pid", "--fork", "--kill-child"]
    program = [sys.executable, "-m", "tests.support.stack.replacing", folder, new]
    done = subprocess.run([*namespaces, *program], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_packet_filter
def test_replace_traefik_loses_no_request(tmp_path):
    result = replace_8082_by("8083", tmp_path)

    print(f"{len(result['outcomes'])} requests, the slowest took {result['slowest']:.1f} s")
    assert (result["code"], result["message"]) == (0, "")
    assert set(result["outcomes"]) == {200}
    assert result["slowest"] > 0.5, "no connection was held back, so the other assertions prove nothing"
    assert result["rules"] == [[], []]


@needs_packet_filter
def test_replace_traefik_keeps_the_old_instance_if_the_new_one_does_not_start(tmp_path):
    result = replace_8082_by("broken", tmp_path)

    assert result["code"] == 1
    assert "newsstand-traefik@broken did not start, so newsstand-traefik@8082 was not stopped" in result["message"]
    assert set(result["outcomes"]) == {200}
    assert result["rules"] == [[], []]
