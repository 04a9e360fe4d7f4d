"""Two imports into one site run one after the other, so that every post is stored once."""

import io
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from blogs.models import Placement
from transfer import locks

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite

HEAD = "---\ndate: 2015-01-01\nauthor: Ada\ntags: [a]\n---\nText."


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(locks, "RETRY_INTERVAL", 0.05)


def start(archive, output, errors):
    def run():
        try:
            call_command("import_markdown", str(archive.folder), "--site=techblog.test", stdout=output, stderr=errors)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_same_import_started_twice_at_the_same_moment_stores_every_post_once(archive, techblog):
    for number in range(20):
        archive.write(f"{number}.md", HEAD)
    outputs = [io.StringIO(), io.StringIO()]

    for thread in [start(archive, output, io.StringIO()) for output in outputs]:
        thread.join()

    assert Placement.objects.on(techblog).live().count() == 20
    texts = [output.getvalue() for output in outputs]
    assert sum("20 created, 0 updated, 0 unchanged" in text for text in texts) == 1
    assert sum("0 created, 0 updated, 20 unchanged" in text for text in texts) == 1


class Errors(io.StringIO):
    def __init__(self):
        super().__init__()
        self.written = threading.Event()

    def write(self, text):
        self.written.set()
        return super().write(text)


def test_an_import_waits_for_the_end_of_another_one_and_says_so(archive, techblog):
    archive.write("a.md", HEAD)
    errors = Errors()

    with locks.import_lock(techblog, str):
        thread = start(archive, io.StringIO(), errors)
        assert errors.written.wait(60)
        assert not Placement.objects.exists()
    thread.join()

    assert Placement.objects.on(techblog).count() == 1
    assert errors.getvalue().startswith("Another import into techblog.test is running; this one waits for its end.")


def test_an_import_that_waits_too_long_ends_with_the_remedy(archive, techblog, monkeypatch):
    monkeypatch.setattr(locks, "TIMEOUT", 0.1)
    archive.write("a.md", HEAD)

    with locks.import_lock(techblog, str), pytest.raises(CommandError, match=r"still running .* Start it again when"):
        call_command("import_markdown", str(archive.folder), "--site=techblog.test", stderr=io.StringIO())

    assert not Placement.objects.exists()
    assert archive.run().verdicts() == {"a.md": "created"}


def test_imports_into_two_sites_do_not_wait_for_each_other(archive, techblog, financeblog):
    archive.write("a.md", HEAD)

    with locks.import_lock(techblog, str):
        assert archive.run(site="financeblog.test").verdicts() == {"a.md": "created"}
