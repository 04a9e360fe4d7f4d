"""The head of a Markdown file: YAML between --- lines or TOML between +++ lines."""

import re
import tomllib
from typing import Any, NamedTuple

import yaml
from frontmatter.default_handlers import BaseHandler, YAMLHandler

from transfer.markdown.outcomes import Broken

MAX_LENGTH = 64 * 1024


class _Loader(yaml.SafeLoader):
    """PyYAML in Python: unlike its C sibling it survives any nesting."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge keys (<<) stay unknown: a few of them can ask for more memory than there is."""

    def construct_timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:  # like 2014-02-30: a text, for whoever reads the field to complain about
            return self.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_timestamp)


class _Toml(BaseHandler):
    """python-frontmatter's own wants a library that Python has replaced by tomllib."""

    FM_BOUNDARY = re.compile(r"^\+{3,}\s*$", re.MULTILINE)


_YAML, _TOML = YAMLHandler(), _Toml()


class FrontMatter(NamedTuple):
    """Keys are in lower case with `_` for `-`; `lines` has the line of each, counted from 1."""

    fields: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int


def split(text: str) -> FrontMatter:
    """Fields and body of a file; one without front matter is all body. Raises Broken with the line."""
    for handler in (_YAML, _TOML):
        begin = handler.FM_BOUNDARY and handler.FM_BOUNDARY.match(text)
        if begin:
            return _split(text, begin.end(), handler)
    return FrontMatter({}, {}, text, 1)


def _split(text: str, begin: int, handler: BaseHandler) -> FrontMatter:
    try:
        head, body = handler.split(text)
    except ValueError as error:
        raise Broken(f"its front matter begins with {text[:3]} and never ends", 1) from error
    if len(head) > MAX_LENGTH:
        raise Broken(f"its front matter has {len(head):,} characters; at most {MAX_LENGTH:,} are allowed", 1)
    first_line = text.count("\n", 0, begin) + 1
    loaded = _toml(head, first_line) if handler is _TOML else _yaml(head, first_line)
    if not isinstance(loaded, dict):
        raise Broken("its front matter does not consist of lines like `title: Hello`", first_line + 1)
    return FrontMatter(
        {_key(key): value for key, value in loaded.items()},
        _lines(head, first_line),
        body,
        text.count("\n", 0, len(text) - len(body)) + 1,
    )


def _yaml(head: str, first_line: int) -> Any:
    # PyYAML, unlike others, stumbles over tabs at the end of a line.
    head = "\n".join(line.rstrip(" \t") for line in head.split("\n"))
    try:
        return yaml.load(head, Loader=_Loader) or {}  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else first_line + mark.line
        raise Broken(f"its front matter is no YAML: {error.problem or error.context}", line) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise Broken(f"its front matter is no YAML: {reason}", first_line) from error


def _toml(head: str, first_line: int) -> Any:
    try:
        return tomllib.loads(head)
    except (ValueError, RecursionError) as error:
        place = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        line = int(place[1] or head.count("\n")) - 1 if place else 0
        reason = str(error)[: place.start()] if place else str(error)
        raise Broken(f"its front matter is no TOML: {reason}", first_line + line) from error


def _key(key: object) -> str:
    return str(key).lower().replace("-", "_")


def _lines(head: str, first_line: int) -> dict[str, int]:
    keys = (re.match(r"""["']?([\w-]+)["']?\s*[:=]""", line) for line in head.split("\n"))
    return {_key(key[1]): first_line + number for number, key in enumerate(keys) if key}
