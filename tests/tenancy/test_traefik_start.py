"""traefik/start writes Traefik's static configuration file from environment variables."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure


@pytest.fixture
def start(tmp_path):
    """start(NAME="value"): run `traefik/start` with a fake Traefik that prints the path of its file."""
    traefik = tmp_path / "traefik"
    traefik.write_text('#!/bin/sh\necho "${1#--configfile=}"\n')
    traefik.chmod(0o755)
    told = {"INTERNAL_HOST": "internal.test", "INTERNAL_TOKEN": "token", "SHARED_DEPLOYMENT": "http://a:1,http://b:2"}
    own = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "TRAEFIK": str(traefik)}

    def start(**changes):
        environment = {name: value for name, value in (told | own | changes).items() if value is not None}
        return subprocess.run(["traefik/start"], env=environment, capture_output=True, text=True)

    return start


def test_the_token_can_be_read_from_a_file_and_is_written_to_a_file_that_no_other_user_can_read(start, tmp_path):
    (tmp_path / "token").write_text("the-token\n")

    file = Path(start(INTERNAL_TOKEN=None, INTERNAL_TOKEN_FILE=str(tmp_path / "token")).stdout.strip())

    assert 'Authorization: "Bearer the-token"' in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_unset_variables_get_defaults_and_values_are_inserted_without_expansion(start):
    text = Path(start(ACME_EMAIL="${INTERNAL_TOKEN} $(id) `id`").stdout.strip()).read_text()

    assert 'email: "${INTERNAL_TOKEN} $(id) `id`"' in text
    assert 'address: ":443"' in text
    assert 'endpoint: "http://a:1/traefik/document"' in text


@pytest.mark.parametrize("name", ["INTERNAL_HOST", "INTERNAL_TOKEN", "SHARED_DEPLOYMENT"])
def test_a_missing_variable_is_refused_with_its_name(start, name):
    refused = start(**{name: None})

    assert refused.returncode == 1
    assert f"The environment variable {name} is not set" in refused.stderr
