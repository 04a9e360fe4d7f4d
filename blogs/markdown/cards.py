"""A paragraph of one link to a video, a post or a pen elsewhere becomes a card with the service's name.

So does a picture with such a link, which becomes the preview, and an `<iframe>` with a player of YouTube or Vimeo. The
card is a plain link: the page loads nothing from the service. So a preview on a host of the service is left out.
"""

import re
from html import unescape

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
# At most this number of characters of an <iframe> is read, because the expression takes quadratic time.
_MAX_IFRAME = 2_000
_IFRAME = re.compile(
    r"""<iframe\s[^<>]*?\bsrc=["']?(?:https?:)?//(?:(?:www\.)?youtube(?:-nocookie)?\.com/embed/(?P<youtube>[\w-]{5,20})"""
    r"""|player\.vimeo\.com/video/(?P<vimeo>[0-9]{1,15}))[^<>]*>\s*</iframe>""",
    re.IGNORECASE,
)
_EMPTY_BEFORE = re.compile(r"\n[ \t]*\n {0,3}\Z")
_EMPTY_AFTER = re.compile(r"[ \t]*+(?:\Z|\n[ \t]*+(?:\n|\Z))")
_TITLE = re.compile(r"""\stitle=(?:"([^"<>]+)"|'([^'<>]+)')""", re.IGNORECASE)
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_LINKS = (["link_open", "text", "link_close"], ["link_open", "image", "link_close"])
_HOST = re.compile(r"(?:https?:)?//([^/?#]+)", re.IGNORECASE)
_OF_SERVICES = re.compile(
    r"(?:.*\.)?(?:youtube(?:-nocookie)?|ytimg|ggpht|vimeo|vimeocdn)\.com|(?:.*\.)?(?:codepen|cdpn)\.io", re.IGNORECASE
)


def install(md: MarkdownIt) -> None:
    md.core.ruler.push("cards", cards)


def is_player(text: str, position: int) -> bool:
    """Whether the `<iframe>` at `position` of a document stands between empty lines and becomes a card."""
    found = _IFRAME.match(text[position : position + _MAX_IFRAME])
    if not found or not _EMPTY_BEFORE.search(
        "\n\n" + text[:position] if position < 100 else text[position - 100 : position]
    ):
        return False
    return _EMPTY_AFTER.match(text, position + found.end()) is not None


def cards(state: StateCore) -> None:
    state.tokens = [part for token in state.tokens for part in _without_player(token)]
    for paragraph, inline in zip(state.tokens, state.tokens[1:], strict=False):
        children = inline.children or []
        if paragraph.type != "paragraph_open" or [child.type for child in children] not in _LINKS:
            continue
        opening, label, closing = children
        if found := _ADDRESS.fullmatch(str(opening.attrGet("href"))):
            paragraph.attrSet("class", "link-card")
            service = _service(str(found.lastgroup))
            inline.children = [opening, *_preview(label, found[0]), *service, _label(label, found[0]), closing]


def _preview(label: Token, address: str) -> list[Token]:
    """The picture of the card, which the label describes. Empty for words, and for a picture of the service."""
    if label.type != "image" or _is_of_service(str(label.attrGet("src")), address):
        return []
    return [Token("image", "img", 0, attrs={"src": str(label.attrGet("src")), "alt": ""}, children=[])]


def _is_of_service(picture: str, address: str) -> bool:
    host, of_link = (_HOST.match(each) for each in (picture, address))
    if not host:
        return False
    return _OF_SERVICES.fullmatch(host[1]) is not None or (
        of_link is not None and host[1].lower() == of_link[1].lower()
    )


def _label(label: Token, address: str) -> Token:
    words = (child.content for child in label.children or () if child.type in ("text", "code_inline"))
    text = (label.content if label.type == "text" else "".join(words)) or address
    return Token("text", "", 0, content=" " + (_SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text))


def _without_player(token: Token) -> list[Token]:
    """The tokens of a paragraph with a link, instead of a block of HTML that holds a player and nothing else."""
    html = token.content.strip() if token.type == "html_block" else ""
    found = _IFRAME.fullmatch(html) if html and len(html) <= _MAX_IFRAME else None
    if not found:
        return [token]
    video = found["youtube"]
    address = f"https://www.youtube.com/watch?v={video}" if video else f"https://vimeo.com/{found['vimeo']}"
    title = _TITLE.search(html)
    label = unescape(title[1] or title[2]) if title else address
    children = [
        Token("link_open", "a", 1, attrs={"href": address}),
        Token("text", "", 0, content=label),
        Token("link_close", "a", -1),
    ]
    return [
        Token("paragraph_open", "p", 1, block=True, level=token.level),
        Token("inline", "", 0, children=children, block=True),
        Token("paragraph_close", "p", -1, block=True, level=token.level),
    ]


def _service(name: str) -> list[Token]:
    opening = Token("span_open", "span", 1, attrs={"class": "link-card-service"})
    return [opening, Token("text", "", 0, content=name), Token("span_close", "span", -1)]
