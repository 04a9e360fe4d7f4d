"""Reads and parses the files of an import, which passes over them twice: to plan the addresses, and to store."""

import hashlib
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from blogs.markdown.limits import check_source
from transfer.dialects import Dialect
from transfer.markdown import drafts
from transfer.markdown.drafts import Draft
from transfer.markdown.outcomes import Skipped
from transfer.markdown.source import files

# Characters of the files that stay in memory between planning and storing. All others are read twice.
MAX_KEPT = 50_000_000


class ParsedFile(NamedTuple):
    text: str
    draft: Draft
    digest: str  # of the text


class ParsedFiles:
    """The files below `folder`."""

    def __init__(self, folder: Path, zone: tzinfo, dialect: Dialect) -> None:
        self._folder = folder
        self._zone = zone
        self._dialect = dialect
        self._kept: dict[str, ParsedFile] = {}  # by file name
        self._kept_size = 0

    def parse(self, path: Path, name: str) -> ParsedFile:
        """Parse a file, and keep it for `take`.

        Raises Skipped, Broken, and TooLarge before any work on a large text.
        """
        parsed = self._parsed(path, name)
        if self._kept_size + len(parsed.text) <= MAX_KEPT:
            self._kept[name] = parsed
            self._kept_size += len(parsed.text)
        return parsed

    def take(self, path: Path, name: str) -> ParsedFile:
        """The file that `parse` has kept, or else parse it again. Raises the same exceptions."""
        return self._kept.pop(name) if name in self._kept else self._parsed(path, name)

    def _parsed(self, path: Path, name: str) -> ParsedFile:
        why = self._dialect.reason_to_skip(name)
        if why:
            raise Skipped(why)
        text = files.read_text(path, self._folder)
        draft = drafts.read(text, name, self._zone, self._dialect)
        check_source(draft.body)
        return ParsedFile(text, draft, hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest())
