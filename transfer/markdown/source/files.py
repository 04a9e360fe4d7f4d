"""Reads files of an archive. Archives are untrusted: files outside the folder and files above a limit are refused."""

import os
import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from transfer.markdown.outcomes import Broken

MAX_BYTES = 2 * 1024 * 1024
# The most frequent ones first.
SUFFIXES = (".md", ".mdx", ".markdown", ".mkd", ".mkdn", ".mkdown", ".mdown", ".mdwn")
IMAGE_SUFFIXES = {".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp"}
# Texts in other formats. The summary counts them, because posts may be among them.
_OTHER_TEXTS = {
    ".adoc", ".asciidoc", ".creole", ".docx", ".htm", ".html", ".ipynb", ".liquid", ".mdoc", ".njk", ".odt",
    ".org", ".php", ".pug", ".qmd", ".rmd", ".rst", ".svx", ".tex", ".textile", ".txt", ".wiki", ".xml",
}  # fmt: skip


class Listing(NamedTuple):
    """The Markdown files, sorted by path, and the number of texts in other formats by suffix."""

    markdown: list[Path]
    others: Counter[str]


def list_files(folder: Path) -> Listing:
    """The files in `folder` and its subfolders. Skips hidden folders and symbolic links to folders."""
    found: list[Path] = []
    others: Counter[str] = Counter()
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "node_modules"))]
        for name in names:
            suffix = Path(name).suffix
            if suffix.lower() in SUFFIXES:
                found.append(Path(root, name))
            elif suffix.lower() in _OTHER_TEXTS and not name.startswith("."):
                others[suffix] += 1
    return Listing(sorted(found), others)


def markdown_files(folder: Path) -> list[Path]:
    """The Markdown files in `folder` and its subfolders, sorted by path."""
    return list_files(folder).markdown


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


def is_image_address(address: str) -> bool:
    """Whether the path in the address ends like the name of an image."""
    return PurePosixPath(re.split("[?#]", address, maxsplit=1)[0]).suffix.lower() in IMAGE_SUFFIXES
