"""Finds out which generator a folder of Markdown files belongs to."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from transfer.dialects.astro import Astro
from transfer.dialects.base import Dialect, Project, Sign
from transfer.dialects.docusaurus import Docusaurus
from transfer.dialects.eleventy import Eleventy
from transfer.dialects.hexo import Hexo
from transfer.dialects.hugo import Hugo
from transfer.dialects.jekyll import Jekyll
from transfer.dialects.plain import Plain
from transfer.dialects.zola import Zola
from transfer.markdown.source import files

# In this order, because a _config.yml of Hexo is one of Jekyll too, and a config.toml of Zola may be one of Hugo.
_GENERATORS: tuple[type[Dialect], ...] = (Hexo, Jekyll, Zola, Hugo, Eleventy, Docusaurus, Astro)
_ALL: tuple[type[Dialect], ...] = (*_GENERATORS, Plain)
DIALECTS: Mapping[str, type[Dialect]] = {dialect.name: dialect for dialect in _ALL}

LEVELS_ABOVE = 4
# If only the folder of the content is imported, the project is the folder above these.
_CONTENT = re.compile(
    r"(?:src/content|src/pages|source|content|_posts|src/posts|src/blog|posts|blog|docs|src)(?:/.*)?", re.DOTALL
)
MAX_SAMPLES = 200
MAX_FOLDERS = 200
MAX_SHOWN = 3
_SAMPLE_LENGTH = 20_000  # characters
_OF_CONTENT = ("content", "source", "_posts", "src")


class Detected(NamedTuple):
    dialect: Dialect
    reason: str  # for the output of the command
    hint: str = ""  # what to import instead


def detect(folder: Path, paths: Sequence[Path], *, name: str = "", patterns: Sequence[str] = ()) -> Detected:
    """The dialect of the folder with the Markdown files `paths`. If `name` chooses it, only the project is sought."""
    candidates = (DIALECTS[name],) if name else _GENERATORS
    found = _configured(folder, candidates)
    if found:
        kind, project, file = found
        where = file if not project.below.parts else f"{file}, found in the folder above {project.below}"
        reason = "given by --dialect" if name else f"the project has the file {where}"
        return Detected(kind(project, patterns), reason)
    below = _place_of(folder)
    project = Project(folder, below, is_known=bool(below.parts))
    if name:
        return Detected(candidates[0](project, patterns), "given by --dialect", _hint(folder, candidates))
    kind, words = _likely(folder, project, paths)
    reason = f"found {' and '.join(words)}" if words else "no sign of a known generator was found"
    return Detected(kind(project, patterns), reason, _hint(folder, candidates))


def _hint(folder: Path, candidates: Sequence[type[Dialect]]) -> str:
    """Names the projects below the folder: their dates, addresses and links are known if they are imported alone."""
    found: list[str] = []
    for below in islice(_folders(folder), MAX_FOLDERS):
        configured = next(filter(None, (kind.config_of(below) for kind in candidates)), None)
        if configured:
            found.append(f"{below.relative_to(folder).as_posix()}/{configured[0]}")
    if not found:
        return ""
    return (
        f"A configuration is in {' and '.join(found[:MAX_SHOWN])}. Import its folder instead of the whole one, so that"
        " the dates, addresses and links of the old site are known."
    )


def _folders(folder: Path) -> Iterator[Path]:
    """The folders one and two levels below."""
    for pattern in ("*/", "*/*/"):
        for path in sorted(folder.glob(pattern)):
            if not path.name.startswith(".") and "node_modules" not in path.parts and path.is_dir():
                yield path


def _configured(folder: Path, candidates: Sequence[type[Dialect]]) -> tuple[type[Dialect], Project, str] | None:
    """The dialect whose configuration is in the folder, or in a folder above that contains `folder` as its content."""
    folder = folder.resolve()
    for level, root in enumerate([folder, *folder.parents][: LEVELS_ABOVE + 1]):
        below = folder.relative_to(root)
        if level and not _CONTENT.fullmatch(below.as_posix()):
            continue
        for kind in candidates:
            found: tuple[str, Mapping[str, Any]] | None = kind.config_of(root)
            if found:
                return kind, Project(folder, PurePosixPath(below.as_posix()), found[1], is_known=True), found[0]
    return None


def _place_of(folder: Path) -> PurePosixPath:
    """The path in the project, if the name of the folder tells it."""
    folder = folder.resolve()
    for parts in (folder.parts[-3:], folder.parts[-2:], folder.parts[-1:]):
        if parts and parts[0] in _OF_CONTENT and (parts[0] != "src" or parts[1:2] in (("content",), ("pages",))):
            return PurePosixPath(*parts)
    return PurePosixPath()


def _likely(folder: Path, project: Project, paths: Sequence[Path]) -> tuple[type[Dialect], list[str]]:
    """The dialect with most signs in names and texts, and the signs in words."""
    sample = paths[:: max(1, len(paths) // MAX_SAMPLES)][:MAX_SAMPLES]
    names = [project.place(path.relative_to(folder).as_posix()) for path in sample]
    names += [project.place(name) for name in _other_names(folder)]
    texts = [_beginning(path) for path in sample if files.is_inside(path, folder)]
    best: tuple[int, type[Dialect], list[str]] = (0, Plain, [])
    for kind in _GENERATORS:
        signs = [sign for sign in kind.name_signs if _occurs(sign, names)]
        signs += [sign for sign in kind.text_signs if _occurs(sign, texts)]
        weight = sum(sign.weight for sign in signs)
        if weight > max(best[0], 1):
            best = weight, kind, [sign.words for sign in signs]
    return best[1], best[2]


def _occurs(sign: Sign, texts: Sequence[str]) -> bool:
    pattern = re.compile(sign.pattern, re.MULTILINE)
    return any(pattern.search(text) for text in texts)


def _other_names(folder: Path) -> list[str]:
    """Names of files beside the Markdown files, in the folder itself and one level below."""
    found = islice(chain(folder.glob("*"), folder.glob("*/*")), 1000)
    return [path.relative_to(folder).as_posix() for path in found if path.suffix.lower() not in files.SUFFIXES]


def _beginning(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_SAMPLE_LENGTH)
    except OSError:
        return ""
