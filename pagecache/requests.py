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
from lib.paths import MEDIA_PREFIX
from lib.setting_values import remembered
from pagecache.cached_response import negotiate_encoding
from pagecache.decorators import declared_query
from tenancy import surfaces
from tenancy.domain_checks import PROOF_PATH
from tenancy.dynamic import is_dynamic
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.site_registry import RegistryUnavailable
from tenancy.resolution import served

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

# Paths with other characters bypass the cache, because no page or only a rarely read page has such a path. PATH_INFO
# contains the bytes of decoded UTF-8 as single characters (PEP 3333), so all percent-encodings of a path have one key.
# The address of a post has at most 802 bytes: two slashes and 200 characters of up to four bytes.
_PATH = re.compile(r"/[A-Za-z0-9/._~\x80-\xff-]{0,801}")
_MAX_QUERY = 100
_MAX_REMEMBERED = 1000  # characters of all texts of a request that form an address
_RANGE = ("HTTP_IF_RANGE", "HTTP_RANGE")
_MAX_HOST = hostnames.MAX_TYPED + len(":65535")


class Address(NamedTuple):
    """What a GET or HEAD request asks for, in the spelling that the cache key contains."""

    host: str
    path: str  # with "?" and the declared query parameters
    encoding: str


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


def cacheable_address(environ: Environ) -> Address | None:
    """The address of a page that may be stored. None if the response depends on more than the address and the site."""
    if _has_body(environ):
        return None
    texts = (
        environ["REQUEST_METHOD"],
        environ["wsgi.url_scheme"],
        environ.get("HTTP_HOST", ""),
        environ["PATH_INFO"],
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_ACCEPT_ENCODING", ""),
    )
    # Only addresses of usual length are remembered, so that their memory is bounded.
    return _remembered_address(*texts) if sum(map(len, texts)) <= _MAX_REMEMBERED else _address(*texts)


def _address(method: str, scheme: str, host: str, path: str, query: str, accept_encoding: str) -> Address | None:
    name = _public_host(method, scheme, host, path)
    if not name or is_dynamic(path) or not _PATH.fullmatch(path):
        return None
    if query:
        try:
            query = declared_query(query, _query_parameters(path))
        except (Resolver404, TooManyFieldsSent):
            return None
        if len(query) > _MAX_QUERY:
            return None
    return Address(name, f"{path}?{query}", negotiate_encoding(accept_encoding))


# Parsing takes more time than the rest of a hit, and most requests are for the same addresses.
_remembered_address = remembered(maxsize=4000)(_address)


def requested_site(environ: Environ) -> SiteEntry | None:
    """The site whose primary domain is the host. None for other hosts, schemes and methods, and for static files."""
    host = environ.get("HTTP_HOST", "")
    name = _public_host(environ["REQUEST_METHOD"], environ["wsgi.url_scheme"], host, environ["PATH_INFO"])
    return primary_site(name) if name else None


def primary_site(name: str) -> SiteEntry | None:
    """The site with this primary domain, if this process serves it and knows the map of sites."""
    try:
        entry = served(name)
    except RegistryUnavailable:
        return None
    return entry if entry is not None and entry.primary == name else None


def _public_host(method: str, scheme: str, host: str, path: str) -> str:
    """The host name of a request for a public page, or "" for other hosts, schemes and methods, and static files."""
    if method not in ("GET", "HEAD") or path.startswith(settings.STATIC_URL) or path == PROOF_PATH:
        return ""
    if settings.PUBLIC_SCHEME == "https" and scheme != "https":
        return ""
    name = host_name(host)
    return "" if name in surfaces.reserved() else name


def host_name(header: str) -> str:
    """The canonical host name in a Host header, or "" if the header contains no valid host name."""
    return _parsed_host_name(header) if len(header) <= _MAX_HOST else ""


@lru_cache(maxsize=10_000)
def _parsed_host_name(header: str) -> str:
    name, _ = (header.isascii() and hostnames.split_host(header)) or ("", "")
    return name


def _query_parameters(path: str) -> tuple[str, ...]:
    """The query parameters that the view of this path declares. Raises Resolver404 if no view matches."""
    decoded = path.encode("latin-1").decode(errors="replace")
    return getattr(resolve(decoded, surfaces.BLOGS.urlconf).func, "query", ())


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
    """Remove all cookies and headers from the request, so that they cannot influence a page that readers share.

    The requested part of a file stays. Files and parts of them are never stored.
    """
    kept = _RANGE if environ["PATH_INFO"].startswith(MEDIA_PREFIX) and environ["REQUEST_METHOD"] == "GET" else ()
    remaining = {
        name: value for name, value in environ.items() if name in kept or not name.startswith(("HTTP_", "CONTENT_"))
    }
    return remaining | {"HTTP_HOST": entry.primary, "REQUEST_METHOD": "GET"}
