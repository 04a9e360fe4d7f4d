"""A page of the old site: the parts of its file's name, and what else its addresses depend on."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, NamedTuple

_DATED = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:T[0-9]{2}[:-]?[0-9]{2}(?:[:-]?[0-9]{2})?Z?)?[-_ ](?P<stem>.+)"
)
INDEX_NAMES = ("index", "_index")


class FileName(NamedTuple):
    """2015-10-26-hello.md has the name 2015-10-26-hello, the stem hello and the day 2015-10-26.

    In a folder with an index.md, the folder gives the name.
    """

    name: str
    stem: str
    day: str
    is_index: bool

    @classmethod
    def of(cls, place: str) -> "FileName":
        path = PurePosixPath(place)
        is_index = path.stem in INDEX_NAMES and bool(path.parent.name)
        name = path.parent.name if is_index else path.stem
        dated = _DATED.fullmatch(name)
        return cls(name, dated["stem"] if dated else name, dated["date"] if dated else "", is_index)

    def undated(self) -> "FileName":
        """The name for generators that read no date from it."""
        return self._replace(stem=self.name, day="")

    def folder_of(self, path: PurePosixPath) -> PurePosixPath:
        """The folder of the page whose file is at `path`. An index file is the page of its own folder."""
        return path.parent.parent if self.is_index else path.parent


class Page(NamedTuple):
    """What the addresses of a page depend on. `dates` are all days that a generator may have used."""

    place: str
    file: FileName
    title: str
    fields: Mapping[str, Any]
    dates: Sequence[date | datetime]

    @property
    def moments(self) -> Sequence[date | datetime | None]:
        """The dates, or None if there is none."""
        return self.dates or [None]
