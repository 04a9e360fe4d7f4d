"""Slugs from titles and names, and free ones where a slug is taken."""

from collections.abc import Container
from itertools import chain, count
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import slugify

_SUFFIX_LENGTH = 10  # room for a hyphen and a number


def slug_from(text: str, max_length: int) -> str:
    """The slug of a title or name; empty if the text has no letter from a to z and no digit."""
    return slugify(text)[:max_length].strip("-")


def free_slug(wanted: str, rows: QuerySet[Any], max_length: int, taken: Container[str] = frozenset()) -> str:
    """`wanted`, or with the lowest number behind it that no row of `rows` and no slug of `taken` has."""
    begin = wanted[: max_length - _SUFFIX_LENGTH]
    used = set(rows.filter(Q(slug=wanted) | Q(slug__startswith=f"{begin}-")).values_list("slug", flat=True))
    numbered = (f"{begin}-{number}" for number in count(2))
    return next(slug for slug in chain([wanted], numbered) if slug not in used and slug not in taken)
