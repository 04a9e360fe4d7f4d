"""Makes slugs from titles and names, and finds a free slug if the wanted slug is taken."""

import re
import unicodedata
from collections.abc import Container
from itertools import chain, count
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.text import slugify

MAX_TAG_LENGTH = 100
# Symbols that distinguish names such as C, C++ and C#.
_SYMBOLS = {"+": "-plus-", "#": "-sharp-"}
_SYMBOL = re.compile(r"(?<=[\w+])\+|(?<=\w)#")
_SUFFIX_LENGTH = 10  # space for a hyphen and a number


def slug_from(text: str, max_length: int) -> str:
    """The slug of a title or name. Empty if the text has no letter from a to z and no digit."""
    return slugify(text)[:max_length].strip("-")


def free_slug(wanted: str, rows: QuerySet[Any], max_length: int, taken: Container[str] = frozenset()) -> str:
    """Return `wanted`. If `rows` or `taken` contain it, append the lowest number that makes the slug free."""
    begin = wanted[: max_length - _SUFFIX_LENGTH]
    used = set(rows.filter(Q(slug=wanted) | Q(slug__startswith=f"{begin}-")).values_list("slug", flat=True))
    numbered = (f"{begin}-{number}" for number in count(2))
    return next(slug for slug in chain([wanted], numbered) if slug not in used and slug not in taken)


def with_symbols_as_words(name: str) -> str:
    """The name of a tag with `+` and `#` as words, so that C, C++ and C# get three slugs."""
    return _SYMBOL.sub(lambda symbol: _SYMBOLS[symbol[0]], name)


def tag_slug(name: str) -> str:
    """The slug of a new tag. Raises ValidationError if the name has letters that a slug cannot contain.

    Otherwise “新闻 Kubernetes” would become the same tag as “Kubernetes”.
    """
    # Check the length first, because the time of normalising grows with the square of the length.
    slug = slugify(with_symbols_as_words(name)) if len(name) <= MAX_TAG_LENGTH else ""
    if not slug or len(slug) > MAX_TAG_LENGTH:
        raise ValidationError(
            f"“{name[:MAX_TAG_LENGTH]}” cannot be a tag. Enter a letter or digit, and at most 100 characters."
        )
    if any(unicodedata.category(c)[0] == "L" and not c.isascii() for c in unicodedata.normalize("NFKD", name)):
        raise ValidationError(
            f"“{name}” has letters that an address cannot contain. Write the tag with letters from a to z."
        )
    return slug
