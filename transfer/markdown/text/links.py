"""Reads and rewrites the addresses of links and images in Markdown text."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from transfer.markdown.source import code
from transfer.markdown.source.edits import Edit, applied

_DESTINATION = re.compile(
    r"(?P<link>\]\([ \t]*+)(?:<(?P<pointed>[^<>\n]*+)>|(?P<bare>[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+))"
    r"|(?P<reference>^ {0,3}\[(?!\^)(?P<label>[^\]\n]++)\]:[ \t]*+)<?(?P<referred>[^\s<>]++)"
    r"|(?P<attribute>[\s\"'](?P<name>src|href|poster)\s*+=\s*+)(?P<quote>[\"'])(?P<quoted>[^\"'<>]*+)(?P=quote)"
    r"|[\s\"']href\s*+=\s*+(?P<unquoted>[^\s\"'<>=`]++)"
    r"|<(?P<auto>https?://[^\s<>]++)>",
    re.MULTILINE | re.IGNORECASE,
)
_ADDRESSES = ("pointed", "bare", "referred", "quoted", "unquoted", "auto")
_TITLE = r"""(?:[ \t\n]+(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)))?"""
_CLOSING = re.compile(rf">?{_TITLE}[ \t\n]*+\)", re.DOTALL)
_REST_OF_DEFINITION = re.compile(rf">?{_TITLE}[ \t]*+(?:\n|\Z)", re.DOTALL)
_BRACKET = re.compile(r"\\.|[\[\]]|\n[ \t]*(?=\n)", re.DOTALL)
_END_OF_ANCHOR = re.compile(r"</a\s*+>", re.IGNORECASE)
_ANCHOR = re.compile(r"""<a\b(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>""", re.IGNORECASE)
_MAX_TAG = 2_000  # characters of an <a> tag

Span = tuple[int, int]


class Link(NamedTuple):
    """The address of a link or an image, and the positions of the text that a new address replaces.

    Without the spans in `around`, only the words of the link are left.
    """

    address: str
    begin: int
    end: int
    is_automatic: bool = False  # <https://…>
    is_image: bool = False
    around: tuple[Span, ...] = ()
    label: str = ""  # of a definition [label]: address


class LinkedText:
    """A Markdown text whose addresses outside code can be read and replaced. The text is parsed once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._brackets = _Brackets(text)
        self._anchor_ends = [(match.start(), match.end()) for match in _END_OF_ANCHOR.finditer(text)]
        inside = code.membership(text)
        found = (self._link(match) for match in _DESTINATION.finditer(text) if not inside(match.start()))
        self._links = [link for link in found if link is not None]

    @property
    def addresses(self) -> Iterator[str]:
        """The addresses of all links and images."""
        return (link.address for link in self._links)

    @property
    def links(self) -> Iterator[Link]:
        """All links, without the images."""
        return (link for link in self._links if not link.is_image)

    def rewritten(self, new_address: Callable[[str], str]) -> str:
        """The text with `new_address(address)` in place of each address."""
        edits: list[Edit] = []
        for link in self._links:
            new = new_address(link.address)
            if new == link.address:
                continue
            # Markdown allows only absolute addresses in <https://…>
            new = f"[{link.address}]({new})" if link.is_automatic else new
            edits.append(Edit(link.begin, link.end, new))
        return applied(self._text, edits)

    def without(self, is_dead: Callable[[str], bool]) -> str:
        """The text with the words alone in place of each link whose address `is_dead`. Images stay."""
        edits: list[Edit] = []
        labels: set[str] = set()
        for link in self.links:
            if is_dead(link.address):
                edits += [Edit(begin, end, "") for begin, end in link.around]
                if link.is_automatic:
                    edits.append(Edit(link.begin, link.end, link.address))
                if link.label:
                    labels.add(link.label)
        if labels:
            edits += self._brackets.references(labels)
        return applied(self._text, edits)

    def _link(self, match: re.Match[str]) -> Link | None:
        kind = next(name for name in _ADDRESSES if match[name] is not None)
        address, begin, end = match[kind], match.start(kind), match.end(kind)
        if kind == "auto":
            return Link(address, *match.span(), is_automatic=True)
        if kind == "referred":
            rest = _REST_OF_DEFINITION.match(self._text, end)
            if rest is None:  # A line such as [note]: some words. It is not a definition.
                return None
            return Link(address, begin, end, around=((match.start(), rest.end()),), label=normal_label(match["label"]))
        if kind == "quoted" and match["name"].lower() != "href":
            return Link(address, begin, end, is_image=True)
        if kind in ("quoted", "unquoted"):
            around = self._around_anchor(match)
            return Link(address, begin, end, around=around) if around else None
        closing = _CLOSING.match(self._text, end)
        opening = self._brackets.opening(match.start())
        if closing is None or opening is None:
            return Link(address, begin, end, is_image=True) if closing else None
        is_image = self._text[opening - 1 : opening] == "!" and self._text[opening - 2 : opening - 1] != "\\"
        around = ((opening, opening + 1), (match.start(), closing.end()))
        return Link(address, begin, end, is_image=is_image, around=around)

    def _around_anchor(self, match: re.Match[str]) -> tuple[Span, ...]:
        """The spans of <a …> and </a>."""
        first = max(0, match.start() - _MAX_TAG)
        begin = self._text.rfind("<", first, match.start())
        anchor = _ANCHOR.match(self._text, begin, match.end() + _MAX_TAG) if begin >= 0 else None
        if anchor is None or anchor.end() <= match.start():
            return ()
        index = bisect_left(self._anchor_ends, (anchor.end(), 0))
        closing = self._anchor_ends[index : index + 1]
        return (anchor.span(), *closing)


class _Brackets:
    """Pairs of square brackets outside code. A pair does not reach beyond a paragraph."""

    def __init__(self, text: str) -> None:
        inside = code.membership(text)
        self._text = text
        self._openings: dict[int, int] = {}  # position of ] → position of [
        waiting: list[int] = []
        for sign in _BRACKET.finditer(text):
            if sign[0][0] == "\n":
                waiting = []
            elif sign[0] == "[" and not inside(sign.start()):
                waiting.append(sign.start())
            elif sign[0] == "]" and waiting and not inside(sign.start()):
                self._openings[sign.start()] = waiting.pop()

    def opening(self, closing: int) -> int | None:
        return self._openings.get(closing)

    def references(self, labels: set[str]) -> Iterator[Edit]:
        """Edits that leave the words of all references to one of the labels: [words][label], [label][], [label]."""
        used: set[int] = set()
        closings = {opening: closing for closing, opening in self._openings.items()}
        for closing, opening in sorted(self._openings.items()):
            if opening in used or self._text[opening - 1 : opening] == "!":
                continue
            following = self._text[closing + 1 : closing + 2]
            own = normal_label(self._text[opening + 1 : min(closing, opening + 1000)])
            if following == "[" and closing + 1 in closings:
                end = closings[closing + 1]
                label = normal_label(self._text[closing + 2 : min(end, closing + 1000)]) or own
                used.add(closing + 1)
                if label in labels:
                    yield Edit(opening, opening + 1, "")
                    yield Edit(closing, end + 1, "")
            elif following not in ("(", ":") and own in labels:
                yield Edit(opening, opening + 1, "")
                yield Edit(closing, closing + 1, "")


def normal_label(label: str) -> str:
    """The form in which CommonMark compares labels of references."""
    return " ".join(label.split()).casefold()


class OwnDomains:
    """Makes absolute addresses relative if they are on one of the site's own domains."""

    def __init__(self, names: Iterable[str]) -> None:
        alternatives = "|".join(re.escape(name) for name in names)
        self._own = re.compile(rf"(?:https?:)?//(?:{alternatives})(?::[0-9]+)?(?=[/?#]|\Z)", re.IGNORECASE)

    def relative(self, address: str) -> str:
        own = self._own.match(address)
        if own is None:
            return address
        rest = address[own.end() :]
        # A browser would read two slashes at the start of an address as the start of another host.
        return f"/{rest.lstrip('/')}"
