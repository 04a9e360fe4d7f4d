"""The summary of an import tells first what readers see, and then what is left to do, by cause."""

from collections import Counter

import pytest

from blogs import publishing
from blogs.models import Placement
from transfer.markdown.outcomes import Note, Outcome, Subject, Verdict
from transfer.markdown.summary import MAX_CAUSES, Summary

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

HEAD = "---\ndate: 2015-01-01\n---\n"


@pytest.fixture
def mixed(archive):
    """An archive with files of every kind."""
    for number in range(3):
        archive.write(f"undated{number}.md", "---\nmood: fine\nmathjax: true\n---\nText.")
    archive.write("draft.md", "---\ndate: 2015-01-01\ndraft: true\nmood: bad\n---\nText.")
    archive.write("later.md", "---\ndate: 2099-01-01\n---\nText.")
    archive.write("live.md", HEAD + "{% youtube a %} {% youtube b %} {% gist c %} ![](x.png)")
    archive.write("broken.md", "---\ntitle: a: b\n---\n")
    for name in ("a.txt", "b.txt", "c.Rmd", "d.html", "e.ipynb", "f.rst", "g.adoc", ".git/h.html", "i.css", "j.png"):
        archive.write(name, "")
    return archive


def test_the_summary_begins_with_what_readers_see_and_why_posts_are_drafts(mixed):
    lines = mixed.run().output.strip().splitlines()

    assert lines[2:4] == [
        "Posts and pages: 1 live, 1 scheduled, 4 drafts. Files that could not be imported: 1.",
        "4 drafts: 3 have no date, 1 says draft: true.",
    ]


def test_texts_in_other_formats_and_fields_are_counted_the_most_frequent_first(mixed):
    output = mixed.run().output

    assert "Texts in formats that are not read: 2 .txt, 1 " in output
    kinds = output.partition("not read: ")[2].partition(".\n")[0]
    assert set(kinds.split(", ")) == {"2 .txt", "1 .Rmd", "1 .html", "1 .ipynb", "1 .rst", "1 .adoc"}
    assert "Fields that are not understood: mood 4, mathjax 3." in output


def test_notes_are_grouped_by_cause(mixed):
    output = mixed.run().output

    assert "1 images: the image is missing (x.png 1)" in output
    assert "no date; the post becomes a draft" not in output, "the drafts are counted above"


def test_only_the_most_frequent_causes_are_shown():
    notes = [Note(Subject.TAG, "a message", cause=f"cause {number}") for number in range(MAX_CAUSES + 3)]
    notes += [Note(Subject.TAG, f"message {number}") for number in range(9)]
    summary = Summary(Counter())
    summary.add(Outcome("a.md", Verdict.CREATED, notes=notes))

    lines = [line for line in summary.lines() if line.startswith("  ")]

    assert lines[0].split(maxsplit=1) == ["9", "template tags: other notes"]
    assert lines[-1] == "  4 more causes are in the report (--report FILE)."
    assert len(lines) == MAX_CAUSES + 1


def test_files_are_listed_only_with_verbosity_2_but_errors_always(mixed):
    quiet, loud = mixed.run("--verbosity=0").output, mixed.run("--verbosity=2").output

    assert "live.md → /live/" not in quiet and "live.md → /live/" in loud
    for output in (quiet, loud):
        assert "Files that could not be imported: 1. Fix them and run the command again:\n  broken.md:2: " in output


def test_a_second_run_gives_the_same_figures(mixed):
    first, second = mixed.run(), mixed.run()

    assert second.output.splitlines()[:4] == first.output.splitlines()[:4]
    for figure in ("live", "scheduled", "drafts", "drafts_by_cause", "ignored_fields", "not_read", "notes"):
        assert second.summary[figure] == first.summary[figure], figure
    assert second.summary["unchanged"] == first.summary["created"] == 6


def test_a_post_that_was_published_or_withdrawn_on_the_site_counts_as_it_is_there(archive, techblog):
    archive.write("a.md", "---\ntitle: A\n---\n")
    archive.write("b.md", HEAD)
    archive.run()
    publishing.publish(Placement.objects.get(slug="a"), by=None)
    publishing.unpublish(Placement.objects.get(slug="b"), by=None)

    run = archive.run()

    assert (run.summary["live"], run.summary["drafts_by_cause"]) == (1, {"withdrawn on the site": 1})


def test_edited_posts_are_counted_with_the_remedy(archive):
    archive.write("a.md", HEAD)
    archive.run()
    post = Placement.objects.get().post
    post.body = "Mine."
    post.save()
    archive.write("a.md", HEAD + "New.")

    assert "1 skipped: the post was edited on the site after its import; use --overwrite" in archive.run().output


def test_links_to_drafts_and_dead_links_are_counted_separately(archive):
    archive.write("a.md", HEAD + "[x](b.md) [y](lost.md) [z](b.md#part) [j](irc://other.test/)")
    archive.write("b.md", "---\ndraft: true\n---\n")

    run = archive.run()

    lines = run.output.splitlines()
    assert "Dead internal links: 2 (lost.md 1, irc://other.test/ 1)" in lines
    assert "Links to drafts and scheduled posts, which work once these are live: 2 (b.md 1, b.md#part 1)" in lines
    assert (run.summary["dead_links"], run.summary["links_not_live"]) == (2, 2)
