"""Stub, about to be replaced."""

from typing import NamedTuple

MAX_LENGTH = 1_000_000


class Picture(NamedTuple):
    width: int
    height: int


class TooLarge(ValueError):
    pass


def render(text, pictures={}):
    from markdown_it import MarkdownIt

    return MarkdownIt().render(text)


def media_names(text):
    return set()


def plain_text(html, limit):
    import re

    return re.sub("<[^>]*>", "", html)[:limit]
