"""Addresses of public pages."""

import re
from functools import partial

from django.core.exceptions import ValidationError
from django.urls import reverse

# First segments that the site itself uses, or is going to; a test compares them with the urlconf.
RESERVED_SLUGS = frozenset({"admin", "author", "feed", "media", "page", "preview", "search", "static", "tag"})
_YEAR = re.compile(r"[0-9]{4}")

# Also when the admin's urlconf is the one in force.
public_path = partial(reverse, urlconf="blogs.urls")


def validate_slug_is_free(slug: str) -> None:
    """Refuse a slug whose address the site itself uses."""
    if slug in RESERVED_SLUGS or _YEAR.fullmatch(slug):
        raise ValidationError(
            f"/{slug}/ is an address that the site itself uses. Choose another slug.", code="reserved"
        )
