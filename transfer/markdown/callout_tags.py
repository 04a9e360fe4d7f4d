"""Tags such as {% note info Title %}…{% endnote %} and {{% alert color="warning" %}}…{{% /alert %}} become callouts.

A tag becomes a callout if it begins its line and has an end tag. docs/markdown.md describes the result.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from transfer.dialects.callouts import NAMES
from transfer.markdown.tag_syntax import TOKEN, Tag, tag_of

_LOOK_BACK = 200


class Fence(NamedTuple):
    """The line of a callout that a tag becomes. An outer callout has more colons than the callouts within it."""

    colons: str
    indentation: str


class CalloutTags:
    """The tags of a text that begin or end a callout, by their positions."""

    def __init__(self, text: str, in_code: Callable[[int], bool]) -> None:
        self.begins: dict[int, Fence] = {}
        self.ends: dict[int, Fence] = {}
        self._opened: list[_Opened] = []
        self._number = Counter[tuple[str, str]]()
        for token in TOKEN.finditer(text):
            tag = tag_of(token)
            if tag is None or in_code(token.start()) or (tag.syntax == "zola" and token["tag"] is None):
                continue
            if tag.is_end:
                self._close(_key(tag), token.start())
            else:
                self._open(tag, token.start(), text)

    def _open(self, tag: Tag, position: int, text: str) -> None:
        line = text.rfind("\n", max(0, position - _LOOK_BACK), position) + 1
        before = text[line:position]
        is_callout = tag.name in NAMES and not before.strip() and not tag.rest.rstrip().endswith("/")
        self._opened.append(_Opened(_key(tag), position, before if is_callout else None))
        self._number[_key(tag)] += 1

    def _close(self, key: tuple[str, str], position: int) -> None:
        if not self._number[key]:
            return
        height = 0
        while self._opened:
            opened = self._opened.pop()
            self._number[opened.key] -= 1
            height = max(height, opened.height)
            if opened.key == key:
                break
        if opened.indentation is not None:
            self.begins[opened.position] = self.ends[position] = Fence(":" * (3 + height), opened.indentation)
            height += 1
        if self._opened:
            self._opened[-1] = self._opened[-1].around(height)


class _Opened(NamedTuple):
    key: tuple[str, str]
    position: int
    indentation: str | None  # None if the tag does not become a callout
    height: int = 0  # the levels of callouts within it

    def around(self, height: int) -> "_Opened":
        return self._replace(height=max(self.height, height))


def _key(tag: Tag) -> tuple[str, str]:
    return tag.syntax, "" if tag.syntax == "zola" else tag.name
