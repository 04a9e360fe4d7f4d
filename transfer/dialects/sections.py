"""Finds the folders whose files are pages, because none of them has a date."""

import re
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from transfer.markdown.source import files

if TYPE_CHECKING:
    from transfer.dialects.base import Dialect

_DATE = re.compile(
    r"""^[ \t]*["']?(?:(?:pub(?:lish)?_?)?date(?:time)?|published(?:_?at)?|created)["']?\s*[:=]""", re.I | re.M
)
_DATE_IN_NAME = re.compile(r"(?:^|/)[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
# A file without a date in one of these folders is a post that lacks it.
_OF_POSTS = {"articles", "blog", "journal", "log", "news", "notes", "post", "posts", "weblog", "writing"}
MAX_FILES = 1_000
_HEAD = 4_096  # characters


class Sections:
    """The first folders below the content of an archive, such as docs/ in content/docs/."""

    def __init__(self, dialect: "Dialect") -> None:
        self._dialect = dialect
        self._has_dates: dict[Path, bool] = {}

    def is_of_pages(self, name: str) -> bool:
        """Whether the file is in a section in which no file has a date."""
        project = self._dialect.project
        place = project.place(name)
        content = PurePosixPath(self._dialect.content_path(place))
        if not project.is_known or len(content.parts) < 2 or content.parts[0].lower() in _OF_POSTS:
            return False
        section = place[: len(place) - len(content.as_posix())] + content.parts[0]
        below = PurePosixPath(section).parts[len(project.below.parts) :]
        folder = project.folder.joinpath(*below)
        if folder not in self._has_dates:
            found = (path for path in files.markdown_files(folder) if files.is_inside(path, folder))
            self._has_dates[folder] = any(_is_dated(path, folder) for path in islice(found, MAX_FILES))
        return not self._has_dates[folder]


def _is_dated(path: Path, folder: Path) -> bool:
    if _DATE_IN_NAME.search(path.relative_to(folder).as_posix()):
        return True
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _DATE.search(file.read(_HEAD)) is not None
    except OSError:
        return True
