"""A paragraph that consists of one link to a video, a toot or a pen becomes a card with the name of the service.

The card is a plain link. The page loads nothing from the service.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

SERVICES = {
    "YouTube": r"(?:(?:www\.|m\.)?youtube\.com/(?:watch\?|shorts/|live/|playlist\?)|youtu\.be/)[^\s]+",
    "Vimeo": r"(?:www\.)?vimeo\.com/[0-9]+[^\s]*",
    "CodePen": r"codepen\.io/[^/\s]+/(?:pen|full|details)/[^\s]+",
    "Mastodon": r"[a-z0-9.-]+/@[\w.-]+(?:@[\w.-]+)?/[0-9]{5,30}",
}
_ADDRESS = re.compile(
    "https?://(?:{})".format("|".join(f"(?P<{name}>{address})" for name, address in SERVICES.items())), re.IGNORECASE
)
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)


def install(md: MarkdownIt) -> None:
    md.core.ruler.push("cards", cards)


def cards(state: StateCore) -> None:
    for paragraph, inline in zip(state.tokens, state.tokens[1:], strict=False):
        children = inline.children or []
        if paragraph.type != "paragraph_open" or [child.type for child in children] != [
            "link_open",
            "text",
            "link_close",
        ]:
            continue
        address = str(children[0].attrGet("href"))
        if found := _ADDRESS.fullmatch(address):
            paragraph.attrSet("class", "link-card")
            text = children[1].content
            children[1].content = " " + (_SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text)
            inline.children = [children[0], *_service(str(found.lastgroup)), *children[1:]]


def _service(name: str) -> list[Token]:
    opening = Token("span_open", "span", 1, attrs={"class": "link-card-service"})
    return [opening, Token("text", "", 0, content=name), Token("span_close", "span", -1)]
