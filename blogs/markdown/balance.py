"""Closes every element of HTML in order and limits the nesting depth, so that parsers have nothing to repair.

HTML parsers repair malformed HTML by repeating elements: they may copy one unclosed `<b title="…">` into every
paragraph that follows, and nh3 takes quadratic time on nested `<div>` (measured: 0.5 s for 20,000). The output of
`balanced` needs no repair: the size of its tree is proportional to the source, and its depth is at most `MAX_DEPTH`
(plus the `<tbody>` and `<tr>` that parsers add to tables). Tags are read in one pass, as in the HTML standard (13.2.5,
Tokenization).

The output is not safe yet: `blogs.markdown.sanitise` removes elements and attributes that are not allowed.
"""

import re
from collections.abc import Container, Iterator
from typing import NamedTuple


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_DEPTH = 100

VOID = words("br col hr img input source track wbr")
PLAYERS = words("audio video")
# MathML Core, and `menclose`. Parsers leave `math` at the start tag of another element.
MATHML = words(
    "menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle"
    " msub msubsup msup mtable mtd mtext mtr munder munderover"
)
# Elements whose content is not part of the document's text, or is not parsed as HTML.
OPAQUE = words("iframe noembed noframes plaintext script style svg template textarea title xmp")
FORMATTING = words("a b big code em i s small strike strong tt u")
_MATH = words("math")
TABLE_PARENTS = {
    "caption": words("table"),
    "col": words("table colgroup"),
    "colgroup": words("table"),
    "tbody": words("table"),
    "td": words("table thead tbody tfoot tr"),
    "tfoot": words("table"),
    "th": words("table thead tbody tfoot tr"),
    "thead": words("table"),
    "tr": words("table thead tbody tfoot"),
}
TABLE_FRAME = words("table thead tbody tfoot tr colgroup")
HEADINGS = words("h1 h2 h3 h4 h5 h6")
BLOCKS = HEADINGS | words(
    "address article aside blockquote center dd details div dl dt figcaption figure footer header hgroup hr li nav ol"
    " p pre section summary table ul"
)
CELLS = words("td th caption table")  # An end tag inside one of these elements does not close any element outside it.
ITEM_LIMITS = (BLOCKS | CELLS) - {"address", "div", "p"}

_TOKEN = re.compile(
    r"""
      <!--(?:-?>|.*?(?:--!?>|\Z))                # a comment
    | <(?:[!?]|/(?![a-zA-Z]))[^>]*+>?            # a declaration, an instruction, or </ without a name
    | <(?P<close>/?)(?P<name>[a-zA-Z][^\ \t\n\f\r/>]*+)
      (?>                                        # attributes
          [\ \t\n\f\r/]
        | (?:=[^\ \t\n\f\r/>=]*+ | [^\ \t\n\f\r/>=]++)
          (?:[\ \t\n\f\r]*+ = [\ \t\n\f\r]*+ (?: "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^\ \t\n\f\r>]*+ ))?+
      )*+
      (?P<end>>|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPAQUE_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in OPAQUE}


class Tag(NamedTuple):
    name: str
    source: str


def balanced(html: str, known: Container[str]) -> str:
    """Return `html` with every element closed in order. Removes comments, and tags whose names are not in `known`."""
    elements = _Elements()
    for piece in _pieces(html):
        if isinstance(piece, str):
            elements.out.append(piece)
        elif piece.name not in known:
            continue
        elif piece.source[1] != "/":
            elements.open(piece)
        elif piece.name == "br":
            elements.open(Tag("br", "<br>"))  # browsers read </br> as <br>
        else:
            elements.close(piece.name)
    elements.close_from(0)
    return "".join(elements.out)


def tags(html: str) -> Iterator[Tag]:
    """The tags of `html`, without those inside elements of OPAQUE."""
    return (piece for piece in _pieces(html) if isinstance(piece, Tag))


def _pieces(html: str) -> Iterator[str | Tag]:
    position = 0
    while found := _TOKEN.search(html, position):
        yield html[position : found.start()]
        position = found.end()
        if not found["name"] or not found["end"]:
            continue
        name = found["name"].lower()
        yield Tag(name, found[0])
        if name in OPAQUE and not found["close"]:
            end = _OPAQUE_END[name].search(html, position)
            position = end.start() if end else len(html)
    yield html[position:]


class _Elements:
    """The stack of open elements, and the output."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.tags: list[Tag] = []

    def open(self, tag: Tag) -> None:
        reopened = self.prepare(tag.name)
        if reopened is None or (len(self.tags) >= MAX_DEPTH and tag.name not in VOID):
            return
        for piece in [tag, *reopened]:
            self.out.append(piece.source)
            if piece.name not in VOID:
                self.tags.append(piece)

    def prepare(self, name: str) -> list[Tag] | None:
        """Close the elements that cannot contain `name`.

        Returns the formatting elements to reopen inside it, or None if `name` is not allowed here and is left out.
        """
        top = self.tags[-1].name if self.tags else ""
        if name in TABLE_PARENTS:
            level = self.find(TABLE_PARENTS[name], {"table"})
            return None if level is None else self.close_from(level + 1, reopen=False)
        if top in TABLE_FRAME:
            return None  # A browser would move the start tag out of the table but not the end tag.
        if name in ("source", "track") and top not in PLAYERS:
            return None
        if name in MATHML:
            return None if self.find(_MATH, ()) is None else []
        self.close_innermost(_MATH, ())
        if name in PLAYERS:
            self.close_innermost(PLAYERS, ())
        if name in ("li", "dd", "dt"):
            self.close_innermost(("li",) if name == "li" else ("dd", "dt"), ITEM_LIMITS)
        elif name in HEADINGS and top in HEADINGS:
            self.close_from(len(self.tags) - 1)
        elif name == "a":
            self.close_innermost(("a",), CELLS)
        closed = self.close_innermost(("p",), CELLS) if name in BLOCKS else []
        # If a <p> reopened an unclosed <b>, all following paragraphs would repeat it. A <table> cannot contain a <b>.
        return [] if name in ("p", "table") else closed

    def find(self, names: Container[str], limits: Container[str]) -> int | None:
        """The level of the innermost open element in `names`, or None if it contains an open element in `limits`."""
        for level in range(len(self.tags) - 1, -1, -1):
            if self.tags[level].name in names:
                return level
            if self.tags[level].name in limits:
                return None
        return None

    def close(self, name: str) -> None:
        self.close_innermost((name,), {"table"} if name in TABLE_PARENTS or name == "table" else CELLS)

    def close_innermost(self, names: Container[str], limits: Container[str]) -> list[Tag]:
        level = self.find(names, limits)
        return [] if level is None else self.close_from(level)

    def close_from(self, level: int, *, reopen: bool = True) -> list[Tag]:
        """Close all elements from `level` on. Returns the closed formatting elements, or [] if `reopen` is False."""
        closed = self.tags[level:]
        del self.tags[level:]
        self.out += [f"</{tag.name}>" for tag in reversed(closed)]
        return [tag for tag in closed if tag.name in FORMATTING] if reopen else []
