"""Django's caches on Redis."""

from typing import Any


def on_redis(url: str) -> dict[str, dict[str, Any]]:
    """CACHES on one Redis: `pages` for the page cache (pagecache/wsgi.py), `default` for all other uses."""
    options = {
        "CONNECTION_POOL_CLASS": "lib.redis.breaker.Pool",
        # RESP2: with RESP3 a new connection sends more commands first.
        "CONNECTION_POOL_KWARGS": {"protocol": 2},
        # While Redis is away, pages are rendered for each request.
        "IGNORE_EXCEPTIONS": True,
        "REDIS_CLIENT_CLASS": "lib.redis.breaker.Client",
        # Not pickle: unpickling runs code, so a client that can write to Redis could run code here.
        "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        "SOCKET_CONNECT_TIMEOUT": 0.25,
        "SOCKET_TIMEOUT": 0.25,
    }
    cache = {
        "BACKEND": "django_redis.cache.RedisCache",
        # A list: django-redis splits a string at commas, and a password may contain one.
        "LOCATION": [url],
        "OPTIONS": options,
    }
    page_options = options | {"CLIENT_CLASS": "lib.redis.bytes_client.BytesClient"}
    return {"default": cache, "pages": cache | {"OPTIONS": page_options}}
