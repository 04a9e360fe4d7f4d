"""Recognises files of an earlier import that started in a folder above or below.

`a.md` and `_posts/a.md` are the same file if the earlier import started in `_posts`. The path of the one folder below
the other is a shift, here `_posts`. A shift is assumed only if it explains several files and at least half of the files
below its folder, so that two files that have the same name by chance are not taken for one.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

MIN_FILES = 3


class Shift(NamedTuple):
    """`folder` is the path of the folder of one import below the folder of the other. It is empty if they are equal."""

    folder: str
    is_below: bool  # Whether this import starts below the earlier one.


SAME = Shift("", is_below=False)


def matches(names: Collection[str], earlier: Collection[str]) -> dict[str, str]:
    """The path in an earlier import of each file that had one. `names` and `earlier` are paths of this and of those."""
    pairs: dict[Shift, list[tuple[str, str]]] = defaultdict(list)
    known = frozenset(earlier)
    by_end = _by_end(earlier)
    for name in names:
        if name in known:
            pairs[SAME].append((name, name))
        for folder, rest in _divisions(name):
            if rest in known:
                pairs[Shift(folder, is_below=False)].append((name, rest))
        for path in by_end.get(name, ()):
            pairs[Shift(path.removesuffix(f"/{name}"), is_below=True)].append((name, path))
    return _assigned(pairs, names)


def _assigned(pairs: Mapping[Shift, list[tuple[str, str]]], names: Collection[str]) -> dict[str, str]:
    """Follow the shifts with the most files first. Each file and each earlier path is used once."""
    files_below = Counter(folder for name in names for folder, _ in _divisions(name))
    found: dict[str, str] = {}
    used: set[str] = set()
    for shift, files in sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0] != SAME, pair[0])):
        candidates = len(names) if shift.is_below else files_below[shift.folder]
        if shift != SAME and (len(files) < MIN_FILES or 2 * len(files) < candidates):
            continue
        for name, path in files:
            if name not in found and path not in used:
                found[name] = path
                used.add(path)
    return found


def _by_end(paths: Collection[str]) -> dict[str, list[str]]:
    """The paths by each part of them that follows a slash."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        for _, rest in _divisions(path):
            found[rest].append(path)
    return found


def _divisions(path: str) -> Iterator[tuple[str, str]]:
    """The path divided at each of its slashes."""
    parts = PurePosixPath(path).parts
    for number in range(1, len(parts)):
        yield "/".join(parts[:number]), "/".join(parts[number:])
