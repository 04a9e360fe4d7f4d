"""Pages of another installation or release are never shown: theirs is another fingerprint."""

from shutil import copytree

import pytest

from pagecache.release import fingerprint

pytestmark = pytest.mark.pure

MADE_BY = ["blogs/pages/views.py", "blogs/templates/blogs/post.html", "settings/base.py", "tenancy/middleware.py"]
FILES = [*MADE_BY, "static/staticfiles.json"]


@pytest.fixture
def release(settings, tmp_path):
    """The folder of a small one: code, a template, collected static files."""
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


def test_the_same_release_has_the_same_fingerprint_wherever_it_lies(release, settings, tmp_path):
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
def test_another_installation_has_another(release, settings, name, value):
    first = fingerprint()
    assert getattr(settings, name) != value

    setattr(settings, name, value)
    assert fingerprint() != first


@pytest.mark.parametrize("name", FILES)
def test_another_content_of_a_file_that_makes_pages_gives_another(release, name):
    first = fingerprint()

    write(release / name, f"This is {name}!")
    second = fingerprint()
    (release / name).unlink()
    assert len({first, second, fingerprint()}) == 3


@pytest.mark.parametrize("name", MADE_BY)
def test_a_file_that_moves_gives_another(release, name):
    first = fingerprint()

    there = release / "blogs" / "elsewhere" / (release / name).name
    there.parent.mkdir()
    (release / name).rename(there)
    assert fingerprint() != first


def test_a_new_file_that_makes_pages_gives_another(release):
    first = fingerprint()

    write(release / "blogs" / "nested" / "new.html", "")
    assert fingerprint() != first


@pytest.mark.parametrize(
    "name", ["blogs/__pycache__/views.cpython-311.pyc", "blogs/pages/views.pyc", "tests/test_views.py"]
)
def test_what_makes_no_page_does_not_count(release, name):
    first = fingerprint()

    write(release / name, "Compiled.")
    assert fingerprint() == first
