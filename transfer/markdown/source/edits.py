"""Replaces parts of a text."""

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """Replaces the text from `begin` to `end` by `new`."""

    begin: int
    end: int
    new: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits. Of edits that overlap, only the first is made."""
    written: list[str] = []
    position = 0
    for begin, end, new in sorted(edits):
        if begin >= position:
            written += text[position:begin], new
            position = end
    return "".join(written) + text[position:]
