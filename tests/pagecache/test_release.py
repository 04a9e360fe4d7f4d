"""Each installation and each release has its own fingerprint, so none serves the cache entries of another."""

from shutil import copytree

import pytest

from pagecache.release import fingerprint

pytestmark = pytest.mark.pure

PAGE_FILES = ["blogs/pages/views.py", "blogs/templates/blogs/post.html", "settings/base.py", "tenancy/middleware.py"]
FILES = [*PAGE_FILES, "static/staticfiles.json"]


@pytest.fixture
def release(settings, tmp_path):
    """A folder with the files of a small release: code, a template and collected static files."""
    folder = tmp_path / "release"
    settings.BASE_DIR, settings.STATIC_ROOT = folder, folder / "static"
    for name in FILES:
        write(folder / name, f"This is {name}.")
    for package in ("blogs", "settings", "tenancy", "tests"):
        write(folder / package / "__init__.py", "")
    return folder


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_fingerprint_does_not_depend_on_the_folder_of_the_release(release, settings, tmp_path):
    first = fingerprint()
    assert fingerprint() == first

    settings.BASE_DIR = copytree(release, tmp_path / "elsewhere")
    settings.STATIC_ROOT = settings.BASE_DIR / "static"
    assert fingerprint() == first


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "of another installation"),
        ("PUBLIC_SCHEME", "https"),
        ("PUBLIC_PORT", "8081"),
        ("STATIC_URL", "/assets/"),
    ],
)
def test_two_installations_have_different_fingerprints(release, settings, name, value):
    first = fingerprint()
    assert getattr(settings, name) != value

    setattr(settings, name, value)
    assert fingerprint() != first


@pytest.mark.parametrize("name", FILES)
def test_a_changed_or_deleted_file_changes_the_fingerprint(release, name):
    first = fingerprint()

    write(release / name, f"This is {name}!")
    second = fingerprint()
    (release / name).unlink()
    assert len({first, second, fingerprint()}) == 3


@pytest.mark.parametrize("name", PAGE_FILES)
def test_a_moved_file_changes_the_fingerprint(release, name):
    first = fingerprint()

    there = release / "blogs" / "elsewhere" / (release / name).name
    there.parent.mkdir()
    (release / name).rename(there)
    assert fingerprint() != first


def test_a_new_file_changes_the_fingerprint(release):
    first = fingerprint()

    write(release / "blogs" / "nested" / "new.html", "")
    assert fingerprint() != first


@pytest.mark.parametrize(
    "name", ["blogs/__pycache__/views.cpython-311.pyc", "blogs/pages/views.pyc", "tests/test_views.py"]
)
def test_files_that_pages_do_not_depend_on_do_not_change_the_fingerprint(release, name):
    first = fingerprint()

    write(release / name, "Compiled.")
    assert fingerprint() == first
