"""Patterns of addresses such as /:year/:month/:title/, which most generators have, and paths of files."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from django.utils.text import slugify

from transfer.dialects.config import text_of
from transfer.dialects.page import Page
from transfer.markdown.source import files

MAX_PATTERN = 300  # characters
_PLACEHOLDER = re.compile(r":(?P<name>[a-z_]*[a-z])(?:\[(?P<slice>[0-9a-z:]*+)\])?")
_PAGE_SUFFIXES = (*files.SUFFIXES, ".html", ".htm")
_SEPARATORS = re.compile(r"[\s/]+")
# Part of a segment longer than this is never an address of a generator.
MAX_SEGMENT = 300

Values = Callable[[Page, date | datetime | None], Mapping[str, str]]


def filled(pattern: str, page: Page, values: Values) -> Iterator[str]:
    """The addresses that a pattern gives to a page, one for each possible date.

    A pattern with a placeholder that has no value for the page gives no address.
    """
    if len(pattern) > MAX_PATTERN:
        return
    for moment in page.moments:
        known = values(page, moment)
        if all(match["name"] in known for match in _PLACEHOLDER.finditer(pattern)):
            path = _PLACEHOLDER.sub(lambda match: _part(known[match["name"]], match["slice"]), pattern)  # noqa: B023
            yield "/" + re.sub("/{2,}", "/", path).lstrip("/")


def unknown_placeholders(pattern: str) -> list[str]:
    """The placeholders of the pattern that no dialect knows."""
    return sorted({match["name"] for match in _PLACEHOLDER.finditer(pattern)} - PLACEHOLDERS)


def _part(value: str, wanted: str | None) -> str:
    """The slice of a path that Hugo's :sections[1:] selects."""
    if wanted is None:
        return value
    parts = value.split("/")
    begin, colon, end = wanted.replace("last", "-1").partition(":")
    try:
        if not colon:
            return parts[int(begin)]
        return "/".join(parts[int(begin or 0) : int(end) if end else None])
    except (ValueError, IndexError):
        return ""


def values(page: Page, moment: date | datetime | None, content_path: str) -> dict[str, str]:
    """The values of all placeholders. Those of a date are absent without a date."""
    path = PurePosixPath(content_path)
    folder = page.file.folder_of(path).as_posix()
    folder = "" if folder == "." else folder
    categories = [segment(name) for name in names(page.fields, "categories", "category")]
    title = segment(page.title)
    slug = segment(text_of(page.fields.get("slug")))
    found = {
        "basename": page.file.name,
        "categories": "/".join(categories),
        "category": "/".join(categories),
        "collection": folder.partition("/")[0].lstrip("_"),
        "contentbasename": page.file.name,
        "filename": page.file.name,
        "name": page.file.stem,
        "output_ext": ".html",
        "path": (PurePosixPath(folder) / page.file.name).as_posix(),
        "post_title": title,
        "section": folder.partition("/")[0],
        "sections": folder,
        "slug": slug or page.file.stem,
        "slugified_categories": "/".join(map(slugify, categories)),
        "slugorcontentbasename": slug or page.file.name,
        "slugorfilename": slug or page.file.name,
        "stem": page.file.stem,
        "title": slug or page.file.stem,
    }
    return found if moment is None else {**found, **_values_of(moment)}


def _values_of(moment: date | datetime) -> dict[str, str]:
    forms = {
        "day": "%d",
        "hour": "%H",
        "long_day": "%A",
        "long_month": "%B",
        "minute": "%M",
        "month": "%m",
        "monthname": "%B",
        "second": "%S",
        "short_day": "%a",
        "short_month": "%b",
        "short_year": "%y",
        "w_day": "%u",
        "w_year": "%G",
        "week": "%V",
        "weekday": "%w",
        "weekdayname": "%A",
        "y_day": "%j",
    }
    return {
        **{name: moment.strftime(form) for name, form in forms.items()},
        "i_day": str(moment.day),
        "i_month": str(moment.month),
        "year": f"{moment.year:04}",
        "yearday": str(moment.timetuple().tm_yday),
    }


def segment(text: str) -> str:
    """A name as part of an address: in lower case, with hyphens in place of spaces."""
    return _SEPARATORS.sub("-", text[:MAX_SEGMENT].strip()).lower()


def names(fields: Mapping[str, Any], *keys: str) -> list[str]:
    """The names in the first field with a value: a list, or a text with commas."""
    value = next((fields[key] for key in keys if fields.get(key)), None)
    if isinstance(value, str):
        value = value.split(",") if "," in value else [value]
    texts = map(text_of, value if isinstance(value, list) else [])
    return [text for text in texts if text]


PLACEHOLDERS = frozenset(
    {
        *_values_of(date(2000, 1, 1)),
        "basename", "categories", "category", "collection", "contentbasename", "filename", "name", "output_ext",
        "path", "post_title", "section", "sections", "slug", "slugified_categories", "slugorcontentbasename",
        "slugorfilename", "stem", "title",
    }
)  # fmt: skip


def joined(folder: PurePosixPath, path: str) -> str:
    """The path relative to the root, without `.` and `..`. Empty if it leads above the root."""
    parts = [part for part in folder.parts if part != "/"]
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def files_at(path: str) -> Iterator[str]:
    """The files that a link to `path` can mean: the file itself, the file without its suffix, an index file."""
    if not path:
        return
    yield path
    stem = next((path[: -len(suffix)] for suffix in _PAGE_SUFFIXES if path.lower().endswith(suffix)), path)
    for suffix in files.SUFFIXES:
        yield f"{stem}{suffix}"
    for suffix in files.SUFFIXES[:3]:
        yield f"{stem}/index{suffix}"
    yield f"{stem}/_index.md"
