"""Ping the default cache."""

from typing import Any

from django.core.cache import caches


def ping_cache() -> None:
    """Return if the cache responds. A cache in memory always does. Raises redis.RedisError."""
    if redis := _client():
        redis.ping()


def close_cache_connections() -> None:
    if redis := _client():
        redis.connection_pool.disconnect()


def _client() -> Any:
    """The client of the default cache; None if that cache is not Redis, as on a laptop."""
    client = getattr(caches["default"], "client", None)
    return client and client.get_client()
