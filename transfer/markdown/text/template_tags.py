"""Converts template tags and shortcodes of other publishing tools into Markdown and HTML.

`tag_syntax` finds the tags. The tables of a dialect say what each becomes. The syntaxes are those of Liquid, Nunjucks
({% tag %}, {{ value | filter }}, {# comment #}), Hugo ({{< tag >}}, {{% tag %}}) and Zola ({{ tag() }}, {% tag() %}).
A tag that the dialect does not know is removed. Its content and its words stay, and a note gives the line. Within code,
only {% raw %} and escaped tags ({{</* tag */>}}) are converted. Attribute lists ({: .class }, {.class}) are removed
without a note.
"""

import re
from collections import ChainMap
from collections.abc import Mapping

from transfer.dialects import callouts, shortcodes
from transfer.dialects.base import Dialect
from transfer.dialects.plain import Plain
from transfer.dialects.shortcodes import Call
from transfer.markdown.outcomes import Note, Subject
from transfer.markdown.source import code
from transfer.markdown.source.tag_syntax import TOKEN, Tag, end_tag, tag_of, unescaped
from transfer.markdown.text.callout_tags import callout_tags

_VALUE = re.compile(r"""[\s~-]*+(?:"([^"]*+)"|'([^']*+)'|“([^”]*+)”|(?P<name>[\w.-]++))[\s~-]*+""")
_SITE = {"baseurl", "site.baseurl", "site.url"}
_HARMLESS_FILTERS = {
    "absolute_url",
    "absurl",
    "escape",
    "prepend",
    "relative_url",
    "relurl",
    "safe",
    "strip",
    "url",
    "xml_escape",
}
_NEW_BLOCK = re.compile(r"(?:\A\s*|\n[ \t]*\n) {0,3}\Z")
_BEFORE_HTML = re.compile(r"[ \t]*(?:\{[:.#][^{}\n]*\})?[ \t]*\n[ \t]*<")
_IN_LINK = re.compile(r"(?:<a\b[^<>]*>\s*|(?<![!\\])\[)\Z", re.IGNORECASE)
_ADDRESS_FOLLOWS = ("(", '"', "'", "=", "<")  # what precedes an address in Markdown and in HTML
_LINE_BEGIN = re.compile(r"(?:\A|\n)[ \t]*\Z")
_LINE_END = re.compile(r"[ \t]*(?:\n|\Z)")
_MARKDOWN_INSIDE = re.compile(
    r"(?P<tag><(?:article|aside|blockquote|center|details|div|figcaption|figure|footer|header|section)\b"
    r"(?=[^<>\n]*\smarkdown=)[^<>\n]*>)[ \t]*+\n?",
    re.IGNORECASE,
)
_LOOK_BACK = 200


def expand(text: str, first_line: int, variables: Mapping[str, str], dialect: Dialect) -> tuple[str, list[Note]]:
    """Convert all template tags. Returns the text, and notes on unknown tags.

    `first_line` is the line of the file on which the text begins.
    """
    return _Expansion(text, first_line, {**dialect.variables, **variables}, dialect).result()


def _with_markdown_in_html(text: str) -> str:
    """The text with an empty line after tags such as <div markdown="1">, so that Markdown within them is rendered."""
    if "markdown=" not in text:
        return text
    inside = code.membership(text)
    return _MARKDOWN_INSIDE.sub(lambda tag: tag[0] if inside(tag.start()) else f"{tag['tag']}\n\n", text)


class _Expansion:
    def __init__(self, text: str, first_line: int, variables: Mapping[str, str], dialect: Dialect) -> None:
        self.text = text
        self.variables = variables
        self.dialect = dialect
        # An archive can contain tags of the generator that it was moved from.
        self.tags = ChainMap({**dialect.tags}, {**Plain.tags})
        self.verbatim_tags = ChainMap({**dialect.verbatim_tags}, {**Plain.verbatim_tags})
        self.notes: list[Note] = []
        self.line, self.counted = first_line, 0
        self.unclosed: set[tuple[str, str]] = set()
        self.callouts = callouts.Nesting()
        self.opened: list[str] = []  # names of Zola's tags, which all end with {% end %}

    def result(self) -> tuple[str, list[Note]]:
        in_code = code.membership(self.text)
        self.callouts = callout_tags(self.text, in_code)
        written: list[str] = []
        position = copied = 0
        while token := TOKEN.search(self.text, position):
            position = token.end()
            tag = tag_of(token)
            if in_code(token.start()) and not (tag and tag.name == "raw"):
                literal = None if token["literal"] else unescaped(token)
                if literal is not None:
                    written += self.text[copied : token.start()], literal
                    copied = position
                continue
            written.append(self.text[copied : token.start()])
            end = self._end(token, tag) if tag else None
            written.append(self._enclosed(token, tag, end) if tag and end else self._expanded(token, tag))
            position = copied = end.end() if end else token.end()
        written.append(self.text[copied:])
        return _with_markdown_in_html("".join(written)), self.notes

    # -- tags around text that is not Markdown -------------------------------------------------------------------------

    def _end(self, token: re.Match[str], tag: Tag) -> re.Match[str] | None:
        key = (tag.syntax, tag.name)
        if tag.is_end or tag.name not in self.verbatim_tags or key in self.unclosed:
            return None
        if tag.rest.rstrip().endswith("/") and tag.syntax == "hugo":
            return None
        end = end_tag(*key).search(self.text, token.end())
        if end is None:
            self.unclosed.add(key)
            self._note(token, "has no end tag")
        return end

    def _enclosed(self, token: re.Match[str], tag: Tag, end: re.Match[str]) -> str:
        call = self._call(token, tag.name, tag.rest)._replace(content=self.text[token.end() : end.start()])
        return self.verbatim_tags[tag.name](call) or ""

    # -- all other tags ------------------------------------------------------------------------------------------------

    def _expanded(self, token: re.Match[str], tag: Tag | None) -> str:
        literal = unescaped(token)
        if literal is not None:
            # As code, because the reader is meant to see it, and Markdown must not interpret it.
            return f"`{literal.strip()}`" if "`" not in literal and "\n" not in literal else literal
        if tag is None:
            return self._expression(token) if token["expression"] is not None else ""
        if token.start() in self.callouts.begins:
            return self._callout(token, tag, self.callouts.begins[token.start()])
        if tag.is_end:
            return self._end_of(token, tag)
        if tag.name in self.verbatim_tags or not tag.name:  # the end tag is missing
            return ""
        if tag.syntax == "zola" and token["tag"] is not None:
            self.opened.append(tag.name)
        call = self._call(token, tag.name, tag.rest)
        handler = self.tags.get(tag.name) or shortcodes.service_handler(tag.name) or shortcodes.unknown_figure
        expanded = handler(call)
        if expanded is None:
            expanded = shortcodes.words_of(call)
            if expanded and self.text[token.end() : token.end() + 1].isalnum():
                expanded += " "
            self._note(token, "is unknown", ": it is removed, and its words and content stay")
        return expanded

    def _callout(self, token: re.Match[str], tag: Tag, fence: callouts.Fence) -> str:
        if tag.syntax == "zola":
            self.opened.append(tag.name)
        positional, named = shortcodes.arguments(tag.rest)
        line = callouts.first_line(tag.name, positional, named)
        return f"\n{fence.indentation}{fence.colons}{line}\n\n{fence.indentation}"

    def _end_of(self, token: re.Match[str], tag: Tag) -> str:
        name = tag.name
        if tag.syntax == "zola":
            name = self.opened.pop() if self.opened else ""
        if token.start() in self.callouts.ends:
            fence = self.callouts.ends[token.start()]
            return f"\n{fence.indentation}{fence.colons}\n\n{fence.indentation}"
        handler = self.tags.get(f"/{name}")
        return (handler(self._call(token, name, "")) if handler else "") or ""

    def _call(self, token: re.Match[str], name: str, rest: str) -> Call:
        positional, named = shortcodes.arguments(rest)
        is_alone = bool(_LINE_BEGIN.search(self._before(token)) and _LINE_END.match(self.text, token.end()))
        in_link = _IN_LINK.search(self._before(token)) is not None
        return Call(
            name,
            positional,
            named,
            self.variables,
            self._begins_block(token),
            is_alone,
            source=rest,
            is_in_link=in_link,
        )

    def _note(self, token: re.Match[str], cause: str, effect: str = "") -> None:
        self.line += self.text.count("\n", self.counted, token.start())
        self.counted = token.start()
        shown = " ".join(token[0].split())
        shown = shown if len(shown) <= 80 else f"{shown[:80]}…"
        tag = tag_of(token)
        about = tag.name if tag else " ".join((token["expression"] or "").split())[:40]
        message = f"the template tag {shown} {cause}{effect}"
        self.notes.append(Note(Subject.TAG, message, self.line, f"the tag {cause}", about))

    def _expression(self, token: re.Match[str]) -> str:
        """Convert an expression such as {{ value | filter | filter: "argument" }}."""
        expression = token["expression"]
        value = _VALUE.match(expression)
        if value and value["name"] in _SITE and "|" not in expression:
            return ""
        is_address = self.text[token.start() - 1 : token.start()] in _ADDRESS_FOLLOWS
        if self.dialect.shows_expressions and not is_address:
            self._note(token, "has no meaning in texts of the generator", ": it is shown as code")
            return f"`{{{{{expression}}}}}`" if "`" not in expression and "\n" not in expression else ""
        rest = expression[value.end() :] if value else expression
        text = self._text_of(value) if value else None
        filters = {name.split(":")[0].strip(" \t\n-~").lower() for name in rest.split("|")} - {""}
        if text is not None and filters <= _HARMLESS_FILTERS:
            return text
        self._note(token, "is unknown", ": it is replaced by its text" if text else ": it is removed")
        if text and text.startswith(("https://", "http://")) and not is_address:
            positional, named = shortcodes.arguments(rest.partition(":")[2])
            words = next(iter([*positional, *named.values()]), text)
            call = Call("", [], {}, self.variables, self._begins_block(token), is_alone=False)
            return shortcodes.link(call, text, words)
        return text or ""

    def _text_of(self, value: re.Match[str]) -> str | None:
        name = value["name"]
        if name is None:
            return value[1] or value[2] or value[3] or ""
        return "" if name in _SITE else self.variables.get(name.removeprefix("page.").lower())

    # -- Markdown where a block starts, HTML elsewhere, because Markdown within an HTML block is not rendered ----------

    def _before(self, token: re.Match[str]) -> str:
        return self.text[max(0, token.start() - _LOOK_BACK) : token.start()]

    def _begins_block(self, token: re.Match[str]) -> bool:
        return bool(_NEW_BLOCK.search(self._before(token))) and not _BEFORE_HTML.match(self.text, token.end())
