"""Files of an archive, which may come from a stranger: nothing outside its folders is read, nothing too large."""

import os
from pathlib import Path

from transfer.markdown.outcomes import Broken

MAX_BYTES = 2 * 1024 * 1024
SUFFIXES = {".md", ".markdown"}


def markdown_files(folder: Path) -> list[Path]:
    """All Markdown files below `folder` in the order of their paths; hidden folders and linked ones are left out."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "node_modules"))]
        found += [Path(root, name) for name in names if Path(name).suffix.lower() in SUFFIXES]
    return sorted(found)


def is_inside(path: Path, folder: Path) -> bool:
    """Whether `path` is a file of `folder` with all links followed."""
    real = path.resolve()
    return real.is_relative_to(folder.resolve()) and real.is_file()


def read_text(path: Path, folder: Path) -> str:
    """The text of a file, line ends as \\n. Raises Broken."""
    if not is_inside(path, folder):
        raise Broken("it is no file of the folder, but leads out of it")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Broken(f"it has {size:,} bytes; at most {MAX_BYTES:,} are allowed")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken("it is not UTF-8; convert it", content.count(b"\n", 0, error.start) + 1) from error
    if "\0" in text:
        raise Broken("it holds a NUL byte, so it is no text", text.count("\n", 0, text.index("\0")) + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def name_below(path: Path, folder: Path) -> str:
    """The path below `folder`, in a form that can be printed and stored whatever bytes the name has."""
    name = path.relative_to(folder).as_posix().encode("utf-8", "backslashreplace").decode()
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in name)
