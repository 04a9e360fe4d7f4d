"""Brings HTML into a form that every parser reads alike: each element closed, in order, at most so deep.

A browser's tree builder repairs bad HTML by repeating elements: one unclosed `<b title="…">` may be cloned into every
paragraph that follows, and nested `<div>` take nh3 quadratic time (measured: 20,000 of them 0.5 s). What comes out here
needs no repair, so its tree is as large as its source and `MAX_DEPTH` deep at most (but for the bodies and rows that a
table has unwritten). Reads tags as the HTML standard does (13.2.5, Tokenization), in one pass. It makes nothing safe:
that is for `blogs.markdown.sanitise`, which comes next.
"""

import re
from collections.abc import Container, Iterator
from typing import NamedTuple


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_DEPTH = 100

VOID = words("br col hr img input wbr")
# Their content is no text of the document, or is read by other rules than HTML's.
OPAQUE = words("iframe noembed noframes plaintext script style svg template textarea title xmp")
FORMATTING = words("a b big code em i s small strike strong tt u")
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
CELLS = words("td th caption table")  # what stands outside is out of reach
ITEM_LIMITS = (BLOCKS | CELLS) - {"address", "div", "p"}

_TOKEN = re.compile(
    r"""
      <!--(?:-?>|.*?(?:--!?>|\Z))                # a comment
    | <(?:[!?]|/(?![a-zA-Z]))[^>]*+>?            # a declaration, an instruction, </ and no name
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
    """`html` with every element closed in order, without comments and without tags that are not `known`."""
    nest = _Nest()
    for piece in _pieces(html):
        if isinstance(piece, str):
            nest.out.append(piece)
        elif piece.name not in known:
            continue
        elif piece.source[1] != "/":
            nest.open(piece)
        elif piece.name == "br":
            nest.open(Tag("br", "<br>"))  # as browsers read it
        else:
            nest.close(piece.name)
    nest.close_down_to(0)
    return "".join(nest.out)


def _pieces(html: str) -> Iterator[str | Tag]:
    position = 0
    while found := _TOKEN.search(html, position):
        yield html[position : found.start()]
        position = found.end()
        if not found["name"] or not found["end"]:
            continue
        name = found["name"].lower()
        if name not in OPAQUE:
            yield Tag(name, found[0])
        elif not found["close"]:
            end = _OPAQUE_END[name].search(html, position)
            position = end.start() if end else len(html)
    yield html[position:]


class _Nest:
    """The elements that are open, and the HTML so far."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.tags: list[Tag] = []

    def open(self, tag: Tag) -> None:
        interrupted = self.make_room(tag.name)
        if interrupted is None or (len(self.tags) >= MAX_DEPTH and tag.name not in VOID):
            return
        for piece in [tag, *interrupted]:
            self.out.append(piece.source)
            if piece.name not in VOID:
                self.tags.append(piece)

    def make_room(self, name: str) -> list[Tag] | None:
        """Close what cannot contain `name`. The formatting to take up again inside it; None if it has no place here."""
        top = self.tags[-1].name if self.tags else ""
        if name in TABLE_PARENTS:
            level = self.find(TABLE_PARENTS[name], {"table"})
            return None if level is None else self.close_down_to(level + 1, resume=False)
        if top in TABLE_FRAME:
            return None  # a browser would take it out of the table, and leave its end behind
        if name in ("li", "dd", "dt"):
            self.close_any(("li",) if name == "li" else ("dd", "dt"), ITEM_LIMITS)
        elif name in HEADINGS and top in HEADINGS:
            self.close_down_to(len(self.tags) - 1)
        elif name == "a":
            self.close_any(("a",), CELLS)
        interrupted = self.close_any(("p",), CELLS) if name in BLOCKS else []
        # A <b> must not be repeated in every <p> that follows, and cannot stand between a table and its rows.
        return [] if name in ("p", "table") else interrupted

    def find(self, names: Container[str], limits: Container[str]) -> int | None:
        """Level of the innermost open element of these names that no limit shields."""
        for level in range(len(self.tags) - 1, -1, -1):
            if self.tags[level].name in names:
                return level
            if self.tags[level].name in limits:
                return None
        return None

    def close(self, name: str) -> None:
        self.close_any((name,), {"table"} if name in TABLE_PARENTS or name == "table" else CELLS)

    def close_any(self, names: Container[str], limits: Container[str]) -> list[Tag]:
        level = self.find(names, limits)
        return [] if level is None else self.close_down_to(level)

    def close_down_to(self, level: int, *, resume: bool = True) -> list[Tag]:
        """Close all elements above `level`; gives back the formatting among them."""
        closed = self.tags[level:]
        del self.tags[level:]
        self.out += [f"</{tag.name}>" for tag in reversed(closed)]
        return [tag for tag in closed if tag.name in FORMATTING] if resume else []
