"""Django's caches on Redis."""

from typing import Any


def on_redis(url: str) -> dict[str, dict[str, Any]]:
    """CACHES: `pages` for the page cache (pagecache/wsgi.py), `default` for whatever else asks."""
    options = {
        "CONNECTION_POOL_CLASS": "lib.redis.breaker.Pool",
        # The older protocol spares a new connection two questions. A pool does not try again by itself.
        "CONNECTION_POOL_KWARGS": {"protocol": 2},
        # Without Redis pages are slower, never wrong.
        "IGNORE_EXCEPTIONS": True,
        "REDIS_CLIENT_CLASS": "lib.redis.breaker.Client",
        # Plain values alone: to unpickle what somebody wrote there would be to run it.
        "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        "SOCKET_CONNECT_TIMEOUT": 0.25,
        "SOCKET_TIMEOUT": 0.25,
    }
    cache = {
        "BACKEND": "django_redis.cache.RedisCache",
        # A list: django-redis would split a text at each comma, and a password may hold one.
        "LOCATION": [url],
        "OPTIONS": options,
    }
    of_pages = options | {"CLIENT_CLASS": "lib.redis.bytes_client.BytesClient"}
    return {"default": cache, "pages": cache | {"OPTIONS": of_pages}}
