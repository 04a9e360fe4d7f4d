"""Locates code in Markdown text, because links and template tags within code must stay as written."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)", re.MULTILINE)
_BACKTICKS = re.compile(r"(?<![\\`])`+")
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")

_INDENTED = re.compile(r"(?:\A|\n[ \t]*\n) {0,3}(?:\t| {4})[ \t]*[^ \t\n]")

Span = tuple[int, int]


def _block_parser() -> MarkdownIt:
    """A parser that finds the blocks of a text, without their content."""
    md = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")
    md.use(footnote_plugin, inline=False).use(deflist_plugin)
    md.core.ruler.enableOnly(["normalize", "block"])
    return md


_BLOCKS = _block_parser()
# Longer texts cannot be posts, and the parser takes 0.3 s for a text of this length that consists of short lines.
MAX_LENGTH = 200_000


def spans(text: str, *, indented: bool = True) -> list[Span]:
    """Positions of code blocks and code spans, in order. MDX has no `indented` code."""
    found: list[Span] = []
    begin = 0
    for block in _blocks(text, indented=indented):
        if block[0] < begin:
            continue
        found += _inline(text, begin, block[0])
        found.append(block)
        begin = block[1]
    return found + _inline(text, begin, len(text))


def _blocks(text: str, *, indented: bool) -> Iterator[Span]:
    if indented and len(text) <= MAX_LENGTH and _INDENTED.search(text):
        return iter(sorted([*_fenced(text), *_indented(text)]))
    return _fenced(text)


def _indented(text: str) -> Iterator[Span]:
    """Only a full parser can distinguish indented code from the continuation of a list item."""
    lines = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    for token in _BLOCKS.parse(text):
        if token.type == "code_block" and token.map:
            yield lines[token.map[0]], lines[min(token.map[1], len(lines) - 1)]


def search(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match that starts outside code."""
    return next(matches(pattern, text), None)


def matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All matches that begin outside code."""
    inside = membership(text)
    return (match for match in pattern.finditer(text) if not inside(match.start()))


@lru_cache(maxsize=4)  # An import reads the same few texts of one file several times.
def membership(text: str, *, indented: bool = True) -> Callable[[int], bool]:
    """Return a function that checks whether a position of `text` is within code, by binary search."""
    found = spans(text, indented=indented)
    begins = [begin for begin, _ in found]

    def inside(position: int) -> bool:
        index = bisect_right(begins, position) - 1
        return index >= 0 and position < found[index][1]

    return inside


def _fenced(text: str) -> Iterator[Span]:
    opening: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        fence, info = line["fence"], line["info"]
        if opening is None:
            if fence[0] == "~" or "`" not in info:
                opening = line
        elif fence.startswith(opening["fence"]) and not info.strip():
            yield opening.start(), line.end()
            opening = None
    if opening is not None:
        yield opening.start(), len(text)


def _inline(text: str, begin: int, end: int) -> list[Span]:
    """Code spans as in CommonMark: a span ends at the next run with the same number of backticks in the paragraph."""
    runs = [(run.start(), run.end()) for run in _BACKTICKS.finditer(text, begin, end)]
    by_length: dict[int, list[int]] = {}
    for start, stop in runs:
        by_length.setdefault(stop - start, []).append(start)
    found: list[Span] = []
    position = begin
    for start, stop in runs:
        if start < position:
            continue
        same = by_length[stop - start]
        index = bisect_right(same, start)
        if index < len(same) and not _EMPTY_LINE.search(text, stop, same[index]):
            position = same[index] + stop - start
            found.append((start, position))
    return found
