"""The folders of the tests mirror the packages, and shared helpers are in tests/support."""

import ast
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.pure

ROOT = Path(settings.BASE_DIR)
TESTS = ROOT / "tests"
NO_PACKAGE = {"stack", "support"}  # folders that belong to no package


def imported_test_modules(source):
    """The dotted names of all imports below `tests` in this source, except those from tests.support."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {f"{module}.{alias.name}" for alias in node.names}
    roots = {name: name.split(".")[:2] for name in found}
    return sorted(name for name, root in roots.items() if root[0] in ("", "tests") and root != ["tests", "support"])


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("from tests.blogs.test_pages import page_of", ["tests.blogs.test_pages.page_of"]),
        ("from tests import conftest", ["tests.conftest"]),
        ("import tests.test_isolation", ["tests.test_isolation"]),
        ("def test():\n    from .test_pages import page_of", [".test_pages.page_of"]),
        ("from tests.support.pictures import picture\nfrom tests.support import servers\nimport blogs", []),
    ],
)
def test_imported_test_modules_finds_only_imports_of_test_modules(source, imported):
    assert imported_test_modules(source) == imported


def test_test_modules_import_helpers_only_from_tests_support():
    imports = {
        str(path.relative_to(ROOT)): names
        for path in TESTS.rglob("*.py")
        if (names := imported_test_modules(path.read_text()))
    }

    assert imports == {}


def test_every_package_has_a_folder_of_tests_with_its_name():
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    folders = {path.parent.name for path in TESTS.glob("*/__init__.py")}

    assert folders - NO_PACKAGE == set(packages)
