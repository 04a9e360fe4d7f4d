"""A second Traefik starts beside the first one and takes over its ports."""

import subprocess

import pytest

from devstack.processes import PROCESS_TIMEOUT, free_port, status, wait_until
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
