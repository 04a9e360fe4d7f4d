"""The names and arguments of the tags and components that archives use for callouts."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

# The words for kinds of callouts in other tools, and the kind that readers see.
_KINDS = {
    **dict.fromkeys(("abstract", "default", "example", "info", "note", "primary", "secondary"), "note"),
    **dict.fromkeys(("hint", "success", "tip"), "tip"),
    **dict.fromkeys(("important",), "important"),
    **dict.fromkeys(("attention", "warn", "warning"), "warning"),
    **dict.fromkeys(("bug", "caution", "danger", "error", "failure"), "caution"),
}
NAMES = frozenset(
    {
        "admonition", "alert", "alertbox", "aside", "attention", "callout", "caution", "danger", "hint", "important",
        "info", "note", "notice", "tip", "warn", "warning",
    }
)  # fmt: skip
_KIND_ARGUMENTS = ("type", "kind", "style", "level", "status", "variant", "color", "class", "intent")
_TITLE_ARGUMENTS = ("title", "header", "heading")
_OPTIONS = frozenset({"false", "html", "icon", "markdown", "md", "no-icon", "simple", "true"})


def first_line(name: str, positional: Sequence[str], named: Mapping[str, str]) -> str:
    """The kind and the title of a callout, as they stand after `:::`."""
    kind = _KINDS.get(name, "note")
    given = next((_KINDS[value] for key in _KIND_ARGUMENTS if (value := named.get(key, "").lower()) in _KINDS), "")
    words = [value for value in positional if value.lower() not in _OPTIONS]
    if words and words[0].lower() in _KINDS:
        given = given or _KINDS[words[0].lower()]
        words = words[1:]
    elif words and words[0].islower() and " " not in words[0]:  # the name of a style that only the old site knew
        words = words[1:]
    title = " ".join((next((named[key] for key in _TITLE_ARGUMENTS if named.get(key)), "") or " ".join(words)).split())
    if not any(letter.isalnum() for letter in title):
        title = ""
    return f"{given or kind} {title}".rstrip()


class Fence(NamedTuple):
    """A line of colons. An outer callout has more of them than the callouts within it."""

    colons: str
    indentation: str


class _Opened(NamedTuple):
    key: Hashable
    position: int
    indentation: str | None  # None if the tag does not become a callout
    height: int = 0  # the levels of callouts within it


class Nesting:
    """Finds the pairs of tags that become callouts. Its caller passes all tags that enclose content, in their order."""

    def __init__(self) -> None:
        self.begins: dict[int, Fence] = {}
        self.ends: dict[int, Fence] = {}
        self._opened: list[_Opened] = []
        self._number = Counter[Hashable]()

    def open(self, key: Hashable, position: int, indentation: str | None) -> None:
        """A tag begins. `indentation` is what precedes a callout in its line, and None for any other tag."""
        self._opened.append(_Opened(key, position, indentation))
        self._number[key] += 1

    def close(self, key: Hashable, position: int) -> None:
        """The latest tag with this key ends. Later ones have no end tag."""
        if not self._number[key]:
            return
        height = 0
        while True:
            opened = self._opened.pop()
            self._number[opened.key] -= 1
            height = max(height, opened.height)
            if opened.key == key:
                break
        if opened.indentation is not None:
            self.begins[opened.position] = self.ends[position] = Fence(":" * (3 + height), opened.indentation)
            height += 1
        if self._opened:
            around = self._opened[-1]
            self._opened[-1] = around._replace(height=max(around.height, height))
