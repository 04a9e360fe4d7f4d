"""The output, the options and the errors of `manage.py import_markdown`."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from blogs.models import Post
from transfer.management.commands import import_markdown

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

HEAD = "---\ndate: 2015-01-01\n---\n"


def test_with_verbosity_2_the_output_lists_files_and_notes_and_ends_with_a_summary(archive):
    archive.write("a.md", HEAD + "{% x %}")
    archive.write("b.md", "---\n")

    run = archive.run("--verbosity=2")

    assert "created   a.md → /a/" in run.output
    assert "          a.md:4: the template tag {% x %} is unknown" in run.output
    assert "skipped   b.md:1: the front matter has no closing line ---" in run.output
    assert "1 created, 0 updated, 0 unchanged, 1 skipped; 0 images stored" in run.output
    assert "1 template tags: " in run.output
    assert "The site is at http://techblog.test/" in run.output
    assert run.code == 1


def test_embedded_content_that_the_sanitiser_removes_is_reported(archive):
    archive.write("a.md", HEAD + 'Text.\n<IFRAME src="https://video.example/1"></IFRAME> `<iframe>` <script>x</script>')

    run = archive.run()

    assert [(note["line"], note["message"].partition(">")[0]) for note in run.records["a.md"]["notes"]] == [
        (5, "the <iframe")
    ]
    assert "<iframe" not in Post.objects.get().body_html


def test_a_video_player_becomes_a_card_and_is_not_reported(archive):
    archive.write("a.md", HEAD + '<iframe src="https://www.youtube.com/embed/abcde"></iframe>')

    run = archive.run()

    assert run.records["a.md"]["notes"] == []
    assert 'href="https://www.youtube.com/watch?v=abcde"' in Post.objects.get().body_html


@pytest.mark.parametrize("text", ["words {}", "<div>\n{}\n</div>", "{} words"])
def test_a_video_player_beside_other_content_is_removed_and_reported(archive, text):
    archive.write("a.md", HEAD + text.format('<iframe src="https://www.youtube.com/embed/abcde"></iframe>'))

    run = archive.run()

    assert [note["message"].partition(">")[0] for note in run.records["a.md"]["notes"]] == ["the <iframe"]
    assert "youtube" not in Post.objects.get().body_html


def test_other_html_that_the_sanitiser_removes_is_reported(archive):
    archive.write("a.md", HEAD + '<p style="color: red">a</p> <font>b</font> <b class="c">c</b>')

    run = archive.run()

    assert [note["message"] for note in run.records["a.md"]["notes"]] == [
        "the attribute style of <p> is removed from the page",
        "<font> is removed from the page",
    ]


def test_an_import_without_errors_exits_with_0(archive):
    archive.write("a.md", HEAD)

    assert archive.run().code == 0


@pytest.mark.parametrize("site", ["techblog.test", "TECHBLOG.test.", "www.techblog.test"])
def test_the_option_site_accepts_any_domain_of_a_site(archive, techblog, site):
    techblog.domains.create(name="www.techblog.test")
    archive.write("a.md", HEAD)

    assert archive.run(site=site).verdicts() == {"a.md": "created"}


@pytest.mark.parametrize("site", ["nowhere.test", "http://techblog.test", "", "a\nb"])
def test_an_unknown_site_is_refused_with_a_list_of_existing_sites(archive, techblog, financeblog, site):
    archive.write("a.md", HEAD)

    with pytest.raises(CommandError, match=r"Sites that exist: financeblog\.test \(\d+\), techblog\.test \(\d+\)\."):
        call_command("import_markdown", str(archive.folder), f"--site={site}")
    assert not Post.objects.exists()


def test_a_folder_without_markdown_is_refused(archive, tmp_path):
    archive.write("a.txt", "Text.")
    archive.write(".git/b.md", "Text.")

    with pytest.raises(CommandError, match=r"contain no \.md file"):
        call_command("import_markdown", str(archive.folder), "--site=techblog.test")
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("import_markdown", str(tmp_path / "nowhere"), "--site=techblog.test")
    archive.write("a.md", HEAD)
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("import_markdown", str(archive.folder), "--site=techblog.test", f"--media={tmp_path / 'nowhere'}")


def test_a_report_never_overwrites_an_existing_file(archive):
    file = archive.write("a.md", HEAD)

    with pytest.raises(CommandError, match="Cannot create the report file"):
        call_command("import_markdown", str(archive.folder), "--site=techblog.test", f"--report={file}")
    assert file.read_text() == HEAD
    assert not Post.objects.exists()


def test_the_report_has_one_line_of_json_per_file_and_one_for_the_summary(archive, tmp_path):
    archive.write("a.md", HEAD + "![](x.png)")
    report = tmp_path / "report"

    call_command("import_markdown", str(archive.folder), "--site=techblog.test", f"--report={report}", verbosity=0)

    file, last = map(json.loads, report.read_text().splitlines())
    assert file == {
        "file": "a.md",
        "verdict": "created",
        "address": "/a/",
        "state": "live",
        "unpublished_because": "",
        "reason": "",
        "line": None,
        "images": 0,
        "imported_as": "",
        "ignored_fields": [],
        "notes": [
            {
                "subject": "images",
                "message": "the image x.png is missing",
                "line": 4,
                "cause": "the image is missing",
                "about": "x.png",
            }
        ],
    }
    assert last["summary"]["live"] == 1
    assert last["summary"]["notes"] == [
        {"subject": "images", "cause": "the image is missing", "number": 1, "about": {"x.png": 1}}
    ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_the_progress_bar_is_shown_only_on_a_terminal(archive, stream, shown, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    archive.write("a.md", HEAD + "[bold]")
    output = stream()

    call_command("import_markdown", str(archive.folder), "--site=techblog.test", stdout=output, verbosity=2)

    assert ("Importing" in output.getvalue()) == shown
    assert "created   a.md → /a/" in output.getvalue()


def test_the_help_lists_every_option():
    parser = import_markdown.Command().create_parser("manage.py", "import_markdown")

    for option in ("--site DOMAIN", "--media FOLDER", "--dry-run", "--overwrite", "--report FILE"):
        assert option in parser.format_help()
