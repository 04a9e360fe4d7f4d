"""Reads files of an archive. Archives are untrusted: files outside the folder and files above a limit are refused."""

import os
from pathlib import Path

from transfer.markdown.outcomes import Broken

MAX_BYTES = 2 * 1024 * 1024
SUFFIXES = {".md", ".markdown"}


def markdown_files(folder: Path) -> list[Path]:
    """The Markdown files in `folder` and its subfolders, sorted by path. Skips hidden folders and symbolic links."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "node_modules"))]
        found += [Path(root, name) for name in names if Path(name).suffix.lower() in SUFFIXES]
    return sorted(found)


def is_inside(path: Path, folder: Path) -> bool:
    """Whether `path` is a file within `folder` after all symbolic links are resolved."""
    real = path.resolve()
    return real.is_relative_to(folder.resolve()) and real.is_file()


def read_text(path: Path, folder: Path) -> str:
    """The text of a file with \\n as line ends. Raises Broken if the file cannot be read."""
    if not is_inside(path, folder):
        raise Broken("the file is a link to a place outside the folder")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Broken(f"the file has {size:,} bytes; the limit is {MAX_BYTES:,}")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken("the file is not UTF-8; convert it", content.count(b"\n", 0, error.start) + 1) from error
    if "\0" in text:
        raise Broken("the file contains a NUL byte", text.count("\n", 0, text.index("\0")) + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def name_below(path: Path, folder: Path) -> str:
    """The path relative to `folder`. Characters that cannot be printed or stored are escaped."""
    name = path.relative_to(folder).as_posix().encode("utf-8", "backslashreplace").decode()
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in name)
