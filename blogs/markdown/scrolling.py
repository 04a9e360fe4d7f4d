"""Makes wide tables and code scroll inside the page, for the keyboard as well.

A group with a name and `tabindex` can be focused, and a screen reader says what it is. The style sheet shows a shadow
at the side where more content is.
"""

import re

from blogs.markdown.languages import words_of

_WIDE = re.compile(r"<pre(?P<attributes>(?: [^>]*)?)>|<table(?: [^>]*)?>|</table>")
_NAMED = re.compile(r" (?:aria-label|role|tabindex)=\"[^\"]*\"")


def scrollable(html: str, language: str) -> str:
    """Make each `pre` of sanitised HTML a group that can be focused, and put each outermost table into such a group."""
    words = words_of(language)[0]
    depth = 0

    def replacement(found: re.Match[str]) -> str:
        nonlocal depth
        tag = found[0]
        if tag.startswith("<pre"):
            return f"<pre{_group(words.code)}{_NAMED.sub('', found['attributes'])}>"
        depth += 1 if tag.startswith("<table") else -1
        if tag == "</table>":
            return tag if depth else f"{tag}</div>"
        return tag if depth > 1 else f'<div class="table-scroll"{_group(words.table)}>{tag}'

    return _WIDE.sub(replacement, html)


def _group(name: str) -> str:
    return f' tabindex="0" role="group" aria-label="{name}"'
