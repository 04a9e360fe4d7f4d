"""Names the parts of a document that the sanitiser removes, so that editors learn of them.

Comments and classes are not named: comments are never shown, and a class without a style has no effect.
"""

import re
from collections import Counter
from html import unescape
from typing import NamedTuple

from blogs.markdown.balance import OPAQUE, tags
from blogs.markdown.sanitise import ATTRIBUTES, SCHEMES, TAGS, VALUES, is_file_of_player, is_own_file

MAX_NAME = 40  # characters

_ADDRESSES = {"cite", "href", "src"}
_ATTRIBUTE = re.compile(r"""[\s/]([^\s/>=]++)(?:\s*+=\s*+("[^"]*+"?|'[^']*+'?|[^\s>]*+))?""")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


class Removal(NamedTuple):
    """`element` is the name of the element. Without `attribute`, the element itself is removed."""

    element: str
    attribute: str = ""
    address: str = ""
    times: int = 1

    def __str__(self) -> str:
        tag = f"<{_cut(self.element)}>"
        if self.address:
            part = f"the address {_cut(self.address)} of {tag}"
        elif self.attribute:
            part = f"the attribute {_cut(self.attribute)} of {tag}"
        else:
            part = f"{tag} with its content" if self.element in OPAQUE else tag
        return part if self.times == 1 else f"{part} ({self.times} times)"


def removals(html: str) -> tuple[Removal, ...]:
    """The parts of `html` that `sanitise` removes, each kind once, in the order of their first occurrence."""
    counted: Counter[Removal] = Counter()
    for tag in tags(html):
        if tag.name not in TAGS:
            counted[Removal(tag.name)] += tag.source[1] != "/"
            continue
        for name, value in _ATTRIBUTE.findall(tag.source[len(tag.name) + 1 :]) if tag.source[1] != "/" else ():
            removal = _removed(tag.name, name.lower(), unescape(value.strip("\"'")))
            if removal:
                counted[removal] += 1
    return tuple(removal._replace(times=count) for removal, count in counted.items() if count)


def _removed(element: str, attribute: str, value: str) -> Removal | None:
    if attribute == "class":
        return None
    if attribute in VALUES.get(element, {}):
        return None if value in VALUES[element][attribute] else Removal(element, attribute)
    if attribute not in ATTRIBUTES["*"] | ATTRIBUTES.get(element, set()):
        return Removal(element, attribute)
    if is_file_of_player(element, attribute) and not is_own_file(value):
        return Removal(element, attribute, value or '""')
    scheme = _SCHEME.match("".join(value.split())) if attribute in _ADDRESSES else None
    if scheme and scheme[1].lower() not in SCHEMES:
        return Removal(element, attribute, f"{scheme[1].lower()}:…")
    return None


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
