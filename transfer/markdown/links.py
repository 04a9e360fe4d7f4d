"""Rewrites the addresses of links and images in Markdown text."""

import re
from collections.abc import Callable, Iterable

from transfer.markdown import code

_DESTINATION = re.compile(
    r"(?P<link>\]\([ \t]*+)(?:<(?P<pointed>[^<>\n]*+)>|(?P<bare>[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+))"
    r"|(?P<reference>^ {0,3}\[[^\]\n]++\]:[ \t]*+)<?(?P<referred>[^\s<>]++)"
    r"|(?P<attribute>[\s\"'](?:src|href|poster)\s*+=\s*+)(?P<quote>[\"'])(?P<quoted>[^\"'<>]*+)(?P=quote)"
    r"|<(?P<auto>https?://[^\s<>]++)>",
    re.MULTILINE | re.IGNORECASE,
)
_ADDRESSES = ("pointed", "bare", "referred", "quoted", "auto")


def rewrite(text: str, new_address: Callable[[str], str]) -> str:
    """Replace each address outside code with `new_address(address)`."""

    def replace(match: re.Match[str]) -> str:
        group = next(name for name in _ADDRESSES if match[name] is not None)
        new = new_address(match[group])
        if new == match[group]:
            return match[0]
        if group == "auto":  # Markdown allows only absolute addresses in <https://…>
            return f"[{match[group]}]({new})"
        begin, end = (position - match.start() for position in match.span(group))
        return f"{match[0][:begin]}{new}{match[0][end:]}"

    return code.substitute(_DESTINATION, replace, text)


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
