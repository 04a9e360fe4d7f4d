"""Django's caches on Redis."""

from typing import Any


def on_redis(url: str) -> dict[str, dict[str, Any]]:
    """CACHES for one Redis: `pages` is for the page cache (pagecache/wsgi.py), `default` for all other uses."""
    options = {
        "CONNECTION_POOL_CLASS": "lib.redis.breaker.Pool",
        # RESP2, because a new connection with RESP3 sends more commands first.
        "CONNECTION_POOL_KWARGS": {"protocol": 2},
        # While Redis is away, pages are rendered for each request.
        "IGNORE_EXCEPTIONS": True,
        "REDIS_CLIENT_CLASS": "lib.redis.breaker.Client",
        # pickle is not used: a client that can write to Redis could then run code here.
        "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        "SOCKET_CONNECT_TIMEOUT": 0.25,
        "SOCKET_TIMEOUT": 0.25,
    }
    cache = {
        "BACKEND": "django_redis.cache.RedisCache",
        # A list, because django-redis splits a string at commas, and a password may contain a comma.
        "LOCATION": [url],
        "OPTIONS": options,
    }
    page_options = options | {"CLIENT_CLASS": "lib.redis.bytes_client.BytesClient"}
    return {"default": cache, "pages": cache | {"OPTIONS": page_options}}
