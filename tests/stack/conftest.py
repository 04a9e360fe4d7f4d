"""Fixtures for tests of the processes of `make stack`, which are started once on free ports."""

import pytest

from devstack.stack import Stack
from tests.support.stack.client import HttpClient
from tests.support.stack.recording import RecordingServer


@pytest.fixture(scope="session")
def stack():
    """A test that changes a site creates its own: `stack.manage("site", "create", …)`."""
    stack = Stack()
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def recorder():
    """A server that records the requests it gets."""
    recorder = RecordingServer()
    yield recorder
    recorder.server.shutdown()
    recorder.server.server_close()


@pytest.fixture
def http_client(stack):
    """http_client("techblog.localhost"): a client that connects to Traefik and keeps cookies."""
    return lambda host, *source: HttpClient(stack.traefik.port, host, *source)


@pytest.fixture
def fetch(http_client):
    """fetch("techblog.localhost", "/path"): the response through Traefik to a new client."""
    return lambda host, *arguments, **headers: http_client(host).fetch(*arguments, **headers)
