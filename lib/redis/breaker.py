"""Redis through a circuit breaker: while it is away or hangs a process loses one time-out, not one per request.

django-redis is told of these classes by settings/caches.py.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from redis import ConnectionPool, Redis, exceptions
from redis.client import Pipeline

# What answers in no known way is no Redis.
AWAY = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.InvalidResponse, OSError)
PAUSE = 1.0  # seconds for which nobody asks, after an attempt that failed

logger = logging.getLogger(__name__)


class CircuitOpen(exceptions.ConnectionError):
    """Redis did not answer a moment ago, so this command was not even sent."""


class Breaker:
    """Lets commands through while they are answered; after a failure one attempt per PAUSE, the others fail at once.

    After M. Nygard, "Release It!", Circuit Breaker. No lock is held while a command is on its way.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._ask_again_at = 0.0

    def call(self, command: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """What `command` answers. Raises CircuitOpen instead of calling it while the circuit is open."""
        if self._open:
            self._wait_for_turn()
        try:
            answer = command(*args, **options)
        except AWAY as error:
            self._fail(error)
            raise
        except exceptions.ResponseError:  # it refused the command, so it is there
            self._recover()
            raise
        if self._open:
            self._recover()
        return answer

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = monotonic()
            if self._open and now < self._ask_again_at:
                raise CircuitOpen("Redis did not answer a moment ago.")
            self._ask_again_at = now + PAUSE  # this caller asks, the others go on without

    def _fail(self, error: Exception) -> None:
        with self._lock:
            was_open, self._open = self._open, True
            self._ask_again_at = monotonic() + PAUSE
        if not was_open:
            logger.error("Redis does not answer; going on without it, and asking again every %s s: %s", PAUSE, error)

    def _recover(self) -> None:
        with self._lock:
            was_open, self._open = self._open, False
        if was_open:
            logger.warning("Redis answers again.")


class Pool(ConnectionPool):
    """One per Redis and process, and so is its breaker."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.breaker = Breaker()
        super().__init__(*args, **options)


class Client(Redis):
    """A Redis client whose commands pass the breaker of its pool."""

    connection_pool: Pool

    def execute_command(self, *args: Any, **options: Any) -> Any:
        return self.connection_pool.breaker.call(super().execute_command, *args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "GuardedPipeline":
        return GuardedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class GuardedPipeline(Pipeline):
    """Several commands, which pass the breaker as one."""

    connection_pool: Pool

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        return self.connection_pool.breaker.call(super().execute, raise_on_error)
