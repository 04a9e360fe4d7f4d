"""Starts a real PostgreSQL and a real Redis for the tests, before Django reads its settings.

A pytest plugin, loaded by `-p tests.support.servers` (pyproject.toml). A conftest.py would come too late:
pytest-django has read the settings by then, and the suite would run on another database unnoticed.

Tests that stop and start a server do it here: `servers.postgresql.restart()`,
`servers.redis.stop()`; its address stays the same. With DATABASE=sqlite in the environment no
PostgreSQL is started.
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
    """Start the servers, tell Django where they are, and see to their end."""
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
    """Being a wrapper, it runs before pytest-django's hook, which loads the settings."""
    start()
    return (yield)
