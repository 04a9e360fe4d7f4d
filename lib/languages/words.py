"""The words that pages add to the texts of authors. Each language is a file beside this module: `de.toml`.

A language without a file gets the words of the longest prefix of its code that has one, otherwise English words.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from lib.languages.codes import attributes, longest_known

FALLBACK = "en"
# The place in a word for a name, a date or a link: the `{month}` of "Posts from {month}".
GAP = re.compile(r"\{[a-z]+\}")

_FILES = {path.stem: path for path in Path(__file__).parent.glob("*.toml")}


class Words(NamedTuple):
    """All words. Comments for translators are in `en.toml`."""

    # Every page.
    skip_link: str
    main_menu: str
    footer: str
    feed: str
    # Lists of posts.
    older_posts: str
    newest_posts: str
    more_posts: str
    no_posts: str
    pinned: str
    # The pages of an author, a tag and a month.
    author: str
    posts_by: str
    tag: str
    posts_about: str
    tag_feed: str
    archive: str
    posts_from: str
    # A post.
    by: str
    by_label: str
    name_separator: str
    last_name_separator: str
    published: str
    updated: str
    updated_on: str
    more_from: str
    all_posts: str
    # Pages of errors.
    not_found: str
    not_found_help: str
    gone: str
    gone_help: str
    home_page_of: str
    # In the text of a post.
    note: str
    tip: str
    important: str
    warning: str
    caution: str
    table: str
    code: str
    section_link: str


def words_of(language: str) -> tuple[Words, str]:
    """The words for a language code such as `de-at`, and the code of the language that they are in."""
    code = longest_known(language, _FILES) or FALLBACK
    return _read(code), code


def is_fallback(language: str) -> bool:
    """Whether the words for this language are in another language. False for "", an unknown language."""
    return bool(language) and not longest_known(language, {words_of(language)[1]})


@cache
def html_words(language: str) -> dict[str, SafeString]:
    """The words for pages in `language`, as HTML. Words in another language have `lang` and `dir`."""
    words, code = words_of(language)
    marked = is_fallback(language)
    return {name: _marked(word, code) if marked else format_html("{}", word) for name, word in words._asdict().items()}


@cache
def _read(code: str) -> Words:
    return Words(**tomllib.loads(_FILES[code].read_text(encoding="utf-8")))


def _marked(word: str, code: str) -> SafeString:
    """Wrap the text before and after the gap. The text in the gap is in the language of the page."""
    gap = GAP.search(word)
    if not gap:
        return _wrapped(word, code)
    return mark_safe(f"{_wrapped(word[: gap.start()], code)}{gap[0]}{_wrapped(word[gap.end() :], code)}")


def _wrapped(text: str, code: str) -> SafeString:
    """The text, with its letters in an element. Spaces and punctuation alone belong to no language."""
    if not any(map(str.isalpha, text)):
        return format_html("{}", text)
    before, after = text.split(text.strip())
    return format_html("{}<span{}>{}</span>{}", before, attributes(code), text.strip(), after)
