"""Markdown to HTML that may be stored and shown: the same text always gives the same bytes.

CommonMark with tables, footnotes, strikethrough, task lists, ids on headings, coloured code and links for full
addresses.

    text → markdown_rules, markdown_html (parse, write) → sanitise (nesting, then nh3's allow-list) → post_process

One document stands on a page: its ids and those of its footnotes all begin with `sanitise.ID_PREFIX`. Where several are
on a page, show excerpts.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import unescape
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

from blogs.markdown.html import DONE, OPEN
from blogs.markdown.rules import TooLarge, parser
from blogs.markdown.sanitise import sanitise

MAX_LENGTH = 1_000_000  # characters of Markdown
MAX_HTML = 10_000_000  # characters

_MEDIA = "/media/"
_PARSER = parser()
_UNENCODABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no XML may hold them, so no feed

# nh3 escapes < and > in attributes and quotes every value, so on its output these mean what they say.
_FINISHED = re.compile(r"<(a|img|input)( [^>]*)?>")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_HEADING = re.compile(r"(</?h)([1-5])(?=[ >])")
_SHOWN = re.compile(rf'(?:src|href)="({_MEDIA}[^"]*)"')

_FOOTNOTE_REF = re.compile(r'<sup class="footnote-ref">.*?</sup>')
_WORDS_GO_ON = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tt"
    r"|u|var|wbr)(?: [^<>]*)?>"
)
_TAG = re.compile(r"<[^<>]*>")


class Picture(NamedTuple):
    """An image that the site itself stores; in pixels."""

    width: int
    height: int


def render(text: str, pictures: Mapping[str, Picture] = MappingProxyType({})) -> str:
    """Sanitised HTML of a Markdown document. `pictures` maps media names (what stands behind /media/) to their sizes.

    Headings begin at h2, for the title of a post is its page's h1: if the document has an h1, all move down by one.
    Raises TooLarge.
    """
    return post_process(_sanitised(text), pictures)


def media_names(text: str) -> set[str]:
    """Names behind /media/ that the document shows or links to, in Markdown or HTML. Raises TooLarge."""
    return {name for address in _SHOWN.findall(_sanitised(text)) if (name := _media_name(address))}


def plain_text(html: str, limit: int) -> str:
    """What rendered HTML says, without footnotes, on one line of at most `limit` characters.

    What is longer is cut between two words and ends in "…".
    """
    body = _FOOTNOTE_REF.sub("", html.partition('<hr class="footnotes-sep">')[0])
    text = " ".join(unescape(_TAG.sub(" ", _WORDS_GO_ON.sub("", body))).split())
    if len(text) <= limit:
        return text
    whole_words = text[:limit].rpartition(" ")[0]  # the text of a language without spaces is cut anywhere
    start = whole_words if len(whole_words) > limit // 2 else text[: limit - 1]
    return start.rstrip(" ,;:.–—-") + "…"


@lru_cache(maxsize=1)  # who saves a post asks for the images in a text and then for its HTML
def _sanitised(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise TooLarge(
            f"The text has {len(text):,} characters; at most {MAX_LENGTH:,} are allowed. Split it into several posts."
        )
    html = _PARSER.render(_CONTROL.sub("", _UNENCODABLE.sub("\ufffd", text.removeprefix("\ufeff"))))
    if len(html) > MAX_HTML:
        raise TooLarge(
            f"The text becomes {len(html):,} characters of HTML; at most {MAX_HTML:,} are allowed."
            " Split it into several posts."
        )
    return sanitise(html)


def post_process(html: str, pictures: Mapping[str, Picture]) -> str:
    """Sanitised HTML with what follows from its being a post of ours. Adds nothing that the sanitiser would remove."""
    html = _CONTROL.sub("\ufffd", html)  # from entities; not removed, lest "java&#1;script:" become something
    if "<h1" in html:
        html = _HEADING.sub(lambda found: f"{found[1]}{int(found[2]) + 1}", html)
    return _FINISHED.sub(lambda found: _FINISH[found[1]](dict(_ATTRIBUTE.findall(found[2] or "")), pictures), html)


def _finished_link(attributes: dict[str, str], _pictures: Mapping[str, Picture]) -> str:
    if attributes.get("href", "").lower().lstrip().startswith(("http:", "https:", "//")):
        said = [word for word in attributes.get("rel", "").split() if word != "noopener"]
        attributes["rel"] = " ".join([*said, "noopener"])
    return _tag("a", attributes)


def _finished_image(attributes: dict[str, str], pictures: Mapping[str, Picture]) -> str:
    """Loads late, and keeps its place free while it does; without an address it is left out."""
    if not attributes.get("src"):
        return ""
    attributes |= {"alt": attributes.get("alt", ""), "loading": "lazy", "decoding": "async"}
    size = pictures.get(_media_name(attributes["src"]))
    if size and not attributes.keys() & {"width", "height"}:
        attributes |= {"width": str(size.width), "height": str(size.height)}
    return _tag("img", attributes)


def _finished_input(attributes: dict[str, str], _pictures: Mapping[str, Picture]) -> str:
    """The box of a task and nothing else."""
    if attributes.get("type") != "checkbox":
        return ""
    return DONE if "checked" in attributes else OPEN


_FINISH: dict[str, Callable[[dict[str, str], Mapping[str, Picture]], str]] = {
    "a": _finished_link,
    "img": _finished_image,
    "input": _finished_input,
}


def _tag(name: str, attributes: dict[str, str]) -> str:
    return "".join([f"<{name}", *(f' {key}="{value}"' for key, value in attributes.items()), ">"])


def _media_name(address: str) -> str:
    """`a.png` of `/media/a.png?x`, as written in an attribute; empty if it is none of ours."""
    path = re.split("[?#]", unescape(address))[0]
    return unquote(path.removeprefix(_MEDIA)) if path.startswith(_MEDIA) else ""
