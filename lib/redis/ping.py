"""Ping the default cache."""

from typing import Any

from django.core.cache import caches


def ping_cache() -> None:
    """Return when the cache answers; one in memory always does. Raises redis.RedisError."""
    if redis := _redis():
        redis.ping()


def _redis() -> Any:
    """The client of the default cache, if that is one of django-redis, which a laptop does not have installed."""
    client = getattr(caches["default"], "client", None)
    return client and client.get_client()
