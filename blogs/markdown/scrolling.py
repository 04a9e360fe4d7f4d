"""Makes wide tables and code scroll inside the page, for the keyboard as well.

A group with a name and `tabindex` can be focused, and a screen reader says what it is. The style sheet shows a shadow
at the side where more content is.
"""

import re

from lib.languages import is_fallback, words_of

_WIDE = re.compile(r"<pre(?P<attributes>(?: [^>]*)?)>(?P<code><code(?=[ >]))?|<table(?: [^>]*)?>|</table>")
_NAMED = re.compile(r" (?:aria-label|role|tabindex)=\"[^\"]*\"")


def scrollable(html: str, language: str) -> str:
    """Make each `pre` of sanitised HTML a group that can be focused, and put each outermost table into such a group.

    A group whose name is not in `language` has the language of the name, and its content has `language`.
    """
    words, language_of_words = words_of(language)
    outer, inner = "", ""
    if is_fallback(language):
        outer, inner = f' lang="{language_of_words}"', f' lang="{language}"'
    depth = 0

    def replacement(found: re.Match[str]) -> str:
        nonlocal depth
        tag = found[0]
        if tag.startswith("<pre"):
            attributes = _NAMED.sub("", found["attributes"])
            if not found["code"] or " lang=" in attributes:
                return f"<pre{_group(words.code)}{attributes}>{found['code'] or ''}"
            return f"<pre{_group(words.code)}{outer}{attributes}><code{inner}"
        depth += 1 if tag.startswith("<table") else -1
        if tag == "</table>":
            return tag if depth else f"{tag}</div>"
        if depth > 1:
            return tag
        own = "" if " lang=" in tag else inner
        return f'<div class="table-scroll"{_group(words.table)}{outer}><table{own}{tag.removeprefix("<table")}'

    return _WIDE.sub(replacement, html)


def _group(name: str) -> str:
    return f' tabindex="0" role="group" aria-label="{name}"'
