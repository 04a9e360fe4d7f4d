"""Parses the front matter of a Markdown file. `fences` finds it."""

import json
import re
import tomllib
from typing import Any, NamedTuple

import yaml
from yaml.composer import Composer, ComposerError
from yaml.constructor import ConstructorError

from transfer.markdown.outcomes import Broken
from transfer.markdown.source import fences
from transfer.markdown.source.fences import Block, Format

MAX_LENGTH = 64 * 1024
MAX_BITS = 64  # of a whole number, as in the TOML specification
# tomllib needs quadratic time and memory for a key with many parts (measured: 8 s and 3.5 GB for 30,000 parts).
MAX_DOTS = 1_000  # in a line of TOML


class Loader(Composer, yaml.CSafeLoader):
    """The loader in C with the composer in Python, because deep nesting crashes the composer in C."""

    def __init__(self, stream: str) -> None:
        yaml.CSafeLoader.__init__(self, stream)
        Composer.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases: a few nested ones stand for gigabytes as soon as a value is converted to text."""
        if self.check_event(yaml.AliasEvent):
            event: Any = self.peek_event()
            reason = f"the alias *{event.anchor[:50]} is not allowed; write the value itself"
            raise ComposerError(None, None, reason, event.start_mark)
        return super().compose_node(parent, index)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse merge keys, which PyYAML expands here."""
        for key, _value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                reason = "the merge key << is not allowed; write the fields themselves"
                raise ConstructorError(None, None, reason, key.start_mark)

    def construct_timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            # Keep the text of an invalid date such as 2014-02-30, so that `dates` reports it with its line.
            return self.construct_scalar(node)


Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_timestamp)


class FrontMatter(NamedTuple):
    """The fields and the body of a file. Keys are in lower case, and `_` replaces `-` in them.

    `lines` maps each key to its line number, counted from 1. The values of plain fields are texts without quotes."""

    fields: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int
    is_plain: bool = False


def split(text: str) -> FrontMatter:
    """Split a file into fields and body. Without front matter, the whole text is the body. Raises Broken."""
    block = fences.find(text)
    if block is None:
        return FrontMatter({}, {}, text, 1)
    if len(block.head) > MAX_LENGTH:
        raise Broken(f"the front matter has {len(block.head):,} characters; the limit is {MAX_LENGTH:,}", block.line)
    loaded = _PARSERS[block.format](block.head, block.line)
    first_line = block.line + len(block.head) - len(block.head.lstrip("\n"))
    if not isinstance(loaded, dict):
        raise Broken("the front matter is not a list of fields such as `title: Hello`", first_line)
    if has_large_number(loaded):
        raise Broken(f"the front matter contains a whole number of more than {MAX_BITS} bits", first_line)
    return FrontMatter(
        {key_of(key): value for key, value in loaded.items()},
        _lines(block),
        text[block.end :],
        text.count("\n", 0, block.end) + 1,
        is_plain=block.format is Format.PLAIN,
    )


def _yaml(head: str, first_line: int) -> Any:
    # PyYAML refuses tabs at the end of a line, which other parsers accept.
    head = "\n".join(line.rstrip(" \t") for line in head.split("\n"))
    try:
        return yaml.load(head, Loader=Loader) or {}  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else first_line + mark.line
        raise Broken(f"the front matter is not valid YAML: {error.problem or error.context}", line) from error
    except (ArithmeticError, AttributeError, LookupError) as error:  # PyYAML raises these for `!!int ""` and others
        raise Broken(
            "the front matter is not valid YAML: a value does not have the type of its tag", first_line
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise Broken(f"the front matter is not valid YAML: {reason}", first_line) from error


def parse_toml(head: str, first_line: int) -> Any:
    """The fields of a text in TOML that begins on line `first_line` of its file. Raises Broken."""
    for number, text in enumerate(head.split("\n")):
        if text.count(".") > MAX_DOTS:
            raise Broken(f"the line has {text.count('.'):,} dots; the limit is {MAX_DOTS:,}", first_line + number)
    try:
        return tomllib.loads(head)
    except (ValueError, RecursionError) as error:
        place = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        line = int(place[1] or head.count("\n")) - 1 if place else 0
        reason = str(error)[: place.start()] if place else str(error)
        raise Broken(f"the front matter is not valid TOML: {reason}", first_line + line) from error


def _json(head: str, first_line: int) -> Any:
    text = head.strip()
    if text and not text.startswith("{"):  # Between ;;; lines the braces may be missing.
        text = f"{{{text.rstrip(',')}}}"
    try:
        return json.loads(text or "{}", strict=False)
    except json.JSONDecodeError as error:
        line = first_line + len(head) - len(head.lstrip("\n")) + error.lineno - 1
        raise Broken(f"the front matter is not valid JSON: {error.msg}", line) from error
    except (ValueError, RecursionError) as error:
        raise Broken(f"the front matter is not valid JSON: {error}", first_line) from error


def _plain(head: str, _first_line: int) -> dict[str, str]:
    """Fields such as `Title: A fine day: Monday`. An indented line continues the value above it."""
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in filter(None, head.split("\n")):
        if line.startswith((" ", "\t")):
            values.append(line.strip())
        else:
            name, _, value = line.partition(":")
            values = fields[name.strip()] = [value.strip()]
    return {name: _unquoted(" ".join(values).strip()) for name, values in fields.items()}


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


_PARSERS = {Format.JSON: _json, Format.PLAIN: _plain, Format.TOML: parse_toml, Format.YAML: _yaml}


def has_large_number(loaded: object) -> bool:
    """Whether a number is too large. Python refuses to convert numbers of thousands of digits to text."""
    pending: list[object] = [loaded]
    seen: set[int] = set()  # an alias stands for the same object again
    while pending:
        each = pending.pop()
        if isinstance(each, dict | list) and id(each) in seen:
            continue
        seen.add(id(each))
        match each:
            case dict() as mapping:
                pending += [*mapping.keys(), *mapping.values()]
            case list() | tuple() | set() as values:
                pending += values
            case int() as number if number.bit_length() > MAX_BITS:
                return True
    return False


def key_of(key: object) -> str:
    """The name of a field in lower case, with `_` in place of `-`."""
    return str(key).lower().replace("-", "_")


def _lines(block: Block) -> dict[str, int]:
    """The line of each key. In JSON keys are indented."""
    indent = r"\s*" if block.format is Format.JSON else ""
    key = re.compile(rf"""{indent}["']?([\w-]+)["']?\s*[:=]""")
    found: dict[str, int] = {}
    for number, line in enumerate(block.head.split("\n"), start=block.line):
        if match := key.match(line):
            found.setdefault(key_of(match[1]), number)
    return found
