"""Start a real PostgreSQL and a real Redis for the tests, before Django reads its settings.

This is a pytest plugin, loaded by `-p tests.support.servers` (pyproject.toml). A conftest.py would run after
pytest-django has read the settings, and the tests would use another database.

Tests restart or stop a server with `servers.postgresql.restart()` or `servers.redis.stop()`. The address of the server
stays the same. With DATABASE=sqlite in the environment, no PostgreSQL is started.
"""

import atexit
import os
from collections.abc import Generator

import pytest

from devstack.processes import Session
from devstack.servers import PostgreSQL, Redis

postgresql: PostgreSQL
redis: Redis


def start() -> None:
    """Start the servers, put their URLs into the environment, and stop them at exit."""
    global postgresql, redis
    session = Session()

    redis = Redis(session)
    atexit.register(redis.stop)
    redis.start()
    os.environ["REDIS_URL"] = redis.url

    if os.environ.get("DATABASE") == "sqlite":
        os.environ["DATABASE_URL"] = f"sqlite:///{session.folder}/test.sqlite3"
        return
    postgresql = PostgreSQL(session)
    atexit.register(postgresql.stop)
    postgresql.start()
    os.environ["DATABASE_URL"] = postgresql.url


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Start the servers. As a hook wrapper, this runs before the hook of pytest-django, which loads the settings."""
    start()
    return (yield)
