"""Represents and sends the two kinds of responses: those that Django has just rendered, and those in the cache."""

import logging
from collections.abc import Callable, Iterable
from time import time
from typing import Any, NamedTuple

from lib.cache_control import NO_STORE
from lib.query_strings import with_query
from pagecache import cached_response
from pagecache.cached_response import CachedResponse, Headers
from pagecache.decorators import is_declared_public, modified_at, stored_for
from pagecache.requests import CacheRequest, Environ, StartResponse
from tenancy.response_headers import common_headers

Body = Iterable[bytes]
Application = Callable[[Environ, StartResponse], Body]

RETRY_AFTER = 1  # seconds

logger = logging.getLogger(__name__)

_HIT = [("X-Cache", "HIT"), ("Age", "0")]


class RenderedResponse(NamedTuple):
    """A complete public response of Django, before it is encoded."""

    status: str
    headers: Headers
    body: bytes
    expires_at: float
    modified_at: float
    by_encoding: dict[str, CachedResponse]  # The encoded forms that exist so far, by encoding.

    def encode(self, encoding: str) -> CachedResponse:
        modified = self.modified_at if self.status.startswith("200") else 0.0
        return cached_response.encode(self.status, self.headers, self.body, encoding, self.expires_at, modified)


class DjangoResponse:
    """The response of Django to one request. The caller must iterate over `body` or call `close`."""

    def __init__(self, application: Application, environ: Environ) -> None:
        self.status, self.headers = "", Headers()
        self.body = application(environ, self._start)
        self._is_declared_public = is_declared_public(environ)
        self._modified_at = modified_at(environ)
        self._stored_for = stored_for(environ)

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        self.status, self.headers = status, headers

    def is_public(self) -> bool:
        """Whether the cache may store the response: its view declares it public, and no header differs by reader."""
        if not self._is_declared_public or self.status[:3] not in ("200", "301", "308"):
            return False
        personal = [name for name, value in self.headers if name.lower() == "set-cookie" or _varies(name, value)]
        if personal:
            logger.error(
                "The headers %s make a response private that its view declared public; it is not stored.", personal
            )
        return not personal

    def render(self, expires_at: float, serving_since: float) -> RenderedResponse:
        """Read the whole body. Exceptions of the body's iterator propagate.

        `serving_since` is the Unix time at which this release began to serve pages: a new release changes pages too.
        """
        try:
            body = b"".join(self.body)
        finally:
            self.close()
        expires_at = min(expires_at, time() + self._stored_for)
        modified = max(self._modified_at, serving_since) if self._modified_at else 0.0
        return RenderedResponse(self.status, self.headers, body, expires_at, modified, {})

    def close(self) -> None:
        if hasattr(self.body, "close"):
            self.body.close()


def _varies(name: str, value: str) -> bool:
    return name.lower() == "vary" and value.strip().lower() not in ("", "accept-encoding")


def send_cached(request: CacheRequest, cached: CachedResponse, state: str) -> Body:
    """Send `cached`, or a 304 if the reader has the same version. `state` is the value of X-Cache.

    `Age` counts from the last validation (RFC 9111, 5.1), which is now unless the response has expired."""
    cache_headers = _HIT if state == "HIT" else _cache_headers(cached, state)
    environ, now = request.environ, time()
    none_match, modified_since = environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")
    if (none_match or modified_since) and cached.is_current(none_match, modified_since, now):
        request.start_response("304 Not Modified", cached.not_modified_headers() + cache_headers)
        return []
    request.start_response(cached.status, _headers_for(environ, cached, now) + cache_headers)
    return without_body_for_head([cached.body], request.environ)


def _headers_for(environ: Environ, cached: CachedResponse, now: float) -> Headers:
    """The headers of the response. A redirect keeps the query string of the request, as one of Django does."""
    if now < cached.settled_at:
        return cached.earlier_headers()
    query = environ.get("QUERY_STRING", "")
    if not query or not cached.status.startswith("30"):
        return cached.headers
    return [(name, with_query(value, query) if name == "Location" else value) for name, value in cached.headers]


def _cache_headers(cached: CachedResponse, state: str) -> Headers:
    if state == "STALE":
        return [("X-Cache", state), ("Age", str(max(0, int(time() - cached.expires_at))))]
    return [("X-Cache", state)]


def send_uncached(response: DjangoResponse, environ: Environ, start_response: StartResponse) -> Body:
    """Send the response of Django. If it has no Cache-Control header, add one that forbids caches to store it."""
    headers = [*response.headers, ("X-Cache", "BYPASS")]
    if not any(name.lower() == "cache-control" for name, _ in headers):
        headers.append(("Cache-Control", NO_STORE))
    start_response(response.status, headers)
    return without_body_for_head(response.body, environ)


def without_body_for_head(body: Body, environ: Environ) -> Body:
    """Drop the body of a response to HEAD (RFC 9110, 9.3.2). Otherwise gunicorn logs a warning for each request."""
    if environ["REQUEST_METHOD"] != "HEAD":
        return body
    if hasattr(body, "close"):
        body.close()
    return []


def send_try_again(environ: Environ, start_response: StartResponse, reason: str) -> Body:
    """Send a 503 that states the reason and when to repeat the request."""
    body = f"{reason} Try again in {RETRY_AFTER} s.\n".encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(RETRY_AFTER)),
        ("X-Cache", "BYPASS"),
        *common_headers(environ["PATH_INFO"], 503).items(),
    ]
    start_response("503 Service Unavailable", headers)
    return without_body_for_head([body], environ)
