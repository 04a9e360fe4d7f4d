"""Reads and rewrites the addresses of links and images in Markdown text."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from transfer.markdown import code

_DESTINATION = re.compile(
    r"(?P<link>\]\([ \t]*+)(?:<(?P<pointed>[^<>\n]*+)>|(?P<bare>[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+))"
    r"|(?P<reference>^ {0,3}\[[^\]\n]++\]:[ \t]*+)<?(?P<referred>[^\s<>]++)"
    r"|(?P<attribute>[\s\"'](?:src|href|poster)\s*+=\s*+)(?P<quote>[\"'])(?P<quoted>[^\"'<>]*+)(?P=quote)"
    r"|<(?P<auto>https?://[^\s<>]++)>",
    re.MULTILINE | re.IGNORECASE,
)
_ADDRESSES = ("pointed", "bare", "referred", "quoted", "auto")


class LinkedText:
    """A Markdown text whose addresses outside code can be read and replaced. The text is parsed once."""

    def __init__(self, text: str) -> None:
        inside = code.membership(text)
        self._links = [_Link.of(match) for match in _DESTINATION.finditer(text) if not inside(match.start())]
        self._text = text

    @property
    def addresses(self) -> Iterator[str]:
        return (link.address for link in self._links)

    def rewritten(self, new_address: Callable[[str], str]) -> str:
        """The text with `new_address(address)` in place of each address."""
        written: list[str] = []
        position = 0
        for link in self._links:
            new = new_address(link.address)
            if new == link.address:
                continue
            written.append(self._text[position : link.begin])
            # Markdown allows only absolute addresses in <https://…>
            written.append(f"[{link.address}]({new})" if link.is_automatic else new)
            position = link.end
        return "".join(written) + self._text[position:]


class _Link(NamedTuple):
    """The address of a link or an image, and the positions of the text that a new address replaces."""

    address: str
    begin: int
    end: int
    is_automatic: bool  # <https://…>

    @classmethod
    def of(cls, match: re.Match[str]) -> "_Link":
        group = next(name for name in _ADDRESSES if match[name] is not None)
        is_automatic = group == "auto"
        return cls(match[group], *match.span(0 if is_automatic else group), is_automatic)


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
