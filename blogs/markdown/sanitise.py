"""The allow-list of HTML in posts. All other tags and attributes are removed, and the text inside stays.

These are intentionally not allowed: `style` (the content security policy forbids it), `picture` and `srcset` (nh3 does
not check their URLs), `iframe`, forms and `svg`. Players of audio and video play files of the site only, and never
start by themselves. Only classes that the style sheets use are allowed. Ids, and links within the document, get a
prefix, so that a post can neither repeat an id of the page nor shadow a property of `document`.
"""

import re
from collections.abc import Callable

import nh3
from pygments.token import STANDARD_TYPES

from blogs.markdown.balance import MATHML, PLAYERS, balanced, words
from lib.paths import MEDIA_PREFIX

ID_PREFIX = "md-"

TAGS = words(
    "a abbr address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup data dd del"
    " details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd li mark"
    " nav ol p pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot th"
    " thead time tr track tt u ul var video wbr"
) | {"math", *MATHML}
_CELL = {"align", "colspan", "rowspan"}
_PLAYER = {"controls", "loop", "muted", "src"}
ATTRIBUTES = {
    "*": {"aria-hidden", "aria-label", "class", "dir", "id", "lang", "role", "title"},
    "a": {"href", "hreflang", "name", "rel"},
    "audio": _PLAYER,
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"alt", "decoding", "height", "loading", "src", "width"},
    "input": {"checked", "disabled"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "q": {"cite"},
    "source": {"src", "type"},
    "td": _CELL,
    "th": {*_CELL, "abbr", "scope"},
    "time": {"datetime"},
    "tr": {"align"},
    "track": {"default", "label", "src", "srclang"},
    "video": {*_PLAYER, "height", "playsinline", "poster", "width"},
}
# Attributes of MathML that have no address and no action.
_MATH = words(
    "accent accentunder columnlines depth display displaystyle fence form height largeop linethickness lspace"
    " mathvariant maxsize minsize movablelimits notation rowlines rspace scriptlevel separator stretchy symmetric"
    " voffset width"
)
ATTRIBUTES |= {element: set(_MATH) for element in ("math", *MATHML)}
_PRELOAD = {"metadata", "none"}
# Attributes that are allowed with these values only.
VALUES = {
    "a": {"target": {"_blank"}},
    "audio": {"preload": _PRELOAD},
    "div": {"tabindex": {"0"}},
    "input": {"type": {"checkbox"}},
    "pre": {"tabindex": {"0"}},
    "track": {"kind": {"captions", "chapters", "descriptions", "subtitles"}},
    "video": {"preload": _PRELOAD},
}
CLASSES = frozenset(STANDARD_TYPES.values()) | words(
    "align-center align-left align-right callout callout-caution callout-important callout-note callout-tip"
    " callout-title callout-warning"
    " contains-task-list footnote-backref footnote-item footnote-ref footnotes footnotes-list footnotes-sep"
    " header-anchor link-card link-card-service table-scroll task-list-item task-list-item-checkbox"
)
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
RELATIONS = words("author external license me nofollow noopener noreferrer sponsored tag ugc")
ROLES = words("group img list listitem none note presentation")
_PRE = re.compile(r"(<pre(?: [^>]*)?>)\n")  # HTML ignores the first newline in <pre>, and nh3 does not write it.
# The class with the language of fenced code, and Pygments' classes of tokens that only one lexer has: p-Indicator.
_CLASS_FAMILIES = re.compile(r"language-\S{1,60}|[a-z0-9]{1,3}(?:-[A-Z][A-Za-z]{0,20}){1,3}")
_NUMBER = re.compile(r"-?[0-9]{1,6}%?")
_NUMBERS = words("colspan height rowspan span start width")
_MATH_VALUE = re.compile(r"[\w.,+% -]{1,40}")
# A file of the site, perhaps with the seconds to play (https://www.w3.org/TR/media-frags/).
_OWN_FILE = re.compile(MEDIA_PREFIX + r"[0-9a-f]{32}\.[a-z0-9]{3,4}(?:#t=[0-9.,:]{1,30})?")


def sanitise(html: str) -> str:
    """Return well-formed HTML with allowed elements only. HTML that already has this form is returned unchanged."""
    return _PRE.sub(r"\1\n\n", _CLEANER.clean(balanced(html, TAGS)))


def in_page(href: str) -> str:
    """Add the prefix of ids to a link within the page, but not to `#` and `#top`, which lead to the top of the page."""
    if not href.startswith("#") or href in ("#", "#top") or href.startswith(f"#{ID_PREFIX}"):
        return href
    return f"#{ID_PREFIX}{href[1:]}"


def is_file_of_player(element: str, attribute: str) -> bool:
    """Whether the attribute holds the address of a file that browsers load for a player."""
    return attribute in ("poster", "src") and element in {*PLAYERS, "source", "track"}


def is_own_file(address: str) -> bool:
    """Whether the address can be one of a file of the site. Players load only these."""
    return _OWN_FILE.fullmatch(address) is not None


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return _words(value, lambda word: word in CLASSES or _CLASS_FAMILIES.fullmatch(word) is not None)
    if is_file_of_player(tag, name):
        return value if is_own_file(value) else None
    if name in ("id", "name"):
        return f"{ID_PREFIX}{''.join(value.removeprefix(ID_PREFIX).split())}"
    if name == "href":
        return in_page(value)
    if name == "rel":
        return _words(value, RELATIONS.__contains__)
    if name == "role":
        return value if value in ROLES else None
    if tag in MATHML or tag == "math":
        return value if name not in _MATH or _MATH_VALUE.fullmatch(value) else None
    return value if name not in _NUMBERS or _NUMBER.fullmatch(value) else None


def _words(value: str, allowed: Callable[[str], bool]) -> str | None:
    return " ".join(filter(allowed, value.split())) or None


_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    tag_attribute_values=VALUES,
    link_rel=None,
    url_schemes=set(SCHEMES),
)
