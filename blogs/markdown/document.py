"""Converts Markdown to sanitised HTML. The same text always gives the same bytes.

The dialect is CommonMark with the extensions of docs/markdown.md, which is written for editors.

    text → rules, html (parse, render) → sanitise (balance, then nh3's allow-list) → post_process

A web page can hold one document only, because the ids of all documents have the same prefix (`sanitise.ID_PREFIX`).
Lists of posts show `plain_text` instead.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from types import MappingProxyType
from typing import NamedTuple

from blogs.markdown.elements import Sizes, attributes_of, media_name, size_attributes, tag
from blogs.markdown.html import CHECKED_BOX, UNCHECKED_BOX
from blogs.markdown.limits import TooLarge, check_source
from blogs.markdown.players import complete_players, player_of_image, without_players
from blogs.markdown.removals import Removal, removals
from blogs.markdown.rules import parser
from blogs.markdown.sanitise import sanitise
from blogs.markdown.scrolling import scrollable
from lib.paths import MEDIA_PREFIX

MAX_HTML = 2_000_000  # characters

_PARSER = parser()
_UNENCODABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
)  # XML does not allow these characters, so a feed cannot contain them.

# These expressions need no HTML parser: nh3 escapes < and > in attribute values and quotes every value.
_REWRITTEN = re.compile(r"<(a|img|input)( [^>]*)?>")
_HEADING = re.compile(r"(</?h)([1-5])(?=[ >])")
_HTML = re.compile("<[a-zA-Z]")
_MEDIA_LINK = re.compile(rf'(?:href|poster|src)="({MEDIA_PREFIX}[^"]*)"')

# A line of plain text cannot show these blocks: the parts of a formula lose their places, a card is an address.
_FORMULA_OR_CARD = re.compile(r'<math display="block">.*?</math>|<p class="link-card">.*?</p>', re.DOTALL)
_FOOTNOTE_REF = re.compile(r'<sup class="footnote-ref">.*?</sup>')
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tt"
    r"|u|var|wbr)(?: [^<>]*)?>"
)
_TAG = re.compile(r"<[^<>]*>")


def render(text: str, sizes: Sizes = MappingProxyType({}), language: str = "") -> str:
    """Sanitised HTML of a Markdown document. `sizes` are those of the images and videos that it shows.

    `language` is a code such as `de-at`. Without it, quotation marks and dashes stay as they are written.

    If the document has an h1, all headings move down by one level, because the title of the post is the page's h1.
    Raises TooLarge.
    """
    return post_process(_sanitised(text, language).html, sizes, language)


def media_names(text: str, language: str = "") -> set[str]:
    """Names of files below /media/ that the document shows or links to, in Markdown or HTML. Raises TooLarge."""
    return {name for address in _MEDIA_LINK.findall(_sanitised(text, language).html) if (name := media_name(address))}


def removed(text: str, language: str = "") -> tuple[Removal, ...]:
    """The elements and attributes of the document that its HTML does not contain. Raises TooLarge."""
    return _sanitised(text, language).removed


def plain_text(html: str, limit: int) -> str:
    """The text of rendered HTML on one line, without footnotes.

    It has no displayed formulas and no cards, unless there is no other text. A text of more than `limit`
    characters is cut between two words and ends with "…".
    """
    body = _FOOTNOTE_REF.sub("", without_players(html).partition('<hr class="footnotes-sep">')[0])
    text = _words(_FORMULA_OR_CARD.sub(" ", body)) or _words(body)
    if len(text) <= limit:
        return text
    whole_words = text[:limit].rpartition(" ")[0]  # Without spaces, cut at any character.
    start = whole_words if len(whole_words) > limit // 2 else text[: limit - 1]
    return start.rstrip(" ,;:.–—-") + "…"


def _words(html: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", _INLINE_TAG.sub("", html))).split())


class _Sanitised(NamedTuple):
    html: str
    removed: tuple[Removal, ...]


def _sanitised(text: str, language: str) -> _Sanitised:
    result = _rendered(text, language)
    if isinstance(result, TooLarge):
        raise TooLarge(*result.args)
    return result


@lru_cache(maxsize=8)  # A form validates a text, then saves it. Other threads of the process render other texts.
def _rendered(text: str, language: str) -> _Sanitised | TooLarge:
    """The sanitised HTML of a document. An error is returned and not raised, so that it is cached as well."""
    try:
        return _render(text, language)
    except TooLarge as error:
        return TooLarge(*error.args)


def _render(text: str, language: str) -> _Sanitised:
    check_source(text)
    source = _CONTROL.sub("", _UNENCODABLE.sub("\ufffd", text.removeprefix("\ufeff")))
    html = _PARSER.render(source, {"language": language})
    if len(html) > MAX_HTML:
        raise TooLarge(
            f"The text produces {len(html):,} characters of HTML; at most {MAX_HTML:,} are allowed."
            " Split it into several posts."
        )
    return _Sanitised(sanitise(html), removals(html) if _HTML.search(text) else ())


def post_process(html: str, sizes: Sizes, language: str = "") -> str:
    """Adapt sanitised HTML to a post's page. Adds nothing that the sanitiser would remove."""
    # Entities can still encode control characters. Replace these characters and do not delete them, because deletion
    # would turn "java&#1;script:" into a scheme that browsers execute.
    html = _CONTROL.sub("\ufffd", html)
    if "<h1" in html:
        html = _HEADING.sub(lambda found: f"{found[1]}{int(found[2]) + 1}", html)
    html = complete_players(html, sizes)  # before the next step makes players of images
    html = _REWRITTEN.sub(lambda found: _REWRITE[found[1]](attributes_of(found[2]), sizes), html)
    return scrollable(html, language)


def _link(attributes: dict[str, str], _sizes: Sizes) -> str:
    if attributes.get("href", "").lower().lstrip().startswith(("http:", "https:", "//")):
        relations = [word for word in attributes.get("rel", "").split() if word != "noopener"]
        attributes["rel"] = " ".join([*relations, "noopener"])
    return tag("a", attributes)


def _image(attributes: dict[str, str], sizes: Sizes) -> str:
    """A lazy-loading image with its size, or a player of audio or video. An image without `src` is removed."""
    if not attributes.get("src"):
        return ""
    if player := player_of_image(attributes, sizes):
        return player
    attributes |= {"alt": attributes.get("alt", ""), "loading": "lazy", "decoding": "async"}
    return tag("img", attributes | size_attributes(attributes["src"], attributes, sizes))


def _checkbox(attributes: dict[str, str], _sizes: Sizes) -> str:
    """The check box of a task. All other inputs are removed."""
    if attributes.get("type") != "checkbox":
        return ""
    return CHECKED_BOX if "checked" in attributes else UNCHECKED_BOX


_REWRITE: dict[str, Callable[[dict[str, str], Sizes], str]] = {
    "a": _link,
    "img": _image,
    "input": _checkbox,
}
