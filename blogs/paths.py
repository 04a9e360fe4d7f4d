"""Addresses of public pages."""

import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.encoding import repercent_broken_unicode

from tenancy import dynamic

# First path segments that a site uses or is going to use. A test compares them with the urlconf.
RESERVED_SLUGS = frozenset(
    {"admin", "author", "feed", "media", "page", "preview", "search", "static", "tag", dynamic.PREFIX.strip("/")}
)
_YEAR = re.compile(r"[0-9]{4}")

# The years for which the urlconf has month archives.
FIRST_YEAR, LAST_YEAR = 1900, 2199

# A path with more characters is only decoded, because normalising a run of combining marks takes quadratic time.
MAX_PATH = 1000
# Characters that have another meaning in a URL when they are not encoded.
_SPECIAL = re.compile(r"[?#%\\\x00-\x20\x7f]")


@lru_cache(maxsize=10_000)
def public_path(name: str, *arguments: str | int) -> str:
    """The path of a public page. It does not depend on the urlconf of the request."""
    return reverse(name, urlconf="blogs.pages.urls", args=arguments)


def readable(url: str) -> str:
    """The URL of a page of a site with the letters of its path decoded, unless the path then means something else."""
    path = re.split("[?#]", url, maxsplit=1)[0]
    decoded = unicodedata.normalize("NFC", _decoded(path))
    return url if _SPECIAL.search(decoded) or decoded.startswith("//") else decoded + url[len(path) :]


def normal_path(path: str) -> str:
    """The one form in which old paths are stored and looked up: decoded, in lower case and in NFC.

    `path` is a path as a browser shows or sends it, so with or without percent-encoding, or `request.path`. Encoded
    bytes that are not UTF-8 stay encoded, as in `request.path`.
    """
    decoded = _decoded(path)
    if len(decoded) > MAX_PATH:
        return decoded
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", decoded).lower())


def _decoded(path: str) -> str:
    """The path as Django decodes the path of a request."""
    return repercent_broken_unicode(unquote_to_bytes(path.encode("utf-8", "surrogatepass"))).decode()


def old_path_key(path: str) -> str:
    """The normal form of an old path, without the differences that external links have.

    These are a final slash and a percent-encoding that was applied twice. The key ends with a slash, unless its last
    segment contains a dot, like the name of a file, or is `*`.
    """
    while (normal := normal_path(path)) != path:
        path = normal
    begin, _, last = path.rstrip("/").rpartition("/")
    return f"{begin}/{last}" if "." in last or last in ("", "*") else f"{begin}/{last}/"


def target_key(url: str) -> str:
    """The key of the address to which a redirect leads. Empty for an absolute URL and for no address."""
    path = re.split("[?#]", url, maxsplit=1)[0]
    return old_path_key(path) if path.startswith("/") else ""


def validate_moment(moment: datetime) -> None:
    """Refuse a publication time that lies outside the years of month archives in at least one time zone."""
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValidationError(
            f"The year {moment.year} is out of range. Choose a year from {FIRST_YEAR + 1} to {LAST_YEAR - 1}."
        )


def is_reserved(slug: str) -> bool:
    """Whether the site uses the address of this slug for something else."""
    return slug in RESERVED_SLUGS or _YEAR.fullmatch(slug) is not None


def validate_slug_is_free(slug: str) -> None:
    """Refuse a reserved slug."""
    if is_reserved(slug):
        raise ValidationError(
            f"/{slug}/ is reserved, because the site itself uses this address. Choose another slug.", code="reserved"
        )
