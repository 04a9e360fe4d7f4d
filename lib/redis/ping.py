"""Ping the default cache."""

from typing import Any

from django.core.cache import caches


def ping_cache() -> None:
    """Return if the cache responds. A cache in memory always responds. Raises redis.RedisError otherwise."""
    if redis := default_client():
        redis.ping()


def close_cache_connections() -> None:
    if redis := default_client():
        redis.connection_pool.disconnect()


def default_client() -> Any:
    """The client of the default cache, or None if that cache is not Redis, for example on a laptop."""
    client = getattr(caches["default"], "client", None)
    return client and client.get_client()
