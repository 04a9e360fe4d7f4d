"""A server that starts waits for the database and the cache, which may be starting beside it."""

import sys
from collections.abc import Callable
from time import monotonic, sleep

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from lib.redis.ping import _redis, ping_cache

PAUSE = 1.0  # seconds between two attempts
REMINDER = 5.0  # seconds between two messages


class DidNotCome(Exception):
    """Nobody answered in time; the message says why."""


def wait_for_services() -> None:
    """Wait as long as the settings say; a laptop's say nothing, so nothing is asked there.

    Raises ImproperlyConfigured when the database does not come. Without the cache pages are slower, never wrong.
    """
    patience = getattr(settings, "PATIENCE", {})
    if "database" in patience:
        try:
            wait_for("PostgreSQL", connection.ensure_connection, patience["database"])
        except DidNotCome as error:
            raise ImproperlyConfigured(f"{error}. Start it, or correct DATABASE_URL.") from error
    if "cache" in patience:
        try:
            wait_for("Redis", ping_cache, patience["cache"])
        except DidNotCome as error:
            say(f"{error}. Starting without it; pages are slower until it is there.")


def wait_for(name: str, ask: Callable[[], None], patience: float) -> None:
    """Return when `ask` succeeds, and say meanwhile what is waited for. Raises DidNotCome after `patience` seconds.

    The time starts after the first attempt: that one also imports the client, which takes seconds on a busy machine.
    """
    deadline = reminder = None
    while True:
        try:
            return ask()
        except Exception as error:  # noqa: BLE001  # each library has its own, and all mean: not yet
            reason = str(error).strip().partition("\n")[0]
        now = monotonic()
        deadline = now + patience if deadline is None else deadline
        if now >= deadline:
            raise DidNotCome(f"{name} did not answer within {patience} s: {reason}")
        if reminder is None or now >= reminder:
            say(f"Waiting for {name}, at most {patience} s: {reason}")
            reminder = now + REMINDER
        sleep(min(PAUSE, deadline - now))


def close_connections() -> None:
    """Close what was opened for asking."""
    connections.close_all()
    if redis := _redis():
        redis.connection_pool.disconnect()


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
