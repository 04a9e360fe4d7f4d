"""What the page cache takes from a request: the site, the key of the page, and nothing that is one reader's own."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.urls import Resolver404, resolve

from lib import hostnames
from pagecache.decorators import declared
from tenancy import surfaces
from tenancy.domain_checks import PROOF_PATH
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.site_registry import RegistryUnavailable
from tenancy.resolution import served

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

# Other paths are no page's, or too rare to be kept: nothing is asked of the cache for them.
_PATH = re.compile(r"/[A-Za-z0-9/._~-]{0,250}")
_LONGEST_QUERY = 100
_LONGEST_HOST = hostnames.MAX_TYPED + len(":65535")


class Visit(NamedTuple):
    """A reader's request for an address of a site."""

    environ: Environ
    start_response: StartResponse
    entry: SiteEntry
    page_key: str  # without the encoding
    encoding: str

    @property
    def key(self) -> str:
        return f"{self.page_key}:{self.encoding}"


def site_of(environ: Environ) -> SiteEntry | None:
    """The site that is visited; None for what is Django's alone: other hosts, schemes, methods, static files."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    path = environ["PATH_INFO"]
    if path.startswith(settings.STATIC_URL) or path == PROOF_PATH:
        return None
    if settings.PUBLIC_SCHEME == "https" and environ["wsgi.url_scheme"] != "https":
        return None
    name = _name(environ.get("HTTP_HOST", ""))
    if name in surfaces.reserved():
        return None
    try:
        entry = served(name)
    except RegistryUnavailable:
        return None
    return entry if entry is not None and entry.primary == name else None


def _name(header: str) -> str:
    """The canonical name in a Host header; "", which is no site's, for what names no host."""
    return _name_in(header) if len(header) <= _LONGEST_HOST else ""


@lru_cache(maxsize=10_000)
def _name_in(header: str) -> str:
    name, _ = (header.isascii() and hostnames.split_host(header)) or ("", "")
    return name


def key_of(environ: Environ, entry: SiteEntry) -> str | None:
    """What is to be kept is kept under this; None when nothing is."""
    path = environ["PATH_INFO"]
    # A request with a body is nobody's who reads.
    if not entry.is_cacheable or not _PATH.fullmatch(path) or _has_body(environ):
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
    return getattr(resolve(path, surfaces.BLOGS.urlconf).func, "query", ())


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ


def as_everybody(environ: Environ, entry: SiteEntry) -> Environ:
    """The request as any reader would send it: no cookie and no header can influence a page of a site."""
    same = {name: value for name, value in environ.items() if not name.startswith("HTTP_")}
    return same | {"HTTP_HOST": entry.primary, "REQUEST_METHOD": "GET"}
