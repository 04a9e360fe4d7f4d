"""What the page cache answers: what Django made of a request, or a page that is kept."""

import logging
from collections.abc import Callable, Iterable
from time import time
from typing import Any, NamedTuple

from lib.cache_control import NO_STORE
from pagecache import cached_response
from pagecache.cached_response import Headers, Page
from pagecache.decorators import is_declared_public
from pagecache.requests import Environ, StartResponse, Visit

Body = Iterable[bytes]
Application = Callable[[Environ, StartResponse], Body]

logger = logging.getLogger(__name__)


class Rendered(NamedTuple):
    """What Django made of a page, for readers of any encoding."""

    status: str
    headers: Headers
    body: bytes
    expires_at: float
    pages: dict[str, Page]  # those that are compressed and kept already, by encoding

    def compressed(self, encoding: str) -> Page:
        return cached_response.page(self.status, self.headers, self.body, encoding, self.expires_at)


class Answer:
    """What Django answered. It is to be closed, by who iterates over `body` or by `close`."""

    def __init__(self, application: Application, environ: Environ) -> None:
        self.status, self.headers = "", Headers()
        self.body = application(environ, self._start)
        self._is_declared_public = is_declared_public(environ)

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        self.status, self.headers = status, headers

    def is_public(self) -> bool:
        """Whether it may be kept: its view said so, and nothing that came after made it somebody's own."""
        if not self._is_declared_public or self.status[:3] not in ("200", "301", "308"):
            return False
        personal = [name for name, value in self.headers if name.lower() == "set-cookie" or _varies(name, value)]
        if personal:
            logger.error("A page that its view declared public has the headers %s; it is not kept.", personal)
        return not personal

    def rendered(self, expires_at: float) -> Rendered:
        """The whole of it. Raises what its body raises."""
        try:
            body = b"".join(self.body)
        finally:
            self.close()
        return Rendered(self.status, self.headers, body, expires_at, {})

    def close(self) -> None:
        if hasattr(self.body, "close"):
            self.body.close()


def _varies(name: str, value: str) -> bool:
    return name.lower() == "vary" and value.strip().lower() not in ("", "accept-encoding")


def send(visit: Visit, page: Page, state: str) -> Body:
    """`Age` counts from when the page was last known to be true (RFC 9111, 5.1): now, unless its time is up."""
    about = [("X-Cache", state)]
    if state != "MISS":
        about.append(("Age", str(max(0, int(time() - page.expires_at)) if state == "STALE" else 0)))
    if_none_match = visit.environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match and page.matches(if_none_match):
        visit.start_response("304 Not Modified", page.not_modified() + about)
        return []
    visit.start_response(page.status, page.headers + about)
    return without_body_for_head([page.body], visit.environ)


def pass_on(answer: Answer, environ: Environ, start_response: StartResponse) -> Body:
    """What Django answered, as it is; nobody keeps it who is not told to."""
    headers = [*answer.headers, ("X-Cache", "BYPASS")]
    if not any(name.lower() == "cache-control" for name, _ in headers):
        headers.append(("Cache-Control", NO_STORE))
    start_response(answer.status, headers)
    return without_body_for_head(answer.body, environ)


def without_body_for_head(body: Body, environ: Environ) -> Body:
    """Django leaves it to the server to send none (RFC 9110, 9.3.2), and gunicorn complains of it for each request."""
    if environ["REQUEST_METHOD"] != "HEAD":
        return body
    if hasattr(body, "close"):
        body.close()
    return []


def try_again(visit: Visit) -> Body:
    body = b"This page takes long to make. Try again in a moment.\n"
    headers = [
        ("Content-Type", "text/plain"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", NO_STORE),
        ("Retry-After", "1"),
        ("X-Cache", "BYPASS"),
    ]
    visit.start_response("503 Service Unavailable", headers)
    return without_body_for_head([body], visit.environ)
