"""Waits for the database and the cache before the server starts, because they may be starting at the same time."""

import sys
from collections.abc import Callable
from time import monotonic, sleep

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from lib.redis.ping import close_cache_connections, ping_cache

RETRY_INTERVAL = 1.0  # seconds
MESSAGE_INTERVAL = 5.0  # seconds


class ServiceUnavailable(Exception):
    """The service did not respond in time. The message contains its last error."""


def wait_for_services() -> None:
    """Wait for each service, for at most its timeout in STARTUP_TIMEOUTS. Without that setting, return immediately.

    Raises ImproperlyConfigured if the database does not respond. If only the cache does not respond,
    print a warning: the process can serve pages without it, more slowly.
    """
    timeouts = getattr(settings, "STARTUP_TIMEOUTS", {})
    if "database" in timeouts:
        try:
            wait_for("PostgreSQL", connection.ensure_connection, timeouts["database"])
        except ServiceUnavailable as error:
            raise ImproperlyConfigured(f"{error}. Start PostgreSQL, or correct DATABASE_URL.") from error
    if "cache" in timeouts:
        try:
            wait_for("Redis", ping_cache, timeouts["cache"])
        except ServiceUnavailable as error:
            _print(f"{error}. Starting without Redis; pages are slower until Redis responds.")


def wait_for(name: str, ping: Callable[[], None], timeout: float) -> None:
    """Return when `ping` succeeds. Raises ServiceUnavailable after `timeout` seconds.

    The timeout starts after the first attempt, because the first attempt also imports the client library, which can
    take seconds on a busy machine.
    """
    deadline = next_message_at = None
    while True:
        try:
            return ping()
        except Exception as error:  # noqa: BLE001  # each client has its own exceptions
            reason = str(error).strip().partition("\n")[0]
        now = monotonic()
        deadline = now + timeout if deadline is None else deadline
        if now >= deadline:
            raise ServiceUnavailable(f"{name} did not respond within {timeout} s: {reason}")
        if next_message_at is None or now >= next_message_at:
            _print(f"Waiting for {name}, at most {timeout} s: {reason}")
            next_message_at = now + MESSAGE_INTERVAL
        sleep(min(RETRY_INTERVAL, deadline - now))


def close_connections() -> None:
    """Close all connections to the database and the cache, because forked workers must not share connections."""
    connections.close_all()
    close_cache_connections()


def _print(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
