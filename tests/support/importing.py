"""A folder of Markdown files, and runs of `import_markdown` on it."""

import io
import json
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.core.management import call_command
from PIL import Image


class Run(NamedTuple):
    code: int
    output: str
    records: dict[str, dict]  # file name → the line of the report about this file
    summary: dict  # the last line of the report

    def verdicts(self):
        return {name: record["verdict"] for name, record in self.records.items()}

    def notes(self, name):
        return [note["message"] for note in self.records[name]["notes"]]


class Archive:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.reports = (folder.parent / f"report-{number}.jsonl" for number in count(1))

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def picture(self, name, colour="red", size=(4, 3)):
        content = io.BytesIO()
        Image.new("RGB", size, colour).save(content, "PNG")
        return self.write(name, content.getvalue())

    def run(self, *options, site="techblog.test", folder=None):
        report, output, code = next(self.reports), io.StringIO(), 0
        try:
            call_command(
                "import_markdown",
                str(folder or self.folder),
                *options,
                f"--site={site}",
                f"--report={report}",
                stdout=output,
            )
        except SystemExit as end:
            code = end.code
        *records, last = [json.loads(line) for line in report.read_text().splitlines()]
        return Run(code, output.getvalue(), {record["file"]: record for record in records}, last["summary"])

    def stored_files(self):
        """The files of all sites in MEDIA_ROOT."""
        return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture
def archive(techblog, tmp_path):
    return Archive(tmp_path / "archive")
