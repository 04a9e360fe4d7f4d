"""Emphasis beside Chinese, Japanese and Korean characters.

CommonMark decides by the characters before and after a delimiter such as `**` if it opens or closes emphasis, and
assumes spaces between words. The second delimiter of `这是**加粗。**后面` stands between punctuation and a letter, so
CommonMark lets it open emphasis only. The rules here follow the proposal markdown-cjk-friendly: if a CJK character is
on either side, the delimiter opens emphasis before any text and closes it after any text. All other text is parsed as
in CommonMark, and so is emphasis with `_`, which never begins or ends within a word.
"""

import re
from collections.abc import Callable

from markdown_it.common.utils import isWhiteSpace
from markdown_it.rules_inline import StateInline, emphasis, strikethrough

# Hangul, ideographs, kana, Yi, CJK punctuation, full-width forms, selectors of ideographic variants.
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffee"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff\U000e0100-\U000e01ef]"
)


def cjk_emphasis(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] in "*_" and _tokenize(emphasis.tokenize, "*", state, silent)


def cjk_strikethrough(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "~" and _tokenize(strikethrough.tokenize, "~", state, silent)


def is_cjk(char: str) -> bool:
    return _CJK.match(char) is not None


def _tokenize(rule: Callable[[StateInline, bool], bool], marker: str, state: StateInline, silent: bool) -> bool:
    """markdown-it's rule. Beside a CJK character, its delimiters open before text and close after text."""
    start, known = state.pos, len(state.delimiters)
    if not rule(state, silent):
        return False
    before, after = state.src[start - 1 : start], state.src[state.pos : min(state.pos + 1, state.posMax)]
    if state.src[start] == marker and (is_cjk(before) or is_cjk(after)):
        for delimiter in state.delimiters[known:]:
            delimiter.open = not isWhiteSpace(ord(after or " "))
            delimiter.close = not isWhiteSpace(ord(before or " "))
    return True
