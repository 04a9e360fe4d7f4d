"""Finds the front matter of a file: its format, and where it begins and ends.

| format | opening line | closing line |
|---|---|---|
| YAML | `---` | `---` or `...` |
| TOML | `+++` | `+++` |
| JSON | `;;;` | `;;;` |
| JSON | `{` | the `}` that closes the object |
| YAML (Hexo) | none; the file begins with a field such as `title: Hello` | `---` or `;;;` |
| plain fields (Pelican) | none, as above | an empty line |

`---toml` and `---json` name the format. Empty lines, comments in HTML and a byte order mark may precede front matter.
"""

import json
import re
from enum import StrEnum
from typing import NamedTuple

from transfer.markdown.outcomes import Broken


class Format(StrEnum):
    YAML = "YAML"
    TOML = "TOML"
    JSON = "JSON"
    PLAIN = "plain fields"


class Block(NamedTuple):
    """Front matter. `head` begins on line `line` of the file, and the body begins at position `end`."""

    format: Format
    head: str
    line: int
    end: int


_BLANK = re.compile(r"(?:[ \t\xa0\u200b\ufeff]*+\n)*+[\u200b\ufeff]*+")
_COMMENT = re.compile(r"<!--.*?-->[ \t]*+", re.DOTALL)
_OPENING = re.compile(
    r"(?P<indent> {0,3})(?P<fence>-{3,}|\+{3,}|;{3,})[ \t]*+(?P<named>[a-z]*+)[ \t]*+(?:#[^\n]*+)?(?=\n|\Z)",
    re.IGNORECASE,
)
_CLOSING = {"-": r"(?:-{3,}|\.{3})", "+": r"\+{3,}", ";": r";{3,}"}
_FORMATS = {"-": Format.YAML, "+": Format.TOML, ";": Format.JSON}
_NAMED = {"json": Format.JSON, "toml": Format.TOML, "yaml": Format.YAML, "yml": Format.YAML}
# Programs as front matter, which gray-matter can run.
_PROGRAMS = {"coffee", "cson", "javascript", "js", "ts", "typescript"}
# The object of a template tag ({{ … }}, {% … %}) or an attribute list ({: … }) is not front matter.
_OBJECT = re.compile(r"""\{(?:(?=\s*+")|[ \t]*+\n(?=\s*+['/\w$]))""")
# The names with which fields without an opening line may begin. Other words before a colon begin a text.
_FIRST_FIELDS = {
    "author", "authors", "categories", "category", "comments", "date", "draft", "id", "lang", "layout", "modified",
    "permalink", "published", "slug", "status", "summary", "tags", "template", "title", "updated",
}  # fmt: skip
_FIELD = re.compile(r"(?P<name>[A-Za-z][\w .-]{0,40}):(?=\s|\Z)")
_END_OF_FIELDS = re.compile(r"(?:-{3,}|;{3,})[ \t]*")


def find(text: str) -> Block | None:
    """The front matter of a file, or None if the file has none. Raises Broken if it has no end."""
    start = _start(text)
    line = text.count("\n", 0, start) + 1
    opening = _OPENING.match(text, start)
    named = opening["named"].lower() if opening else ""
    if opening and named in _PROGRAMS:
        raise Broken(f"front matter in {named} is a program, which the import does not run; write it as YAML", line)
    if opening and (not named or named in _NAMED):
        return _fenced(text, opening, line)
    if _OBJECT.match(text, start):
        return _object(text, start, line)
    return _unfenced(text, start, line)


def _start(text: str) -> int:
    """The position of the first character that is neither a space nor part of a comment."""
    start = _skip(_BLANK, text, 0)
    while (after := _skip(_COMMENT, text, start)) != start:
        start = _skip(_BLANK, text, after)
    return start


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _fenced(text: str, opening: re.Match[str], line: int) -> Block:
    sign = opening["fence"][0]
    closing = re.compile(rf"^{opening['indent']}{_CLOSING[sign]}[ \t]*$", re.MULTILINE).search(text, opening.end())
    if closing is None:
        raise Broken(f"the front matter has no closing line {sign * 3}", line)
    block_format = _NAMED.get(opening["named"].lower(), _FORMATS[sign])
    return Block(block_format, text[opening.end() : closing.start()], line, closing.end())


def _object(text: str, start: int, line: int) -> Block:
    try:
        _, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise Broken(f"the front matter is not valid JSON: {error.msg}", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise Broken(f"the front matter is not valid JSON: {error}", line) from error
    return Block(Format.JSON, text[start:end], line, end)


def _unfenced(text: str, start: int, line: int) -> Block | None:
    first = _FIELD.match(text, start)
    if first is None or first["name"].lower() not in _FIRST_FIELDS:
        return None
    position, names, is_plain = start, set[str](), True
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        shown = text[position:end]
        if _END_OF_FIELDS.fullmatch(shown):
            return Block(Format.YAML, text[start:position], line, end)
        if not shown.strip():
            break
        field = _FIELD.match(shown)
        if field:
            names.add(field["name"].lower())
        elif shown[0] in "-#":  # a list item or a comment in YAML
            is_plain = False
        elif shown[0] not in " \t":
            return None
        position = end + 1
    if not is_plain or not names & {"title", "date"}:
        return None
    return Block(Format.PLAIN, text[start:position], line, min(position, len(text)))
