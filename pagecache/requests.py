"""Reads the site and the cache key from a request. Neither depends on cookies or on headers that differ by reader."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.urls import Resolver404, resolve
from django.utils.http import parse_header_parameters

from lib import hostnames
from lib.setting_values import computed_once
from pagecache.decorators import declared_query
from tenancy import surfaces
from tenancy.domain_checks import PROOF_PATH
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.site_registry import RegistryUnavailable
from tenancy.resolution import served

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

# Paths with other characters bypass the cache, because no page or only a rarely read page has such a path.
_PATH = re.compile(r"/[A-Za-z0-9/._~-]{0,250}")
_MAX_QUERY = 100
_MAX_HOST = hostnames.MAX_TYPED + len(":65535")


class CacheRequest(NamedTuple):
    """A GET or HEAD request for a page that may be stored."""

    environ: Environ
    start_response: StartResponse
    entry: SiteEntry
    key: str
    encoding: str  # the last part of the key

    @property
    def page_key(self) -> str:
        """The key without the encoding, so one key for all encodings of a page."""
        return self.key.removesuffix(self.encoding)


def requested_site(environ: Environ) -> SiteEntry | None:
    """The site whose primary domain is the host. None for other hosts, schemes and methods, and for static files."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    path = environ["PATH_INFO"]
    static_url, is_https = _addresses()
    if path.startswith(static_url) or path == PROOF_PATH:
        return None
    if is_https and environ["wsgi.url_scheme"] != "https":
        return None
    name = host_name(environ.get("HTTP_HOST", ""))
    if name in surfaces.reserved():
        return None
    try:
        entry = served(name)
    except RegistryUnavailable:
        return None
    return entry if entry is not None and entry.primary == name else None


@computed_once
def _addresses() -> tuple[str, bool]:
    """The prefix of static files, and whether public pages are served over https only."""
    return settings.STATIC_URL, settings.PUBLIC_SCHEME == "https"


def host_name(header: str) -> str:
    """The canonical host name in a Host header, or "" if the header contains no valid host name."""
    return _parsed_host_name(header) if len(header) <= _MAX_HOST else ""


@lru_cache(maxsize=10_000)
def _parsed_host_name(header: str) -> str:
    name, _ = (header.isascii() and hostnames.split_host(header)) or ("", "")
    return name


def cache_key(environ: Environ, entry: SiteEntry) -> str | None:
    """The cache key without its prefix and encoding, or None if the response may not be stored."""
    path = environ["PATH_INFO"]
    # Requests of readers have no body, so a request with a body bypasses the cache.
    if not entry.is_cacheable or not _PATH.fullmatch(path) or _has_body(environ):
        return None
    query = environ.get("QUERY_STRING", "")
    if query:
        try:
            query = declared_query(query, _query_parameters(path))
        except (Resolver404, TooManyFieldsSent):
            return None
        if len(query) > _MAX_QUERY:
            return None
    return f"{entry.site_id}:{entry.generation}:{path}?{query}"


def _query_parameters(path: str) -> tuple[str, ...]:
    """The query parameters that the view of this path declares. Raises Resolver404 if no view matches."""
    return getattr(resolve(path, surfaces.BLOGS.urlconf).func, "query", ())


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ


def drop_invalid_content_type(environ: Environ) -> None:
    """Remove a Content-Type that Django cannot parse, because Django would fail before its own error handling.

    Forms and programs send UTF-8, so other charsets are removed as well.
    """
    if not environ.get("CONTENT_TYPE"):
        return
    try:
        _, parameters = parse_header_parameters(environ["CONTENT_TYPE"])
    except (LookupError, ValueError):
        parameters = {"charset": ""}
    if parameters.get("charset", "utf-8").lower() != "utf-8":
        environ["CONTENT_TYPE"] = ""


def anonymous(environ: Environ, entry: SiteEntry) -> Environ:
    """Remove all cookies and headers from the request, so that they cannot influence a page that readers share."""
    remaining = {name: value for name, value in environ.items() if not name.startswith(("HTTP_", "CONTENT_"))}
    return remaining | {"HTTP_HOST": entry.primary, "REQUEST_METHOD": "GET"}
