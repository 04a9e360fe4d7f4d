"""Reads the configuration files of generators. A file that cannot be read counts as absent."""

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer

from transfer.markdown.outcomes import Broken
from transfer.markdown.source import files, front_matter

logger = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024


MAX_MERGED = 10_000  # pairs of all merge keys together


class _Loader(front_matter.Loader):
    """Allows aliases and merge keys: a configuration is never converted to text as a whole."""

    compose_node = Composer.compose_node
    merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse nested merge keys that multiply: PyYAML copies all pairs of each merged table."""
        yaml.CSafeLoader.flatten_mapping(self, node)
        self.merged += len(node.value)
        if self.merged > MAX_MERGED:
            raise yaml.YAMLError(f"its merge keys stand for more than {MAX_MERGED:,} fields")


def read_first(folder: Path, names: Iterable[str]) -> tuple[str, Mapping[str, Any]] | None:
    """The name and the content of the first of the files that exists, or None."""
    for name in names:
        found = read(folder / name, folder)
        if found is not None:
            return name, found
    return None


def read(path: Path, folder: Path) -> Mapping[str, Any] | None:
    """The content of a file in YAML, TOML or JSON as a table, or None. A link to a file outside `folder` is ignored."""
    try:
        if not files.is_inside(path, folder) or path.stat().st_size > MAX_BYTES:
            return None
        loaded = _parsed(path.read_text(encoding="utf-8-sig"), path.suffix.lower())
        if front_matter.has_large_number(loaded):
            raise ValueError(f"it contains a whole number of more than {front_matter.MAX_BITS} bits")
    except (OSError, ValueError, yaml.YAMLError, RecursionError, Broken) as error:
        logger.warning("The configuration %s is ignored: %s", path, error)
        return None
    except (ArithmeticError, AttributeError, LookupError):  # PyYAML raises these for `!!int ""` and others
        logger.warning("The configuration %s is ignored: a value does not have the type of its tag", path)
        return None
    return loaded if isinstance(loaded, dict) else None


def source(path: Path, folder: Path) -> str:
    """The text of a configuration that is a program, or "" if it cannot be read or leads outside `folder`."""
    try:
        is_read = files.is_inside(path, folder) and path.stat().st_size <= MAX_BYTES
        return path.read_text(encoding="utf-8-sig") if is_read else ""
    except (OSError, ValueError) as error:
        logger.warning("The configuration %s is ignored: %s", path, error)
        return ""


def _parsed(text: str, suffix: str) -> Any:
    if suffix == ".toml":
        return front_matter.parse_toml(text, 1)
    if suffix == ".json":
        return json.loads(text)
    return yaml.load(text, Loader=_Loader) or {}  # noqa: S506  # a SafeLoader


def table(values: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The table at a path of keys. Empty if there is none."""
    found: Any = values
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def texts(values: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """The texts and numbers of a table as variables of template tags: site.title."""
    return {
        f"{prefix}{str(key).lower()}": str(value)
        for key, value in values.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def text_of(value: Any) -> str:
    """A text or number of a configuration or of front matter. Everything else is empty."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
