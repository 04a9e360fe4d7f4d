"""Converts MDX into Markdown: no imports, no expressions, components become their content.

Attributes such as style={{…}} are also removed from Markdown, because other tools write them there as well.
"""

import html
import re
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import PurePosixPath

from transfer.dialects import callouts, shortcodes
from transfer.dialects.jsx import Braces, Component, components, without_indentation
from transfer.dialects.shortcodes import Call
from transfer.markdown.outcomes import Note, Subject
from transfer.markdown.source import code
from transfer.markdown.source.edits import Edit, applied
from transfer.markdown.source.files import is_image_address

_MODULE = re.compile(
    r"^(?:import[ \t]*+(?:[\"'][^\"'\n]+[\"']|[\w$*{][^;\"'\n]*(?:\n[^;\"'\n]+){0,50}?\bfrom[ \t]*[\"'])"
    r"|export[ \t]+(?:const|let|var|function|default|class|async|type|interface|enum|\{|\*))",
    re.MULTILINE,
)
_IMPORTED = re.compile(r"^import[ \t]++(?P<name>[\w$]++)[ \t]++from[ \t]*+[\"'](?P<path>[^\"'\n]++)[\"']", re.MULTILINE)
_STRING = re.compile(r"\s*+(?:\"(?P<double>[^\"\\]*+)\"|'(?P<single>[^'\\]*+)'|`(?P<template>[^`\\$]*+)`)\s*+")
_COMMENT = re.compile(r"\s*+(?:/\*(?:(?!\*/).)*+\*/\s*+)*+", re.DOTALL)
_COMMENT_IN_BRACES = re.compile(r"(?<!\{)\{/\*(?:(?!\*/|\{/\*).)*+\*/\}", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n|\Z)|\Z")
_IS_MATHEMATICS = re.compile(r"(?:\\|\\[A-Za-z]+|[\^_}])\Z")  # \{, \frac{, x^{
_NO_MARKUP = frozenset({"", "fragment"})


def as_markdown(text: str, name: str, first_line: int) -> tuple[str, list[Note]]:
    """The text of a Markdown or MDX file as Markdown. Code stays. `first_line` is the line on which the text begins."""
    if PurePosixPath(name).suffix.lower() != ".mdx":
        return without_braces_in_tags(text), []
    return _Conversion(text, first_line).result()


def without_braces_in_tags(text: str) -> str:
    """The text without attributes such as style={{…}} and comments such as {/* … */}."""
    if "{/*" in text:
        inside = code.membership(text)
        text = _COMMENT_IN_BRACES.sub(
            lambda found: found[0] if inside(found.start()) else "\n" * found[0].count("\n"), text
        )
    if "={" not in text:
        return text
    return applied(text, _attribute_edits(components(text, Braces(text))))


def _attribute_edits(tags: list[Component]) -> Iterator[Edit]:
    for component in tags:
        yield from (Edit(begin, end, "") for begin, end in component.removable)


class _Conversion:
    def __init__(self, text: str, first_line: int) -> None:
        self.source = text
        self.notes: list[Note] = []
        self.first_line = first_line
        self.links: set[str] = set()  # Names of components that became links, so that their end tags become </a>.
        self.images = {
            found["name"]: found["path"] for found in code.matches(_IMPORTED, text) if is_image_address(found["path"])
        }

    def result(self) -> tuple[str, list[Note]]:
        text = applied(self.source, _modules(self.source))
        braces = Braces(text)
        tags = components(text, braces)
        edits = [
            *self._component_edits(text, tags),
            *self._expression_edits(text, braces, [(tag.begin, tag.end) for tag in tags]),
            *without_indentation(text, tags),
        ]
        return applied(text, edits), sorted(self.notes, key=lambda note: note.line or 0)

    def _note(self, text: str, position: int, what: str) -> None:
        line = self.first_line + text.count("\n", 0, position) if len(self.notes) < 200 else None
        shown = " ".join(text[position : position + 80].split("\n")[0].split())
        self.notes.append(
            Note(Subject.TAG, f"{what} {shown} is removed; its content stays", line, f"{what} of MDX removed", shown)
        )

    def _component_edits(self, text: str, tags: list[Component]) -> Iterator[Edit]:
        nesting = _callouts(text, tags)
        for component in tags:
            if fence := nesting.begins.get(component.begin):
                line = callouts.first_line(component.name.lower(), (), component.attributes)
                yield Edit(component.begin, component.end, f"\n{fence.colons}{line}\n\n")
                continue
            if fence := nesting.ends.get(component.begin):
                yield Edit(component.begin, component.end, f"\n{fence.colons}\n\n")
                continue
            if not component.is_component:
                yield from (Edit(begin, end, "") for begin, end in component.removable)
                continue
            new = self._replaced(text, component)
            yield Edit(component.begin, component.end, new)

    def _replaced(self, text: str, component: Component) -> str:
        """What a component becomes: an image, a link, an embedded page, its words or nothing."""
        if component.is_end:
            return "</a>" if component.name in self.links else ""
        name = component.name.rpartition(".")[2].lower()
        values = dict(component.attributes)
        for key, expression in component.expressions.items():
            string = _STRING.fullmatch(expression)
            if string:
                values.setdefault(key, next(filter(None, string.groups()), ""))
            elif expression.strip() in self.images:
                values.setdefault(key, self.images[expression.strip()])
        call = Call(name, [], values, {}, begins_block=_stands_alone(text, component), is_alone=True)
        if name in _NO_MARKUP:
            return ""
        if is_image_address(values.get("src", "")):
            return shortcodes.figure_tag(call) or ""
        if values.get("href") and not component.is_empty:
            self.links.add(component.name)
            return f'<a href="{html.escape(values["href"])}">'
        if name in shortcodes.EMBEDS:
            embedded = shortcodes.EMBEDS[name](call)
            if embedded:
                return embedded
        self._note(text, component.begin, "the component")
        words = shortcodes.words_of(call)
        if values.get("href"):
            return shortcodes.link(call, values["href"], call.value("title", "text", "label"))
        return f"{words}\n\n" if words and not component.is_empty else words

    def _expression_edits(self, text: str, braces: Braces, in_tag: list[tuple[int, int]]) -> Iterator[Edit]:
        begins = [begin for begin, _ in in_tag]
        position = 0
        for begin in braces.begins:
            if begin < position:
                continue
            index = bisect_left(begins, begin) - 1
            if index >= 0 and begin < in_tag[index][1]:
                continue
            position = braces.end_of(begin) or begin
            if _IS_MATHEMATICS.search(text, max(0, begin - 40), begin):
                continue
            inner = text[begin + 1 : position - 1]
            string = _STRING.fullmatch(inner)
            if string:
                yield Edit(begin, position, next(filter(None, string.groups()), ""))
                continue
            if not _COMMENT.fullmatch(inner):
                self._note(text, begin, "the expression")
            yield Edit(begin, position, "")


def _modules(text: str) -> Iterator[Edit]:
    """The blocks with import and export statements. Newlines stay, so that the numbers of lines do."""
    braces: Braces | None = None
    position = 0
    for statement in code.matches(_MODULE, text):
        begin = statement.start()
        if begin < position:
            continue
        end = _BLANK_LINE.search(text, statement.end()).start()  # type: ignore[union-attr]  # \Z always matches
        if statement[0].startswith("export"):
            braces = braces or Braces(text)
            index = bisect_left(braces.begins, begin)
            while index < len(braces.begins) and braces.begins[index] < end:
                inner_end = braces.end_of(braces.begins[index]) or end
                if inner_end > end:  # an object with blank lines
                    end = _BLANK_LINE.search(text, inner_end).start()  # type: ignore[union-attr]
                index += 1
        position = end
        yield Edit(begin, end, "\n" * text.count("\n", begin, end))


def _callouts(text: str, tags: list[Component]) -> callouts.Nesting:
    """The components that become callouts, such as <Note> and <Alert type="info">, if they begin their line."""
    found = callouts.Nesting()
    for component in tags:
        if not component.is_component or component.is_empty:
            continue
        if component.is_end:
            found.close(component.name, component.begin)
        else:
            is_callout = component.name.lower() in callouts.NAMES and _stands_alone(text, component)
            found.open(component.name, component.begin, "" if is_callout else None)
    return found


def _stands_alone(text: str, component: Component) -> bool:
    before = text.rfind("\n", 0, component.begin) + 1
    return component.begin - before < 200 and not text[before : component.begin].strip()
