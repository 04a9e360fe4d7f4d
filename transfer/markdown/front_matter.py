"""Parses the front matter of a Markdown file: YAML between --- lines or TOML between +++ lines."""

import re
import tomllib
from typing import Any, NamedTuple

import yaml
from frontmatter.default_handlers import BaseHandler, YAMLHandler
from yaml.composer import Composer

from transfer.markdown.outcomes import Broken

MAX_LENGTH = 64 * 1024


class _Loader(Composer, yaml.CSafeLoader):
    """The loader in C with the composer in Python, because deep nesting crashes the composer in C."""

    def __init__(self, stream: str) -> None:
        yaml.CSafeLoader.__init__(self, stream)
        Composer.__init__(self)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Do not expand merge keys (<<), because nested merges can exhaust the memory."""

    def construct_timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            # Keep the text of an invalid date such as 2014-02-30, so that `dates` reports it with its line.
            return self.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_timestamp)


class _Toml(BaseHandler):
    """Finds the +++ lines. python-frontmatter's own handler needs the library `toml`, and this module uses tomllib."""

    FM_BOUNDARY = re.compile(r"^\+{3,}\s*$", re.MULTILINE)


_YAML, _TOML = YAMLHandler(), _Toml()


class FrontMatter(NamedTuple):
    """The fields and the body of a file. Keys are in lower case, and `_` replaces `-` in them.

    `lines` maps each key to its line number, counted from 1."""

    fields: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int


def split(text: str) -> FrontMatter:
    """Split a file into fields and body. Without front matter, the whole text is the body. Raises Broken."""
    for handler in (_YAML, _TOML):
        begin = handler.FM_BOUNDARY.match(text)
        if begin:
            return _split(text, begin.end(), handler)
    return FrontMatter({}, {}, text, 1)


def _split(text: str, begin: int, handler: BaseHandler) -> FrontMatter:
    try:
        head, body = handler.split(text)
    except ValueError as error:
        raise Broken(f"the front matter has no closing line {text[:3]}", 1) from error
    if len(head) > MAX_LENGTH:
        raise Broken(f"the front matter has {len(head):,} characters; the limit is {MAX_LENGTH:,}", 1)
    first_line = text.count("\n", 0, begin) + 1
    loaded = _toml(head, first_line) if handler is _TOML else _yaml(head, first_line)
    if not isinstance(loaded, dict):
        raise Broken("the front matter is not a list of fields such as `title: Hello`", first_line + 1)
    return FrontMatter(
        {_key(key): value for key, value in loaded.items()},
        _lines(head, first_line),
        body,
        text.count("\n", 0, len(text) - len(body)) + 1,
    )


def _yaml(head: str, first_line: int) -> Any:
    # PyYAML refuses tabs at the end of a line, which other parsers accept.
    head = "\n".join(line.rstrip(" \t") for line in head.split("\n"))
    try:
        return yaml.load(head, Loader=_Loader) or {}  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else first_line + mark.line
        raise Broken(f"the front matter is not valid YAML: {error.problem or error.context}", line) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise Broken(f"the front matter is not valid YAML: {reason}", first_line) from error


def _toml(head: str, first_line: int) -> Any:
    try:
        return tomllib.loads(head)
    except (ValueError, RecursionError) as error:
        place = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        line = int(place[1] or head.count("\n")) - 1 if place else 0
        reason = str(error)[: place.start()] if place else str(error)
        raise Broken(f"the front matter is not valid TOML: {reason}", first_line + line) from error


def _key(key: object) -> str:
    return str(key).lower().replace("-", "_")


def _lines(head: str, first_line: int) -> dict[str, int]:
    keys = (re.match(r"""["']?([\w-]+)["']?\s*[:=]""", line) for line in head.split("\n"))
    return {_key(key[1]): first_line + number for number, key in enumerate(keys) if key}
