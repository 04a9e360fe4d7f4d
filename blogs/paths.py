"""Addresses of public pages."""

import re
from datetime import datetime
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.urls import reverse

from tenancy import dynamic

# First segments that the site itself uses, or is going to; a test compares them with the urlconf.
RESERVED_SLUGS = frozenset(
    {"admin", "author", "feed", "media", "page", "preview", "search", "static", "tag", dynamic.PREFIX.strip("/")}
)
_YEAR = re.compile(r"[0-9]{4}")

# Month archives have addresses in these years, so posts are published in them.
FIRST_YEAR, LAST_YEAR = 1900, 2199


@lru_cache(maxsize=10_000)
def public_path(name: str, *arguments: str | int) -> str:
    """The address of a public page, also when the admin's urlconf is the one in force."""
    return reverse(name, urlconf="blogs.pages.urls", args=arguments)


def validate_moment(moment: datetime) -> None:
    """Refuse a time of publication that has no month archive, in whatever time zone a site is."""
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValidationError(f"{moment.year} is too far away; choose a year from {FIRST_YEAR + 1} to {LAST_YEAR - 1}.")


def validate_slug_is_free(slug: str) -> None:
    """Refuse a slug whose address the site itself uses."""
    if slug in RESERVED_SLUGS or _YEAR.fullmatch(slug):
        raise ValidationError(
            f"/{slug}/ is an address that the site itself uses. Choose another slug.", code="reserved"
        )
