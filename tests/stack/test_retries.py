"""Traefik retries failed requests and removes forged headers. One server records requests, another does not listen."""

import time

import pytest

from devstack.ports import free_port
from devstack.readers import Readers
from tests.support.stack.client import HttpClient

pytestmark = pytest.mark.stack

HOST = "blog.localhost"


@pytest.fixture(scope="module")
def port(stack, recorder):
    """The port of a Traefik without health checks: it sends every second attempt to the server that does not listen."""
    missing = f"http://127.0.0.1:{free_port()}"
    traefik = stack.add_traefik(
        "recorded", SHARED_DEPLOYMENT=f"{missing},{recorder.url}", DOCUMENT_URL=f"{missing}/document"
    )
    return traefik.port


def test_parallel_requests_do_not_fail_when_one_server_is_missing(port):
    with Readers(port, [HOST] * 8, every=0.1) as readers:
        time.sleep(2)

    assert len(readers.requests) > 50
    assert readers.failed == []


def test_a_large_body_reaches_the_remaining_server_completely(port, recorder):
    for number in range(4):
        assert HttpClient(port, HOST).fetch(f"/upload/{number}/", "POST", b"x" * 5_000_000).status == 200

    assert [[request.length for request in recorder.of(f"/upload/{number}/")] for number in range(4)] == [
        [5_000_000]
    ] * 4


@pytest.mark.parametrize(
    ("method", "status", "is_retried"),
    [("GET", 502, True), ("GET", 504, True), ("POST", 502, False), ("GET", 503, False)],
)
def test_a_request_is_retried_if_its_method_is_safe_and_its_server_failed(port, recorder, method, status, is_retried):
    path = f"/status/{status}/{method}/"
    assert HttpClient(port, HOST).fetch(path, method).status == status

    assert (len(recorder.of(path)) > 1) == is_retried


@pytest.mark.parametrize("name", ["X_Forwarded_Proto", "X.Forwarded.Proto", "X_Forwarded_For", "X_Real_Ip"])
def test_a_header_that_wsgi_cannot_distinguish_from_a_forwarded_header_is_removed(port, recorder, name):
    assert HttpClient(port, HOST).fetch(f"/{name}/", **{name: "https"}).status == 200

    assert name.lower() not in recorder.of(f"/{name}/")[-1].headers
