"""The page cache: a layer around Django that answers with stored pages and never wakes Django for one.

The key of a page holds all that its bytes depend on: installation, release, site and generation, path, the parameters
that its view declared, encoding. Whatever changes a site gives it a new generation, so that nothing is ever deleted.
"""

import logging
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import time
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import BaseCache, caches
from django.core.exceptions import TooManyFieldsSent
from django.urls import Resolver404, resolve

from tenancy import domains, stored_pages
from tenancy.domain_checks import PROOF_PATH
from tenancy.domain_map import Entry
from tenancy.public import NO_STORE, declared, is_published
from tenancy.registry import RegistryUnavailable
from tenancy.release import fingerprint
from tenancy.renderings import Renderings, TookTooLong
from tenancy.sites import served
from tenancy.stored_pages import Headers, Page

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Body = Iterable[bytes]
Application = Callable[[Environ, StartResponse], Body]

KEPT_FOR = 24 * 3600  # seconds; what nobody can ask for any more goes by itself
LARGEST = 2 * 1024 * 1024  # bytes of a page
# A page whose time is up is still shown for this long, while one request renders the next.
STALE_AT_MOST = 0.5  # seconds

# Other paths are no page's, or too rare to be kept: nothing is asked of the cache for them.
_PATH = re.compile(r"/[A-Za-z0-9/._~-]{0,250}")
_LONGEST_QUERY = 100

logger = logging.getLogger(__name__)


class Rendered(NamedTuple):
    """What Django made of a page, before it is compressed."""

    status: str
    headers: Headers
    body: bytes
    encoding: str  # of the reader for whom it was made
    expires_at: float

    def page(self, encoding: str) -> Page:
        return stored_pages.page(self.status, self.headers, self.body, encoding, self.expires_at)


class Visit(NamedTuple):
    """A reader's request for an address of a site."""

    environ: Environ
    start_response: StartResponse
    entry: Entry
    page_key: str  # without the encoding
    encoding: str

    @property
    def key(self) -> str:
        return f"{self.page_key}:{self.encoding}"


class PageCache:
    """A WSGI application: Django's, behind a cache of the public pages."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._cache: BaseCache = caches["pages"]
        self._prefix = fingerprint()
        self._renderings: Renderings[Rendered] = Renderings()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Body:
        entry = _site_of(environ)
        if entry is None:
            return self._application(environ, start_response)
        key = _key(environ, entry)
        if key is None:
            return _pass(self._ask_django(environ, entry), environ, start_response)
        encoding = stored_pages.accepted(environ.get("HTTP_ACCEPT_ENCODING", ""))
        return self._answer(Visit(environ, start_response, entry, f"{self._prefix}:{key}", encoding))

    def _answer(self, visit: Visit) -> Body:
        page = self._stored(visit.key)
        if page is not None and time() < page.expires_at:
            return _send(visit, page, "HIT")
        other = self._renderings.begin(visit.page_key)
        if other is None:
            return self._render(visit, page)
        if page is not None and time() < page.expires_at + STALE_AT_MOST:
            return _send(visit, page, "STALE")
        try:
            rendered = self._renderings.wait(other)
        except TookTooLong:
            return _send(visit, page, "STALE") if page else _try_again(visit)
        if rendered is None:  # it was no page to be kept, so it is not for others
            return _pass(self._ask_django(visit.environ, visit.entry), visit.environ, visit.start_response)
        return self._deliver(visit, rendered)

    def _render(self, visit: Visit, stale: Page | None) -> Body:
        """As the only one in this process. `stale` is shown if the database is away."""
        rendered = None
        try:
            page = self._stored(visit.key)  # once more: another may have stored it a moment ago
            if page is not None and time() < page.expires_at:
                return _send(visit, page, "HIT")
            answer = self._ask_django(visit.environ, visit.entry)
            if answer.is_public():
                rendered = answer.rendered(visit)
                return self._deliver(visit, rendered)
        finally:
            self._renderings.end(visit.page_key, rendered)
        if stale is not None and answer.status.startswith("503"):
            answer.close()
            return _send(visit, stale, "STALE")
        return _pass(answer, visit.environ, visit.start_response)

    def _ask_django(self, environ: Environ, entry: Entry) -> "Answer":
        return Answer(self._application, _as_everybody(environ, entry))

    def _deliver(self, visit: Visit, rendered: Rendered) -> Body:
        page = rendered.page(visit.encoding)
        if len(page.body) <= LARGEST and time() < page.expires_at:
            self._cache.set(visit.key, stored_pages.to_bytes(visit.key, page), KEPT_FOR)
        return _send(visit, page, "MISS")

    def _stored(self, key: str) -> Page | None:
        stored = self._cache.get(key)
        if stored is None:
            return None
        page = stored_pages.from_bytes(key, stored)
        if page is None:
            logger.error("The cache holds something else than a page under %s; it is rendered anew.", key)
        return page


class Answer:
    """What Django answered. It is to be closed, by who iterates over `body` or by `close`."""

    def __init__(self, application: Application, environ: Environ) -> None:
        self.status, self.headers = "", Headers()
        self.body = application(environ, self._start)
        self._is_published = is_published(environ)

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        self.status, self.headers = status, headers

    def is_public(self) -> bool:
        """Whether it may be kept: its view said so, and nothing that came after made it somebody's own."""
        if not self._is_published or self.status[:3] not in ("200", "301", "308"):
            return False
        personal = [name for name, value in self.headers if name.lower() == "set-cookie" or _varies(name, value)]
        if personal:
            logger.error("A page that its view declared public has the headers %s; it is not kept.", personal)
        return not personal

    def rendered(self, visit: Visit) -> Rendered:
        """The whole of it. Raises what its body raises."""
        try:
            body = b"".join(self.body)
        finally:
            self.close()
        return Rendered(self.status, self.headers, body, visit.encoding, visit.entry.next_moment)

    def close(self) -> None:
        if hasattr(self.body, "close"):
            self.body.close()


def _site_of(environ: Environ) -> Entry | None:
    """The site that is visited; None for what is Django's alone: other hosts, schemes, methods, static files."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    path = environ["PATH_INFO"]
    if path.startswith(settings.STATIC_URL) or path == PROOF_PATH:
        return None
    if settings.PUBLIC_SCHEME == "https" and environ["wsgi.url_scheme"] != "https":
        return None
    name = _name(environ.get("HTTP_HOST", ""))
    if name in domains.reserved():
        return None
    try:
        entry = served(name)
    except RegistryUnavailable:
        return None
    return entry if entry is not None and entry.primary == name else None


@lru_cache(maxsize=10_000)
def _name(header: str) -> str:
    """The canonical name in a Host header; "", which is no site's, for what names no host."""
    name, _ = (header.isascii() and domains.split_host(header)) or ("", "")
    return name


def _key(environ: Environ, entry: Entry) -> str | None:
    """What is to be kept is kept under this; None when nothing is."""
    path = environ["PATH_INFO"]
    # A request with a body is nobody's who reads.
    if not entry.may_be_kept or not _PATH.fullmatch(path) or _has_body(environ):
        return None
    query = environ.get("QUERY_STRING", "")
    if query:
        try:
            query = declared(query, _parameters(path))
        except (Resolver404, TooManyFieldsSent):
            return None
        if len(query) > _LONGEST_QUERY:
            return None
    return f"{entry.site_id}:{entry.generation}:{path}?{query}"


def _parameters(path: str) -> tuple[str, ...]:
    """Those that the view of this path reads. Raises Resolver404."""
    return getattr(resolve(path, settings.SURFACE_URLCONFS["blogs"]).func, "query", ())


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _as_everybody(environ: Environ, entry: Entry) -> Environ:
    """The request as any reader would send it: no cookie and no header can influence a page of a site."""
    same = {name: value for name, value in environ.items() if not name.startswith("HTTP_")}
    return same | {"HTTP_HOST": entry.primary, "REQUEST_METHOD": "GET"}


def _varies(name: str, value: str) -> bool:
    return name.lower() == "vary" and value.strip().lower() not in ("", "accept-encoding")


def _send(visit: Visit, page: Page, state: str) -> Body:
    """`Age` counts from when the page was last known to be true (RFC 9111, 5.1): now, unless its time is up."""
    about = [("X-Cache", state)]
    if state != "MISS":
        about.append(("Age", str(max(0, int(time() - page.expires_at)) if state == "STALE" else 0)))
    if_none_match = visit.environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match and page.matches(if_none_match):
        visit.start_response("304 Not Modified", page.not_modified() + about)
        return []
    visit.start_response(page.status, page.headers + about)
    return [] if visit.environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def _pass(answer: Answer, environ: Environ, start_response: StartResponse) -> Body:
    """What Django answered, as it is; nobody keeps it who is not told to."""
    headers = [*answer.headers, ("X-Cache", "BYPASS")]
    if not any(name.lower() == "cache-control" for name, _ in headers):
        headers.append(("Cache-Control", NO_STORE))
    start_response(answer.status, headers)
    if environ["REQUEST_METHOD"] == "HEAD":
        answer.close()
        return []
    return answer.body


def _try_again(visit: Visit) -> Body:
    body = b"This page takes long to make. Try again in a moment.\n"
    headers = [
        ("Content-Type", "text/plain"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", NO_STORE),
        ("Retry-After", "1"),
        ("X-Cache", "BYPASS"),
    ]
    visit.start_response("503 Service Unavailable", headers)
    return [] if visit.environ["REQUEST_METHOD"] == "HEAD" else [body]
