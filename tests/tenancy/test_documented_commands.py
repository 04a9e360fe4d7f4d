"""`manage.py site` prints the output that docs/deployment.md shows."""

import re
import shlex
import textwrap

import pytest

from tenancy.management.commands.site import Command
from tests.support.files import ROOT

pytestmark = pytest.mark.sqlite


def documented():
    """Return (arguments, output) for each command in the section on several domains."""
    text = (ROOT / "docs/deployment.md").read_text()
    section = text.partition("\n## Several domains on one deployment\n")[2].partition("\n## ")[0]
    blocks = [textwrap.dedent(block) for _, block in re.findall(r"^( *)```\n(.*?)^\1```", section, re.M | re.S)]
    return re.findall(r"^\$ manage\.py (.*)\n((?:(?!\$ ).*\n)*)", "\n".join(blocks), re.M)


def without_ids(text):
    """The text without the ids of sites, which depend on the database, and with single spaces between columns."""
    text = re.sub(r"\(site \d+\)|^\d+(?=  )", "N", text, flags=re.M)
    return re.sub(r" +", " ", text).strip()


def test_the_documented_commands_print_the_documented_output(installation, settings, capsys):
    settings.ADMIN_HOST, settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "admin.example.com", "https", None
    commands = documented()
    assert len(commands) > 5

    for arguments, output in commands:
        try:
            Command().run_from_argv(["manage.py", *shlex.split(arguments)])
        except SystemExit as end:
            assert output.startswith("Refused: "), (arguments, end.code)
        printed = "".join(capsys.readouterr())
        assert without_ids(printed) == without_ids(output), arguments
