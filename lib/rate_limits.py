"""Rate limits. All processes share their counters through Redis.

Without Redis, and while Redis fails, each process counts on its own. A lost counter only means that the count starts
again.
"""

from collections.abc import Callable
from functools import cache
from math import ceil
from threading import Lock
from time import time
from typing import TypeVar

from django.utils.crypto import salted_hmac
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from lib.redis.ping import default_client

Result = TypeVar("Result")


def take(limit: RateLimitItem, *key: str) -> bool:
    """Count one event for `key`. Return False if more than `limit.amount` are counted in the current window.

    A window starts with its first event and lasts `limit.get_expiry()` seconds.
    """
    return _call(lambda limiter: limiter.hit(limit, *_identifiers(key)))


def is_reached(limit: RateLimitItem, *key: str) -> bool:
    """Whether `take` would return False. Counts nothing."""
    return not _call(lambda limiter: limiter.test(limit, *_identifiers(key)))


def give_back(limit: RateLimitItem, *key: str) -> None:
    """Undo one call of `take`."""
    _call(lambda limiter: limiter.hit(limit, *_identifiers(key), cost=-1))


def seconds_left(limit: RateLimitItem, *key: str) -> int:
    """The seconds until the current window for `key` ends, at least 1."""
    reset_time = _call(lambda limiter: limiter.get_window_stats(limit, *_identifiers(key))).reset_time
    return max(1, ceil(reset_time - time()))


def _call(method: Callable[[FixedWindowRateLimiter], Result]) -> Result:
    client = default_client()
    if client is None:
        return _call_in_process(method)
    # The client calls each command through the circuit breaker, so a Redis that hangs costs one short timeout.
    storage = RedisStorage("redis://", client.connection_pool, key_prefix="rate-limits", wrap_exceptions=True)
    storage.storage = client
    storage.initialize_storage("redis://")
    try:
        return method(FixedWindowRateLimiter(storage))
    except StorageError:  # the breaker logs it
        return _call_in_process(method)


def _call_in_process(method: Callable[[FixedWindowRateLimiter], Result]) -> Result:
    # MemoryStorage loses counts when two threads start a window at the same time.
    with _process_lock:
        return method(_process_limiter())


@cache
def _process_limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


_process_lock = Lock()


def _identifiers(key: tuple[str, ...]) -> list[str]:
    """The key, after a digest that is different in each installation, because several may share one Redis."""
    return [salted_hmac("lib.rate_limits", "", algorithm="sha256").hexdigest()[:16], *key]
