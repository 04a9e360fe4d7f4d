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
_FENCE = re.compile(r"^(?:---|\+\+\+)[ \t]*$", re.MULTILINE)
_DATE_IN_NAME = re.compile(r"(?:^|/)[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
# A file without a date in one of these folders is a post that lacks it.
_OF_POSTS = {"articles", "blog", "journal", "log", "news", "notes", "post", "posts", "weblog", "writing"}
_BESIDE = ("*.*", "*/index.*")
MAX_FILES = 1_000
_HEAD = 4_096  # characters


class Sections:
    """The folders of an archive. Those of documentation, such as content/docs/guide/, have no files with a date."""

    def __init__(self, dialect: "Dialect") -> None:
        self._dialect = dialect
        self._has_dates: dict[Path, bool] = {}

    def is_of_pages(self, name: str) -> bool:
        """Whether no file beside this one has a date. For an index.md, the folders beside its folder count."""
        project = self._dialect.project
        content = PurePosixPath(self._dialect.content_path(project.place(name)))
        parents = content.parent.parts
        if not project.is_known or not parents or any(part.lower() in _OF_POSTS for part in parents):
            return False
        folder = (project.folder / name).parent
        folder = folder.parent if content.stem == "index" and folder != project.folder else folder
        if folder not in self._has_dates:
            found = (path for pattern in _BESIDE for path in sorted(folder.glob(pattern)))
            markdown = (path for path in found if path.suffix.lower() in files.SUFFIXES)
            inside = (path for path in markdown if files.is_inside(path, folder))
            self._has_dates[folder] = any(_is_dated(path, folder) for path in islice(inside, MAX_FILES))
        return not self._has_dates[folder]


def _is_dated(path: Path, folder: Path) -> bool:
    if _DATE_IN_NAME.search(path.relative_to(folder).as_posix()):
        return True
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _DATE.search(_front_matter(file.read(_HEAD))) is not None
    except OSError:
        return True


def _front_matter(text: str) -> str:
    """The front matter of a text. A date in the text itself, such as in an example, does not count."""
    parts = _FENCE.split(text, maxsplit=2)
    return parts[1] if len(parts) > 1 and not parts[0].strip() else ""
