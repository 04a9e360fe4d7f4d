"""The one rule for slugs: makes them from titles, names and typed text, and finds a free slug if one is taken.

The admin, the importer and the urlconf use these functions. Reasons: docs/decisions/slugs.md
"""

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from itertools import chain, count, islice
from typing import Any

from anyascii import anyascii
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

MAX_TAG_LENGTH = 100
# Only this number of characters of a text goes into its slug, because normalising a run of combining marks takes
# quadratic time. No slug is longer.
MAX_SOURCE = 300

_ASCII_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Symbols that distinguish names such as C, C++ and C#.
_SYMBOLS = {"+": "-plus-", "#": "-sharp-"}
_SYMBOL = re.compile(r"(?<=[\w+])\+|(?<=\w)#")
# Removed without a hyphen: apostrophes, the quotation mark in Hebrew acronyms, and letters and marks without a shape.
_REMOVED = frozenset(
    "'\u2018\u2019\u05f3\u05f4\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)
# Compatibility forms that are replaced by the plain letters: full width, joined Arabic letters, mathematical alphabets.
# Other forms stay, because NFKC breaks words in Thai (ำ) and Korean (ㅋㅋ).
_FORMS = ("<final>", "<font>", "<fraction>", "<initial>", "<isolated>", "<medial>", "<narrow>", "<wide>")
_SUFFIX_LENGTH = 10  # space for a hyphen and a number


def slug_from(text: str, max_length: int = MAX_SOURCE) -> str:
    """The slug of a title, a name or a typed text. Empty if the text has no letter, no digit and no symbol with a name.

    Letters of the Latin script become ASCII. Letters, marks and digits of other scripts stay, in lower case and in NFC.
    Apostrophes are removed, and one hyphen replaces all other characters between words.
    """
    text = unicodedata.normalize("NFC", text[:MAX_SOURCE]).lower()
    text = _SYMBOL.sub(lambda symbol: _SYMBOLS[symbol[0]], text)
    slug = _joined("".join(map(_in_slug, text)))
    if not slug:  # for example “🔥”, which anyascii calls “:fire:”
        slug = _joined(re.sub("[^a-z0-9]", "-", anyascii(text).lower()))
    return slug[:max_length].strip("-")


def is_slug(text: str) -> bool:
    """Whether `slug_from` gives this text. Every stored slug has this form, so no other text is looked up."""
    if text.isascii():
        return len(text) <= MAX_SOURCE and _ASCII_SLUG.fullmatch(text) is not None
    return len(text) <= MAX_SOURCE and slug_from(text) == text


def typed_slug(text: str) -> str:
    """The slug that a user typed. Raises ValidationError if it would be empty."""
    if len(text) > MAX_SOURCE:
        return text  # longer than every slug field allows, so the field refuses it
    slug = slug_from(text)
    if not slug:
        raise ValidationError(f"“{text}” has no letter and no digit. Enter one, or leave the field empty.")
    return slug


def tag_slug(name: str) -> str:
    """The slug of a new tag. Raises ValidationError if the name is too long or has no letter and no digit."""
    slug = slug_from(name, MAX_TAG_LENGTH) if len(name) <= MAX_TAG_LENGTH else ""
    if not slug:
        raise ValidationError(
            f"“{name[:MAX_TAG_LENGTH]}” cannot be a tag. Enter a letter or digit, and at most 100 characters."
        )
    return slug


def free_slug(wanted: str, rows: QuerySet[Any], max_length: int, taken: Container[str] = frozenset()) -> str:
    """Return `wanted`. If `rows` or `taken` contain it, append the lowest number that makes the slug free."""
    begin = wanted[: max_length - _SUFFIX_LENGTH].rstrip("-")
    candidates = chain([wanted], (f"{begin}-{number}" for number in count(2)))
    size = 10
    while True:
        batch = [slug for slug in islice(candidates, size) if slug not in taken]
        # The index of the unique constraint finds equal slugs. For the beginnings of slugs, PostgreSQL reads all slugs
        # of the site.
        used = set(rows.filter(slug__in=batch).values_list("slug", flat=True))
        free = [slug for slug in batch if slug not in used]
        if free:
            return free[0]
        size = 1000


def _joined(text: str) -> str:
    """The text with single hyphens between words, and without marks that follow no letter of their script."""
    kept: list[str] = []
    for character in text:
        is_mark = unicodedata.category(character)[0] == "M"
        if (is_mark and (not kept or kept[-1].isascii())) or (character == "-" and kept[-1:] == ["-"]):
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).strip("-")


@lru_cache(maxsize=10_000)
def _in_slug(character: str) -> str:
    """What a slug contains in place of a lower-case character: itself, other letters, a hyphen or nothing."""
    kind, name = unicodedata.category(character), unicodedata.name(character, "")
    is_kept = kind[0] in "LMN"
    # Enclosing marks (Me) are part of emoji. Modifier letters are of phonetic alphabets, or serve as apostrophes.
    if kind in ("Cf", "Me") or character in _REMOVED or name.startswith("MODIFIER LETTER"):
        return ""
    if kind[0] == "L" and name.startswith("LATIN"):
        return re.sub("[^a-z0-9]", "", anyascii(character).lower())
    plain = unicodedata.normalize("NFKC", character).lower()
    if plain != character and (
        not is_kept or plain.isascii() or unicodedata.decomposition(character).startswith(_FORMS)
    ):
        return "".join(map(_in_slug, plain))
    return character if is_kept else "-"
