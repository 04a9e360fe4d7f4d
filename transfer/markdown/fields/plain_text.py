"""Converts Markdown and HTML in front matter to plain text."""

import html
import re
from functools import lru_cache

from blogs import markdown
from lib.text_fields import one_line

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
MAX_LENGTH = 1_000  # characters of an excerpt
_CACHED_LENGTH = 1_000  # characters of Markdown


def excerpt(text: str) -> str:
    """An excerpt in Markdown as plain text."""
    return _cached(text) if len(text) <= _CACHED_LENGTH else _rendered(text)


def of_markdown(text: str) -> str:
    """Markdown as plain text."""
    return of_html(html.escape(markdown.plain_text(markdown.render(text), MAX_LENGTH)))


def of_html(text: str) -> str:
    """The text without HTML tags and entities. Markdown characters stay, because names such as O*NET contain them."""
    return " ".join(one_line(html.unescape(_TAG.sub("", text))).split())


def _rendered(text: str) -> str:
    return markdown.plain_text(markdown.render(text), MAX_LENGTH).strip()


# An import parses some files twice (MAX_KEPT in `parsed_files`), and rendering takes most of that time.
_cached = lru_cache(maxsize=10_000)(_rendered)
