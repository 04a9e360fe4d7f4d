"""The files of the checkout."""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def project_files():
    """The paths of all files relative to ROOT, except files in hidden folders and files that are generated."""
    tops = [top for top in ROOT.iterdir() if not top.name.startswith(".") and top.name not in {"staticfiles", "var"}]
    found = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file()]
    return [path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts]
