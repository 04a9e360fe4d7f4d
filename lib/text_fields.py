"""Fields for text that people type. They remove control characters, which XML and so a feed cannot contain.

A text without any visible character becomes empty, so a required field refuses it.
"""

import re
from typing import TYPE_CHECKING, Any
from unicodedata import category

from django.db import models
from django.db.models.expressions import Combinable

# Django's fields are generic in the type stubs, but not at runtime.
if TYPE_CHECKING:
    _CharField = models.CharField[str | Combinable, str]
    _TextField = models.TextField[str | Combinable, str]
else:
    _CharField, _TextField = models.CharField, models.TextField

# Control characters, halves of surrogate pairs and noncharacters, and the controls that reorder the text around them.
# Zero-width joiners stay: emoji and several scripts need them.
_REMOVED = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
) + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_IN_ONE_LINE = re.compile(f"[{_REMOVED}]")
_IN_LINES = re.compile(f"[{_REMOVED}\x0b\x0c]")
_LINE_BREAKS = re.compile("[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
# Letters and symbols without a shape: Hangul fillers, the empty Braille pattern, the place of an object, a null note.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")


def one_line(text: str) -> str:
    """The text on one line, without invisible characters at its ends. Empty if no character is visible."""
    text = _IN_ONE_LINE.sub("", _LINE_BREAKS.sub(" ", text)).strip()
    return text if _is_visible(text) else ""


def lines(text: str) -> str:
    """The text with its line breaks. Empty if no character is visible."""
    text = _IN_LINES.sub("", text)
    return text if _is_visible(text) else ""


def _is_visible(text: str) -> bool:
    return any(category(char)[0] in "LNPS" and char not in _BLANK for char in text)


class _Cleaned:
    """A field whose values are cleaned when they are validated and when they are saved."""

    clean_text = staticmethod(one_line)

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)  # type: ignore[misc]
        return self.clean_text(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)  # type: ignore[misc]
        if isinstance(value, str):
            value = self.clean_text(value)
            setattr(model_instance, self.attname, value)  # type: ignore[attr-defined]
        return value


class OneLineField(_Cleaned, _CharField):
    """Text on one line, such as a title or a name."""

    def deconstruct(self) -> Any:
        """Migrations use Django's own field, because the column is the same."""
        name, _path, arguments, keywords = super().deconstruct()
        return name, "django.db.models.CharField", arguments, keywords


class LinesField(_Cleaned, _TextField):
    """Text that may have several lines."""

    clean_text = staticmethod(lines)

    def deconstruct(self) -> Any:
        """As for OneLineField."""
        name, _path, arguments, keywords = super().deconstruct()
        return name, "django.db.models.TextField", arguments, keywords
