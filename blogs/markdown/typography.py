"""Quotation marks, apostrophes, dashes, ellipses, and the spaces of French, in the language of the document.

The rules read each character once. Only pairs of quotation marks are replaced, so `6"` stays. Code, URLs, raw HTML
and characters after a backslash are left as they are.
"""

import re
from collections.abc import Iterator
from itertools import starmap
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from blogs.markdown.emphasis import is_cjk
from blogs.markdown.languages import Quotes, quotes_of, spaced_marks_of
from blogs.markdown.spacing import french_spaces

OBJECT = "\ufffc"  # stands for an image, code, a URL and an escaped character
_OPENING = "([{-–—/«“„‚‘\"'"
_QUOTE_OR_DASH = re.compile(r"[\"']|(?<!-)-{2,3}(?!-)|(?<!\.)\.{3}(?!\.)")
_DECADE = re.compile("[0-9]{2}(?![0-9])")
_VERBATIM = re.compile(r"<(/?)(?:code|kbd|pre|samp|tt|var)\b", re.IGNORECASE)


class Edit(NamedTuple):
    start: int
    end: int
    text: str


def install(md: MarkdownIt) -> None:
    md.core.ruler.before("text_join", "typography", typography)


def typography(state: StateCore) -> None:
    language = state.env.get("language", "")
    quotes, marks = quotes_of(language), spaced_marks_of(language)
    if not quotes:
        return
    for token in state.tokens:
        if token.children:
            _replace(token.children, quotes, marks)


def _replace(tokens: list[Token], quotes: Quotes, marks: str) -> None:
    texts, pieces, length, verbatim = [], [], 0, 0
    for token in tokens:
        piece = "\n" if token.type.endswith("break") else ""
        if token.type == "html_inline" and (tag := _VERBATIM.match(token.content)):
            verbatim = max(0, verbatim + (-1 if tag[1] else 1))
        elif token.type == "text" and token.info != "auto" and not verbatim:
            piece = token.content
            texts.append((length, token))
        elif token.type in ("code_inline", "formula", "image", "text", "text_special"):
            piece = OBJECT
        pieces.append(piece)
        length += len(piece)
    whole = "".join(pieces)
    edits = sorted([*_edits(whole, quotes), *(starmap(Edit, french_spaces(whole, marks)) if marks else ())])
    number = 0
    for start, token in texts:
        end, position, parts = start + len(token.content), start, []
        while number < len(edits) and edits[number].start < end:
            edit = edits[number]
            number += 1
            if position <= edit.start and edit.end <= end:
                parts += [whole[position : edit.start], edit.text]
                position = edit.end
        token.content = "".join([*parts, whole[position:end]])


def _edits(text: str, quotes: Quotes) -> Iterator[Edit]:
    opened: dict[str, int] = {}  # the position of the open quotation mark of each kind
    for found in _QUOTE_OR_DASH.finditer(text):
        start, end, mark = found.start(), found.end(), found[0]
        before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
        if mark == "...":
            yield Edit(start, end, "…")
        elif mark[0] == "-":
            if (before.isspace() and after.isspace()) or (before.isalnum() and after.isalnum()):
                yield Edit(start, end, "–" if mark == "--" else "—")
        elif mark == "'" and (
            _DECADE.match(text, end) if before.isspace() else _is_letter(before) and _is_letter(after)
        ):
            yield Edit(start, end, "’")
        elif mark in opened and not before.isspace() and (not after.isalnum() or is_cjk(after)):
            inner = mark == "'"
            opening = opened.pop(mark)
            yield Edit(opening, opening + 1, quotes.inner_opening if inner else quotes.opening)
            yield Edit(start, end, quotes.inner_closing if inner else quotes.closing)
            if not inner and opened.get("'", 0) > opening:
                del opened["'"]
        elif not after.isspace() and (before.isspace() or before in _OPENING or is_cjk(before)):
            opened[mark] = start
        elif mark == "'" and before.isalnum():
            yield Edit(start, end, "’")


def _is_letter(char: str) -> bool:
    return char.isalnum() and not is_cjk(char)
