"""`make lint` runs this module. It refuses the words listed in docs/words.txt in every text file, with suggestions."""

import re
import sys
from functools import cache

from tests.support.files import ROOT, project_files

LIST = ROOT / "docs/words.txt"
# Not checked: texts of example posts, recorded results, the list itself and its test.
EXCLUDED = {
    "blogs/demo/",
    "benchmarks/posts.py",
    "benchmarks/results/",
    "docs/words.txt",
    "tests/test_documentation.py",
}
BINARY = {".heic", ".png", ".webp", ".woff2"}


@cache
def rules():
    """(pattern, suggested words) for each line of the list."""
    lines = [line.split("\t") for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    return [(re.compile(rf"(?<![a-z])(?:{word})(?![a-z])", re.I), better.strip()) for word, better in lines]


def problems(name, text):
    """A message for each listed word that occurs in `text`, the content of the file `name`."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, better in rules():
            for match in pattern.finditer(line.replace("_", " ")):
                yield f"{name}:{number}: “{match[0]}”: write {better}"


def main():
    texts = [
        path
        for path in project_files()
        if path.suffix not in BINARY and not path.as_posix().startswith(tuple(EXCLUDED))
    ]
    found = [problem for path in sorted(texts) for problem in problems(path, (ROOT / path).read_text(errors="replace"))]
    return "\n".join(found)


if __name__ == "__main__":
    sys.exit(main() or 0)
