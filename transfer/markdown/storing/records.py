"""The records of earlier imports into a site, and which of them belongs to a file."""

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

from django.contrib.sites.models import Site

from transfer.markdown.storing import recognition
from transfer.models import ImportedFile

Record = Any  # ImportedFile with the annotations of ImportedFileQuerySet.of


class Records:
    """The imported files of one site, read with one query."""

    def __init__(self, site: Site, *, dry_run: bool = False) -> None:
        self._dry_run = dry_run
        self._by_path = {record.path: record for record in ImportedFile.objects.of(site)}
        self._matches: dict[str, str] = {}
        self._by_content: dict[tuple[str, str], list[Record]] = {}
        self._moved: dict[str, Record] = {}

    def match(self, names: Collection[str]) -> None:
        """Find the records of the files with these paths, all files of an import."""
        self._matches = recognition.matches(names, self._by_path.keys())
        matched = set(self._matches.values())
        for record in self._by_path.values():
            if record.path not in matched:
                self._by_content.setdefault(_content(record.path, record.source), []).append(record)

    def find(self, name: str, source: str) -> Record | None:
        """The record of a file, or None if it is new. `source` is the digest of its text.

        A file that was moved to another folder is recognised if it has the same name and the same text.
        """
        if name in self._matches:
            return self._by_path[self._matches[name]]
        if name in self._moved:
            return self._moved[name]
        moved = self._by_content.pop(_content(name, source), [])
        if len(moved) != 1:
            return None
        if not self._dry_run and name not in self._by_path:
            ImportedFile.objects.filter(pk=moved[0].pk).update(path=name)
        self._moved[name] = moved[0]
        return moved[0]


def _content(path: str, source: str) -> tuple[str, str]:
    return PurePosixPath(path).name, source
