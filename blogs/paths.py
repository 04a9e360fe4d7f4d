"""Addresses of public pages."""

import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.urls import reverse

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


@lru_cache(maxsize=10_000)
def public_path(name: str, *arguments: str | int) -> str:
    """The path of a public page. It does not depend on the urlconf of the request."""
    return reverse(name, urlconf="blogs.pages.urls", args=arguments)


def normal_path(path: str) -> str:
    """The one form in which old paths are stored and looked up: decoded, in lower case and in NFC.

    `path` is a path as a browser shows or sends it, so with or without percent-encoding, or `request.path`.
    """
    decoded = unquote(path)
    if len(decoded) > MAX_PATH:
        return decoded
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", decoded).lower())


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
