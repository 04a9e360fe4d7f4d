"""Finds the tags and the braces of JSX in a text, outside code."""

import re
from typing import NamedTuple

from transfer.markdown.source import code
from transfer.markdown.source.edits import Edit

_BRACES = re.compile(r"[{}]")
_TAG_BEGIN = re.compile(r"<(?P<closing>/?)(?:(?P<name>[A-Za-z][\w.:-]*+)(?=[\s/>{])|(?=>))")
_ATTRIBUTE = re.compile(
    r"\s*+(?P<name>[\w:@.-]++)(?:\s*+=\s*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\s\"'`{}<>=]++)))?"
)
_BEGIN_OF_EXPRESSION = re.compile(r"\s*+=\s*+\{")
_TAG_END = re.compile(r"\s*+(?P<empty>/?)\s*+>")
_SPREAD = re.compile(r"\s*+(?=\{)")
MAX_ATTRIBUTES = 200
MAX_LEVELS = 20  # of components whose indentation is removed


class Braces:
    """Pairs of braces of a text, found in one pass."""

    def __init__(self, text: str) -> None:
        inside = code.membership(text, indented=False)
        waiting: list[int] = []
        self._ends: dict[int, int] = {}
        for brace in _BRACES.finditer(text):
            position = brace.start()
            if inside(position):
                continue
            if brace[0] == "{":
                waiting.append(position)
            elif waiting:
                self._ends[waiting.pop()] = position + 1
        self.begins = sorted(self._ends)

    def end_of(self, begin: int) -> int | None:
        """The position after the brace that closes the one at `begin`."""
        return self._ends.get(begin)


class Component(NamedTuple):
    """A tag of JSX or HTML. `attributes` holds texts, `expressions` the source of values in braces."""

    name: str
    begin: int
    end: int
    is_end: bool
    is_empty: bool
    attributes: dict[str, str]
    expressions: dict[str, str]
    removable: list[tuple[int, int]]  # attributes with braces

    @property
    def is_component(self) -> bool:
        """Whether it is a component and not an element of HTML."""
        return self.name[:1].isupper() or "." in self.name or not self.name


def components(text: str, braces: Braces) -> list[Component]:
    """All tags outside code, with their attributes."""
    found: list[Component] = []
    inside = code.membership(text, indented=False)
    position = 0
    while begin := _TAG_BEGIN.search(text, position):
        position = begin.end()
        if inside(begin.start()) or text[begin.start() - 1 : begin.start()] == "\\":
            continue
        component = _component(text, begin, braces)
        if component:
            found.append(component)
            position = component.end
    return found


def _component(text: str, begin: re.Match[str], braces: Braces) -> Component | None:
    attributes: dict[str, str] = {}
    expressions: dict[str, str] = {}
    removable: list[tuple[int, int]] = []
    position = begin.end()
    for _ in range(MAX_ATTRIBUTES):
        end = _TAG_END.match(text, position)
        if end:
            name = begin["name"] or ""
            is_end, is_empty = bool(begin["closing"]), bool(end["empty"])
            return Component(name, begin.start(), end.end(), is_end, is_empty, attributes, expressions, removable)
        spread = _SPREAD.match(text, position)  # {...props}
        if spread:
            end_of_spread = braces.end_of(spread.end())
            if end_of_spread is None:
                return None
            removable.append((position, end_of_spread))
            position = end_of_spread
            continue
        attribute = _ATTRIBUTE.match(text, position)
        if attribute is None:
            return None
        position = attribute.end()
        value = _BEGIN_OF_EXPRESSION.match(text, position)
        if value and attribute[0].count("=") == 0:
            closing = braces.end_of(value.end() - 1)
            if closing is None:
                return None
            expressions[attribute["name"].lower()] = text[value.end() : closing - 1]
            removable.append((position - len(attribute[0]), closing))
            position = closing
        else:
            texts = (attribute[kind] for kind in ("double", "single", "bare"))
            attributes[attribute["name"].lower()] = next((each for each in texts if each is not None), "")
    return None


def without_indentation(text: str, tags: list[Component]) -> list[Edit]:
    """Edits that remove the indentation of Markdown within components, which would make it code."""
    edits: list[Edit] = []
    inside = code.membership(text, indented=False)
    bases: list[int | None] = []
    index = 0
    position = 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        width = end - position - len(text[position:end].lstrip(" \t"))
        is_blank = position + width == end
        closes_first = text[position + width : position + width + 2] == "</"
        if bases and not is_blank and not inside(position + width - 1 if width else position):
            if bases[-1] is None and not closes_first:
                bases[-1] = width
            base = width if closes_first else min(width, bases[-1] or 0)
            if base:
                edits.append(Edit(position, position + base, ""))
        while index < len(tags) and tags[index].begin < end:
            component = tags[index]
            index += 1
            if component.is_component and not component.is_empty:
                if component.is_end:
                    bases = bases[:-1] if len(bases) <= MAX_LEVELS else bases
                elif len(bases) < MAX_LEVELS:
                    bases.append(None)
        position = end + 1
    return edits
