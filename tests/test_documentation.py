"""What the documents say of the environment is what the code reads."""

import re

import pytest
from django.conf import settings

pytestmark = pytest.mark.pure

READERS = "text|secret|integer|choice|choices|host|addresses|networks|listening|postgresql|redis"
SCRIPTS_OWN = {"NAME", "TMPDIR"}


def read_by_the_application():
    files = (settings.BASE_DIR / "settings").glob("*.py")
    return {name for file in files for name in re.findall(rf'\b(?:{READERS})\(\s*"([A-Z_]+)"', file.read_text())}


def read_by_traefik():
    folder = settings.BASE_DIR / "traefik"
    texts = [path.read_text() for path in (folder / "traefik.yml", folder / "start", folder / "dynamic/newsstand.yml")]
    found = {name for text in texts for name in re.findall(r'(?:\$\{|\benv ")([A-Z_]+)', text)}
    return {name.removesuffix("_FILE") for name in found} - SCRIPTS_OWN


def test_every_variable_that_is_read_is_explained_and_no_other():
    table = (settings.BASE_DIR / "docs" / "deployment.md").read_text().partition("## Variables")[2]
    explained = {name for row in re.findall(r"^\| (`.*?`) \|", table, re.M) for name in re.findall(r"[A-Z_]+", row)}

    assert explained == read_by_the_application() | read_by_traefik()


def test_every_variable_of_compose_is_explained_where_it_is_set():
    folder = settings.BASE_DIR / "compose"
    used = {name for file in folder.glob("*.yml") for name in re.findall(r"\$\{([A-Z_]+)", file.read_text())}
    explained = set(re.findall(r"^#?([A-Z_]+)=", (folder / "example.env").read_text(), re.M))

    # Written by compose/roll.
    assert {name for name in used - explained if not name.endswith("_TAG")} == set()
