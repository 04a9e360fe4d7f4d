"""The parts of a file's name: date, name and language."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

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
