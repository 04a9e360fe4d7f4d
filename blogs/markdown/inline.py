"""Inline extensions: `==mark==`, `H~2~O`, `x^2^`, and abbreviations (`*[HTML]: Hypertext Markup Language`)."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from blogs.markdown.emphasis import is_cjk
from blogs.markdown.limits import TooLarge

MAX_ABBREVIATIONS = 100

_MARK = re.compile(r"==(?=[^\s=])([^=]{1,1000}+)(?<!\s)==(?!=)")
_SHORT = {
    "~": ("sub", re.compile(r"~([\w+()=.,\u2212-]{1,40}+)~(?!~)")),
    "^": ("sup", re.compile(r"\^([\w+()=.,\u2212-]{1,40}+)\^")),
}
_ABBREVIATION = re.compile(r"\*\[(?P<short>[^\]\n]{1,50})\]:[ \t]*(?P<long>[^\n]+)")


def install(md: MarkdownIt) -> None:
    md.block.ruler.before("reference", "abbreviation", abbreviation, {"alt": ["paragraph", "reference"]})
    md.inline.ruler.before("emphasis", "mark", mark)
    md.inline.ruler.before("strikethrough", "sub_and_superscript", sub_and_superscript)
    md.core.ruler.push("abbreviations", abbreviations)


def mark(state: StateInline, silent: bool) -> bool:
    """`==text==`, which begins and ends between words, as `_` does. The text may contain other Markdown, but no `=`."""
    if state.src[state.pos] != "=":
        return False
    found = _MARK.match(state.src, state.pos, state.posMax)
    if not found or _in_word(state.src, state.pos - 1) or _in_word(state.src, found.end()):
        return False
    if not silent:
        state.push("mark_open", "mark", 1)
        end, state.pos, state.posMax = state.posMax, found.start(1), found.end(1)
        state.md.inline.tokenize(state)
        state.posMax = end
        state.push("mark_close", "mark", -1)
    state.pos = found.end()
    return True


def _in_word(src: str, position: int) -> bool:
    char = src[position : position + 1] if position >= 0 else ""
    return char == "=" or (char.isalnum() and not is_cjk(char))


def sub_and_superscript(state: StateInline, silent: bool) -> bool:
    """`~2~` and `^2^` directly after a letter, a digit or a parenthesis. They contain no spaces and no Markdown."""
    if state.src[state.pos] not in _SHORT:
        return False
    tag, pattern = _SHORT[state.src[state.pos]]
    before = state.src[state.pos - 1 : state.pos]
    if not (before.isalnum() or before in (")", "]")) or is_cjk(before):
        return False
    found = pattern.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push(f"{tag}_open", tag, 1)
        state.push("text", "", 0).content = found[1]
        state.push(f"{tag}_close", tag, -1)
    state.pos = found.end()
    return True


def abbreviation(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    """A line that defines an abbreviation. The first definition counts."""
    if state.is_code_block(line):
        return False
    found = _ABBREVIATION.fullmatch(state.src, state.bMarks[line] + state.tShift[line], state.eMarks[line])
    if not found:
        return False
    if not silent:
        known = state.env.setdefault("abbreviations", {})
        known.setdefault(found["short"].strip(), found["long"].strip())
        if len(known) > MAX_ABBREVIATIONS:
            raise TooLarge(
                f"Line {line + 1}: the text defines more than {MAX_ABBREVIATIONS} abbreviations. Define fewer."
            )
        state.line = line + 1
    return True


def abbreviations(state: StateCore) -> None:
    """Explain each occurrence of the abbreviations in the text."""
    known = {short: long for short, long in state.env.get("abbreviations", {}).items() if short}
    if not known:
        return
    longest_first = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)")
    for token in state.tokens:
        if token.children:
            token.children = [part for child in token.children for part in _explained(child, pattern, known)]


def _explained(token: Token, pattern: re.Pattern[str], known: dict[str, str]) -> list[Token]:
    if token.type != "text":
        return [token]
    tokens = []
    for number, text in enumerate(pattern.split(token.content)):
        if number % 2:
            tokens.append(Token("abbr_open", "abbr", 1, attrs={"title": known[text]}))
        if text:
            tokens.append(Token("text", "", 0, content=text))
        if number % 2:
            tokens.append(Token("abbr_close", "abbr", -1))
    return tokens
