"""Redis behind a circuit breaker: while Redis is down or hangs, a process does not wait for a timeout in each request.

`settings/caches.py` configures django-redis to use these classes.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from redis import ConnectionPool, Redis, exceptions
from redis.client import Pipeline

# InvalidResponse means that the server does not speak RESP, so it is not Redis.
UNAVAILABLE = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.InvalidResponse, OSError)
RETRY_INTERVAL = 1.0  # Seconds from a failed attempt to the next one.

logger = logging.getLogger(__name__)


class CircuitOpen(exceptions.ConnectionError):
    """The last attempt failed less than RETRY_INTERVAL ago, so this command was not sent."""


class Breaker:
    """Calls commands while Redis responds. After a failure it calls one per RETRY_INTERVAL and refuses all others.

    See M. Nygard, "Release It!", Circuit Breaker. No lock is held while a command runs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._retry_at = 0.0

    def call(self, command: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call `command` and return its result. While the circuit is open, raises CircuitOpen without a call."""
        if self._open:
            self._claim_retry()
        try:
            result = command(*args, **options)
        except UNAVAILABLE as error:
            self._record_failure(error)
            raise
        except exceptions.ResponseError:  # Redis is up, because it has refused the command.
            self._record_success()
            raise
        if self._open:
            self._record_success()
        return result

    def _claim_retry(self) -> None:
        with self._lock:
            now = monotonic()
            if self._open and now < self._retry_at:
                raise CircuitOpen("The command was not sent, because Redis failed a moment ago.")
            self._retry_at = now + RETRY_INTERVAL  # Until then only this caller tries Redis.

    def _record_failure(self, error: Exception) -> None:
        with self._lock:
            was_open, self._open = self._open, True
            self._retry_at = monotonic() + RETRY_INTERVAL
        if not was_open:
            logger.error("Redis failed: %s. Continuing without Redis and retrying every %s s.", error, RETRY_INTERVAL)

    def _record_success(self) -> None:
        with self._lock:
            was_open, self._open = self._open, False
        if was_open:
            logger.warning("Redis responds again.")


class Pool(ConnectionPool):
    """A connection pool with its breaker. A process has one pool for each Redis URL."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.breaker = Breaker()
        super().__init__(*args, **options)


class Client(Redis):
    """A Redis client that calls each command through the breaker of its pool."""

    connection_pool: Pool

    def execute_command(self, *args: Any, **options: Any) -> Any:
        return self.connection_pool.breaker.call(super().execute_command, *args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "GuardedPipeline":
        return GuardedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class GuardedPipeline(Pipeline):
    """A pipeline of several commands, which the breaker treats as one command."""

    connection_pool: Pool

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        results: list[Any] = self.connection_pool.breaker.call(super().execute, raise_on_error)
        return results
