"""Reads the fields of a front matter by any of the names that publishing tools give them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from transfer.markdown.source.front_matter import FrontMatter

# Tables that contain fields of the same meaning as the fields beside them: Hugo and Zola require them.
_TABLES = ("extra", "params", "taxonomies")
MAX_NAME = 60  # characters of the name of a field in a summary
_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0"}
ANSWERS = (_YES | _NO) - {"0", "1"}


class Fields:
    """The fields of one file. `cover_image`, `cover-image` and `coverImage` are one name: `coverimage`.

    A field counts as understood if its name was asked for, whether the file has it or not.
    """

    def __init__(self, head: FrontMatter) -> None:
        self._values: dict[str, Any] = {}
        self._written: dict[str, str] = {}
        self._lines = {_squeezed(name): line for name, line in head.lines.items()}
        self._asked = set(_TABLES)
        tables = [value for name in _TABLES if isinstance(value := head.fields.get(name), dict)]
        for table in (head.fields, *tables):
            for name, value in table.items():
                squeezed = _squeezed(str(name))
                if self._values.get(squeezed) in (None, "", [], {}):
                    self._values[squeezed] = value
                    self._written[squeezed] = str(name)

    def get(self, name: str) -> Any:
        """The value of the field, or None."""
        self._asked.add(name)
        return self._values.get(name)

    def first(self, names: Iterable[str]) -> tuple[str, Any]:
        """Name and value of the first field that has a value. Without such a field: "" and None."""
        names = tuple(names)
        self._asked.update(names)
        return next(((name, self._values[name]) for name in names if self._values.get(name)), ("", None))

    def text(self, *names: str) -> str:
        """The first text among the fields, or ""."""
        self._asked.update(names)
        return next(filter(None, (text_of(self._values.get(name)) for name in names)), "")

    def text_of_ending(self, ending: str, *, but: str) -> str:
        """The first text of a field whose name ends with `ending`, without fields that end with `but`."""
        return self.text(*(name for name in self._values if name.endswith(ending) and not name.endswith(but)))

    def says(self, name: str, *, yes: bool) -> bool:
        """Whether the field is true (`yes`) or false. Also understands words such as "yes"."""
        value = self.get(name)
        if isinstance(value, bool):
            return value is yes
        return text_of(value).lower() in (_YES if yes else _NO)

    def count_as_understood(self, names: Iterable[str]) -> None:
        """Fields that the dialect has read, or that had a meaning for the layout of the old site only."""
        self._asked.update(names)

    def line(self, name: str) -> int | None:
        """The line of the field in the file."""
        return self._lines.get(name)

    def ignored(self) -> tuple[str, ...]:
        """The fields with a value for which no code has asked."""
        names = sorted(self._values.keys() - self._asked)
        return tuple(self._written[name][:MAX_NAME] for name in names if self._values[name] not in (None, "", [], {}))


def _squeezed(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def text_of(value: Any) -> str:
    """A scalar of the front matter as text. Lists, mappings and missing values become empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "ignore").decode().strip()


def items_of(value: Any, keys: Iterable[str] = ("name", "title")) -> list[str]:
    """The texts in a value: a text, a mapping with one of `keys`, or a list of these, at most one list deep."""
    values = value if isinstance(value, list) else [value]
    values = [item for each in values for item in (each if isinstance(each, list) else [each])]
    return [text for each in values if (text := text_in(each, keys))]


def text_in(value: Any, keys: Iterable[str]) -> str:
    """The value as text, or if it is a mapping the first text under one of `keys`."""
    if not isinstance(value, Mapping):
        return text_of(value)
    by_name = {_squeezed(str(name)): each for name, each in value.items()}
    return next(filter(None, (text_of(by_name.get(key)) for key in keys)), "")
