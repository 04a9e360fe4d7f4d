"""The outcome of importing one file, with notes for the author of the file."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Verdict(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


class Subject(StrEnum):
    """The topic of a note. The summary counts notes by subject and cause."""

    ADDRESS = "addresses"
    EMBEDDED = "embedded content"
    FIELD = "front matter"
    IMAGE = "images"
    LINK = "dead links"
    HIDDEN = "links to posts that are not live"
    TAG = "template tags"


class Note(NamedTuple):
    """A note for the author of a file.

    The summary groups notes by `cause`, a phrase that names no value. `about` is the value: the target of a link, the
    address of an image, or the name of a template tag or of a field.
    """

    subject: Subject
    message: str
    line: int | None = None  # The line in the file, counted from 1.
    cause: str = ""
    about: str = ""


class Broken(ValueError):
    """The file cannot be imported. `line` is the line of the error, counted from 1."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Edited(Exception):
    """The post was edited on the site after its last import, so the import must not replace it."""


class Skipped(Exception):
    """The file was no page of the old site, so it does not become a post."""


@dataclass
class Outcome:
    """What became of a file. `state` and what follows are empty for a file that is skipped."""

    path: str
    verdict: Verdict
    address: str = ""
    reason: str = ""
    line: int | None = None
    broken: bool = False
    images: int = 0  # The number of images that the import of this file stored.
    notes: list[Note] = field(default_factory=list)
    state: str = ""  # a value of Placement.State
    unpublished_because: str = ""
    ignored_fields: tuple[str, ...] = ()
    imported_as: str = ""  # The path of the file in an earlier import, if it differs.

    def lines(self) -> list[str]:
        """Lines for the terminal: one for the verdict and one for each note, with file and line number."""
        return [
            f"{self.verdict:9} {self.headline()}",
            *(f"          {self.place(note.line)}: {note.message}" for note in self.notes),
        ]

    def headline(self) -> str:
        """The file, and its address or the reason why it has none."""
        what = self.address or self.reason
        joint = " → " if self.address else ": " if what else ""
        return f"{self.place(self.line)}{joint}{what}"

    def place(self, line: int | None) -> str:
        return self.path if line is None else f"{self.path}:{line}"

    def record(self) -> dict[str, Any]:
        """The content of one line of the JSON report."""
        return {
            "file": self.path,
            "verdict": str(self.verdict),
            "address": self.address,
            "state": self.state,
            "unpublished_because": self.unpublished_because,
            "reason": self.reason,
            "line": self.line,
            "images": self.images,
            "imported_as": self.imported_as,
            "ignored_fields": list(self.ignored_fields),
            "notes": [note._asdict() for note in self.notes],
        }
