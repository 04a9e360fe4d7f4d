"""Finds the names of people in the field that names the authors of a post.

A byline is a name or a list of names. It can be Markdown, contain e-mail addresses, and name companies in brackets:
`[Ada Lovelace](https://example.com/ada) (Example Ltd) and Grace Hopper <grace@example.com>` contains two names.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from lib.text_fields import one_line
from transfer.markdown.fields.values import text_in

MAX_LENGTH = 2_000  # characters of a byline that are read
_KEYS = ("name", "title", "displayname", "fullname", "author", "nickname", "login", "id")

_LINK = re.compile(r"!?\[(?P<words>[^\[\]]*+)\](?:\([^()\s]*+(?:\s[^()]*+)?\)|\[[^\[\]]*+\])")
_ELEMENT = re.compile(r"</?[a-zA-Z][^<>]*+>")
_EMPHASIS = re.compile(r"(?<!\w)([*_]{1,3})(?P<words>[^*_]++)\1(?!\w)")
_EMAIL = re.compile(r"[^\s<>@()]++@[^\s<>@()]++")
_IN_BRACKETS = re.compile(r"\([^()]*+\)|（[^（）]*+）|\[[^\[\]]*+\]")
_BETWEEN_NAMES = re.compile(r"[;、；，]")
_PERHAPS_BETWEEN_NAMES = re.compile(r"\s*,\s*(?:(?:and|&)\s+)?|\s+(?:and|&|und|et|y|e)\s+")
# Words of a name that begin with a small letter.
_PARTICLES = {
    "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la", "le",
    "ten", "ter", "van", "von", "zu", "zur",
}  # fmt: skip
_MAX_WORDS = 5


def names(value: Any) -> list[str]:
    """The names in the value of a field: a text, a table with a name, or a list of these."""
    values = value if isinstance(value, list) else [value]
    found = (name for each in values for name in _names_in(text_in(each, _KEYS)[:MAX_LENGTH]))
    return list(dict.fromkeys(found))


def _names_in(byline: str) -> Iterator[str]:
    are_linked = len(_LINK.findall(byline)) > 1
    for text in _BETWEEN_NAMES.split(_without_markup(byline)):
        parts = [part.strip() for part in _PERHAPS_BETWEEN_NAMES.split(text)]
        # “Lovelace, Ada” and “Marks and Spencer” are one name each.
        is_list = are_linked or all(map(_is_full_name, parts))
        yield from filter(None, parts if is_list else [text.strip(" ,")])


def _without_markup(byline: str) -> str:
    """The byline without Markdown, HTML, e-mail addresses and words in brackets, unless nothing else is left."""
    text = _LINK.sub(lambda link: link["words"], byline)
    text = _EMPHASIS.sub(lambda emphasis: emphasis["words"], text)
    text = one_line(" ".join(html.unescape(_ELEMENT.sub(" ", text)).split()))
    # RSS writes ada@example.com (Ada Lovelace).
    bare = " ".join(_IN_BRACKETS.sub(" ", _EMAIL.sub(" ", text)).split())
    named = bare or " ".join(_EMAIL.sub(" ", text).strip(" ()[]").split()) or text
    return re.sub(r"\Aby:?\s+", "", named, flags=re.IGNORECASE).replace(" ,", ",")


def _is_full_name(text: str) -> bool:
    """Whether the text can be the name of a person: two to five words that begin with a capital letter."""
    words = text.split()
    capital = [word for word in words if word not in _PARTICLES]
    return 2 <= len(words) <= _MAX_WORDS and len(capital) > 1 and all(map(_has_capital, capital))


def _has_capital(word: str) -> bool:
    return word[0].isalpha() and word[0] == word[0].upper()
