"""The processes of `make stack` on free ports, once for all tests of this folder, with servers of their own."""

import pytest

from devstack.stack import Stack
from tests.support.stack.visitors import Visitor


@pytest.fixture(scope="session")
def stack():
    """A test that changes a site makes one of its own: `stack.manage("site", "create", …)`."""
    stack = Stack()
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def visitor(stack):
    """visitor("techblog.localhost"): somebody who comes through Traefik and keeps the cookies."""
    return lambda host: Visitor(stack.traefik.port, host)


@pytest.fixture
def ask(visitor):
    """ask("techblog.localhost", "/path"): the answer through Traefik to somebody who was never there."""
    return lambda host, *arguments, **headers: visitor(host).ask(*arguments, **headers)
