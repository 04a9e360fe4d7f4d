"""For each row of docs/private-api.md, the library has an upper bound, the files use it and the tests exist."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.pure

ROOT = Path(settings.BASE_DIR)
# Name in requirements → name of the Python module, for libraries where these names differ.
MODULES = {
    "django-redis": "django_redis",
    "markdown-it-py": "markdown_it",
    "mdit-py-plugins": "mdit_py_plugins",
    "pyyaml": "yaml",
}


def rows():
    """Return (library, private names, our files, test files) for each row of the table."""
    lines = (ROOT / "docs/private-api.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [(library, what, in_backticks(ours), in_backticks(tests)) for library, what, ours, tests in cells[2:]]


def in_backticks(cell):
    return re.findall(r"`([^`]+)`", cell)


def bounded():
    """The names of all requirements with an upper bound."""
    text = "\n".join((ROOT / "requirements" / f"{name}.in").read_text() for name in ("base", "production"))
    return {match[1] for match in re.finditer(r"(?m)^([\w-]+)(?:\[[\w,]+\])?[^#\n]*<\d", text)}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}: {row[1][:40]}")
def test_a_library_whose_private_api_is_used_has_an_upper_bound_and_a_test(row):
    library, what, ours, tests = row

    assert library in bounded()
    assert ours and tests
    for name in ours:
        assert re.search(rf"(?m)^\s*(?:from|import) {MODULES.get(library, library)}\b", (ROOT / name).read_text()), name
    text = "".join((ROOT / name).read_text() for name in ours)
    for used in in_backticks(what):
        assert used.split(".")[-1] in text, used
    for name in tests:
        assert (ROOT / name).is_file(), name
        assert re.search(r"(?m)^def test_", (ROOT / name).read_text()), name


def test_a_requirement_without_an_upper_bound_is_not_counted_as_bounded():
    assert "redis" in bounded()
    assert "pillow" not in bounded()
