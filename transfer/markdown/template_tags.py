"""Converts template tags of other publishing tools (Liquid, Nunjucks, Hugo) into Markdown and HTML.

Supported: {% raw %}, {% comment %}, {% highlight %}, {% image %}, {% image_with_class %}, {% post_url %}, {% link %},
{{ "/path/" | url }}, {{ site.baseurl }} and fields of the front matter. All other tags are removed. Their content
stays, and a note gives the line. Within code, only {% raw %} is converted. Attribute lists ({: .class }, {.class}) are
removed without a note.
"""

import html
import re
from collections.abc import Mapping
from pathlib import PurePath

from transfer.markdown import code
from transfer.markdown.outcomes import Note, Subject

_TOKEN = re.compile(
    r"\{%[-~]?+\s*+(?P<tag>[\w/]*+)(?P<rest>(?:(?!\{%|%\}).)*+)%\}"
    r"|\{\{(?P<expression>(?:(?!\{\{|\}\}).)*+)\}\}"
    r"|(?<![ \t])[ \t]*+\{(?:"
    r":[ \t]*+(?=[.#\w])[^{}\n]*+|[ \t]*+[.#][A-Za-z][\w-]*+(?:[ \t]++[.#][A-Za-z][\w-]*+)*+[ \t]*+"
    r")\}",
    re.DOTALL,
)
_ARGUMENT = re.compile(r""""((?:[^"\\]|\\.)*+)"|'((?:[^'\\]|\\.)*+)'|“([^”]*+)”|([^\s"',|]++)""", re.DOTALL)
_NAMED = re.compile(r"""(\w++)\s*+[:=]\s*+(?:"((?:[^"\\]|\\.)*+)"|'((?:[^'\\]|\\.)*+)'|“([^”]*+)”)""", re.DOTALL)
_VALUE = re.compile(r"""[\s~-]*+(?:"([^"]*+)"|'([^']*+)'|“([^”]*+)”|(?P<name>[\w.]++))[\s~-]*+""")
# Tags with an end tag. Template tags in their content are not converted.
_ENCLOSING = ("raw", "comment", "highlight")
_END = {tag: re.compile(rf"\{{%[-~]?\s*end{tag}\s*[-~]?%\}}") for tag in _ENCLOSING}
_SITE = {"baseurl", "site.baseurl", "site.url"}
_HARMLESS_FILTERS = {
    "absolute_url",
    "absurl",
    "escape",
    "prepend",
    "relative_url",
    "relurl",
    "strip",
    "url",
    "xml_escape",
}
_DATED_FILE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})-(.+?)(?:\.\w+)?")
_NEW_BLOCK = re.compile(r"(?:\A\s*|\n[ \t]*\n) {0,3}\Z")
_BEFORE_HTML = re.compile(r"[ \t]*(?:\{[:.#][^{}\n]*\})?[ \t]*\n[ \t]*<")
_LOOK_BACK = 200
_NOT_IN_MARKDOWN = re.compile(r"[\s()<>]")
_MARKDOWN_SIGNS = re.compile(r"([\\\[\]`*_<&])")


def expand(text: str, first_line: int, variables: Mapping[str, str]) -> tuple[str, list[Note]]:
    """Convert all template tags. Returns the text, and notes on unknown tags.

    `first_line` is the line of the file on which the text begins.
    """
    return _Expansion(text, first_line, variables).result()


class _Expansion:
    def __init__(self, text: str, first_line: int, variables: Mapping[str, str]) -> None:
        self.text = text
        self.variables = variables
        self.notes: list[Note] = []
        self.line, self.counted = first_line, 0
        self.unclosed: set[str] = set()

    def result(self) -> tuple[str, list[Note]]:
        in_code = code.membership(self.text)
        written: list[str] = []
        position = copied = 0
        while token := _TOKEN.search(self.text, position):
            position = token.end()
            if in_code(token.start()) and token["tag"] != "raw":
                continue
            written.append(self.text[copied : token.start()])
            end = self._end(token)
            written.append(self._enclosed(token, end) if end else self._expanded(token))
            position = copied = end.end() if end else token.end()
        written.append(self.text[copied:])
        return "".join(written), self.notes

    def _end(self, token: re.Match[str]) -> re.Match[str] | None:
        tag = token["tag"]
        if tag not in _END or tag in self.unclosed:
            return None
        end = _END[tag].search(self.text, token.end())
        if end is None:
            self.unclosed.add(tag)
            self._note(token, "has no end tag")
        return end

    def _enclosed(self, token: re.Match[str], end: re.Match[str]) -> str:
        content = self.text[token.end() : end.start()]
        if token["tag"] == "comment":
            return ""
        if token["tag"] == "raw":
            return content
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", content))])
        language = "".join(_arguments(token["rest"])[:1])
        return f"{fence}{language}\n{content.strip(chr(10))}\n{fence}"

    def _note(self, token: re.Match[str], message: str) -> None:
        self.line += self.text.count("\n", self.counted, token.start())
        self.counted = token.start()
        shown = " ".join(token[0].split())
        shown = shown if len(shown) <= 80 else f"{shown[:80]}…"
        self.notes.append(Note(Subject.TAG, f"the template tag {shown} {message}", self.line))

    def _expanded(self, token: re.Match[str]) -> str:
        if token["expression"] is not None:
            return self._expression(token)
        tag = token["tag"]
        if tag is None or tag in _ENCLOSING:  # An attribute list, or a tag whose end tag is missing.
            return ""
        figure = self._figure(token, token["rest"])
        if figure:
            return figure
        arguments = _arguments(token["rest"])
        if tag in ("image", "image_with_class") and arguments:
            words = arguments[1:] if tag == "image" else arguments[2:]
            return self._image(token, arguments[0], words[0] if words else "")
        dated = _DATED_FILE.fullmatch(PurePath(arguments[0]).name) if arguments else None
        if tag in ("post_url", "link") and dated:
            return "/{}/{}/{}/{}/".format(*dated.groups())
        if not tag.startswith(("end", "/")):
            self._note(token, "is unknown: it is removed, and its content stays")
        return ""

    def _expression(self, token: re.Match[str]) -> str:
        """Convert an expression such as {{ value | filter | filter: "argument" }}."""
        expression = token["expression"]
        figure = expression.startswith("<") and self._figure(token, expression)  # a figure of Hugo
        if figure:
            return figure
        value = _VALUE.match(expression)
        rest = expression[value.end() :] if value else expression
        text = self._text_of(value) if value else None
        filters = {name.split(":")[0].strip(" \t\n-~").lower() for name in rest.split("|")} - {""}
        if text is not None and filters <= _HARMLESS_FILTERS:
            return text
        self._note(token, "is unknown: it is replaced by its text" if text else "is unknown: it is removed")
        if text and text.startswith(("https://", "http://")):
            return self._link(token, text, next(iter(_arguments(rest.partition(":")[2])), text))
        return text or ""

    def _text_of(self, value: re.Match[str]) -> str | None:
        name = value["name"]
        if name is None:
            return value[1] or value[2] or value[3] or ""
        return "" if name in _SITE else self.variables.get(name.removeprefix("page.").lower())

    # -- Markdown where a block starts, HTML elsewhere, because Markdown within an HTML block is not rendered --------

    def _image(self, token: re.Match[str], path: str, alt: str) -> str:
        alt = " ".join(alt.split())
        if self._begins_block(token) and not _NOT_IN_MARKDOWN.search(path):
            return f"![{_escaped(alt)}]({_from_root(path)})"
        return _html_image(path, alt)

    def _figure(self, token: re.Match[str], arguments: str) -> str:
        """HTML or Markdown for tags such as {% include "figure.html" image: "path" alt: "…" caption: "…" %}, or ""."""
        named = {name: " ".join(next(filter(None, values), "").split()) for name, *values in _NAMED.findall(arguments)}
        path = named.get("image") or named.get("src")
        if not path:
            return ""
        alt, caption = named.get("alt", ""), named.get("caption", "")
        if not caption:
            return self._image(token, path, alt)
        caption = f"<figcaption>{html.escape(caption, quote=False)}</figcaption>"
        return f"<figure>{_html_image(path, alt)}{caption}</figure>"

    def _link(self, token: re.Match[str], address: str, words: str) -> str:
        words = " ".join(words.split())
        if self._begins_block(token) and not _NOT_IN_MARKDOWN.search(address):
            return f"[{_escaped(words)}]({address})"
        return f'<a href="{html.escape(address)}">{html.escape(words)}</a>'

    def _begins_block(self, token: re.Match[str]) -> bool:
        before = self.text[max(0, token.start() - _LOOK_BACK) : token.start()]
        return bool(_NEW_BLOCK.search(before)) and not _BEFORE_HTML.match(self.text, token.end())


def _from_root(path: str) -> str:
    return path if "//" in path else f"/{path.lstrip('/')}"


def _html_image(path: str, alt: str) -> str:
    return f'<img src="{html.escape(_from_root(path))}" alt="{html.escape(alt)}">'


def _escaped(words: str) -> str:
    return _MARKDOWN_SIGNS.sub(r"\\\1", words)


def _arguments(text: str) -> list[str]:
    found = (next(filter(None, argument.groups()), "") for argument in _ARGUMENT.finditer(text))
    return [re.sub(r"\\(.)", r"\1", argument) for argument in found if argument not in ("-", "~")]
