"""Template filters that put names and dates into the words of `lib.languages`, and bylines.

A page gets the words twice: `words` as HTML, in which English words on a page of another language are marked, and
`plain_words` for attributes and titles.
"""

from collections.abc import Mapping

from django import template
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

from blogs.pages.contexts import LinkContext
from lib.languages.words import GAP

register = template.Library()


@register.filter
def fill(word: str, value: str) -> str:
    """Replace the gap in the word by the value: `{{ plain_words.posts_about|fill:tag.name }}`."""
    before, after = GAP.split(word, 1)
    if isinstance(word, SafeString):
        return mark_safe(f"{before}{conditional_escape(value)}{after}")
    return f"{before}{value}{after}"


@register.filter
def before(word: str) -> str:
    """The text before the gap, for a template that fills the gap with an element."""
    return _like(word, GAP.split(word, 1)[0])


@register.filter
def after(word: str) -> str:
    return _like(word, GAP.split(word, 1)[1])


@register.filter
def names(authors: list[LinkContext], words: Mapping[str, SafeString]) -> SafeString:
    """Links to the authors in the form “Ada, Grace and Lin”."""
    links = [f'<a href="{author["path"]}" rel="author">{escape(author["name"])}</a>' for author in authors]
    if len(links) < 2:
        return mark_safe("".join(links))
    return mark_safe(f"{words['name_separator'].join(links[:-1])}{words['last_name_separator']}{links[-1]}")


@register.filter
def byline(authors: list[LinkContext], words: Mapping[str, SafeString]) -> SafeString:
    """Links to the authors in the form “By Ada, Grace and Lin”."""
    before, after = GAP.split(words["by"], 1)
    return mark_safe(f"{before}{names(authors, words)}{after}")


def _like(word: str, part: str) -> str:
    return mark_safe(part) if isinstance(word, SafeString) else part
