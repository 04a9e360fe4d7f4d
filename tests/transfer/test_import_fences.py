"""Front matter is found and read in every form that publishing tools write, and readers never see it."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from blogs.models import Placement
from transfer.markdown import drafts
from transfer.markdown.outcomes import Broken
from transfer.markdown.source import front_matter

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

JSON = '{\n  "title": "A fine day",\n  "date": "2015-03-02",\n  "tags": ["a", "b"]\n}\n\nText.\n'


def draft_of(text):
    return drafts.read(text, "hello.md", UTC)


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        f"\ufeff\n \n{JSON}",
        '{"title": "A fine day", "date": "2015-03-02", "tags": ["a", "b"]}\nText.',
        f";;;\n{JSON.partition('}')[0]}}}\n;;;\nText.",
        ';;;\n"title": "A fine day",\n"date": "2015-03-02",\n"tags": ["a", "b"],\n;;;\nText.',
        '---json\n{"title": "A fine day", "date": "2015-03-02", "tags": ["a", "b"]}\n---\nText.',
        "---\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---\nText.",
        "\n\n---\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---\nText.",
        "\n\ufeff---\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---\nText.",
        "--- \t\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---   \nText.",
        "---\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n...\nText.",
        "-----\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n-----\nText.",
        "--- # a comment\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---\nText.",
        "---yaml\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---\nText.",
        " ---\n title: A fine day\n date: 2015-03-02\n tags: [a, b]\n ---\nText.",
        "<!-- markdownlint-disable -->\n\n---\ntitle: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---\nText.",
        '+++\ntitle = "A fine day"\ndate = 2015-03-02\ntags = ["a", "b"]\n+++\nText.',
        '---toml\ntitle = "A fine day"\ndate = 2015-03-02\ntags = ["a", "b"]\n---\nText.',
        "title: A fine day\ndate: 2015-03-02\ntags: [a, b]\n---\nText.",
        "Title: A fine day\nDate: 2015-03-02\nTags: a, b\n\nText.",
        "title: 'A fine day'\ndate: \"2015-03-02\"\ntags: a, b\n\nText.",
        "Title: A fine\n    day\nDate: 2015-03-02\nTags: a,b\n\nText.",
    ],
)
def test_front_matter_is_read_in_every_form(text):
    draft = draft_of(text)

    assert draft.title == "A fine day"
    assert draft.date == datetime(2015, 3, 2, tzinfo=UTC)
    assert list(draft.tags) == ["a", "b"]
    assert draft.body.strip() == "Text."


def test_a_plain_field_can_contain_a_colon():
    assert draft_of("Title: Monday: a fine day\nDate: 2015-03-02\n\nText.").title == "Monday: a fine day"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{\n  "title": "Hello",\n  "date": tomorrow\n}\nText.', 3, "not valid JSON"),
        ('{"title": "Hello"\nText.', 2, "not valid JSON"),
        ("{\n  title: 'Hello'\n}\nText.", 2, "not valid JSON"),
        (f'{{"a": {"[" * 100_000}', None, "not valid JSON"),
        (f'{{"a": {"9" * 5_000}}}', 1, "not valid JSON"),
        (f'{{"a": {"9" * 30}}}', 1, "more than 64 bits"),
        (f'{{"a": "{"x" * 70_000}"}}', 1, "the limit is 65,536"),
        (";;;\n\n'a'\n;;;\n", 3, "not valid JSON"),
        (";;;\n[1]\n;;;\n", 2, "not valid JSON"),
        ("\n\n---\ntitle: Hello\n", 3, "has no closing line ---"),
        (";;;\n", 1, "has no closing line ;;;"),
        ("---js\n{title: 'Hello'}\n---\n", 1, "is a program"),
        ("title: a: b\n---\nText.", 1, "not valid YAML"),
    ],
)
def test_unreadable_front_matter_is_refused_with_its_line(text, line, reason):
    with pytest.raises(Broken) as caught:
        draft_of(text)

    assert reason in caught.value.reason
    assert line in (None, caught.value.line)


@pytest.mark.parametrize(
    "text",
    [
        "{{< figure src='a.png' >}}",
        "{% include a.html %}\n\n---\n",
        "{: .lead}\nText.",
        "{note}",
        "Note: this is a text.\n\nMore.",
        "Date: 2015. The weather\nwas fine.\n\nMore.",
        "Summary: a text\n\nMore.",
        "Text.\n\n---\ntitle: x\n---\n",
        "Heading\n---\nText.",
        "--- dashes",
        "* * *\nText.",
        "<!-- a comment -->\n\nText.",
    ],
)
def test_a_text_without_front_matter_is_unchanged(text):
    assert front_matter.split(text) == ({}, {}, text, 1, False)


def test_lines_are_counted_after_empty_lines_and_in_json():
    assert front_matter.split(f"\n\n{JSON}").lines == {"title": 4, "date": 5, "tags": 6}
    assert front_matter.split("\n---\ntitle: a\n---\nText.").lines == {"title": 3}
    assert front_matter.split("\n---\ntitle: a\n---\nText.").body_line == 4


@pytest.mark.parametrize(
    "piece",
    ["{", '{"', "---\n", "\n", " \n", "<!--", "<!-- -->", "title: a\n", "title: a\n-", ";;;\n", "title: a\n  b\n"],
)
def test_hostile_texts_are_searched_in_linear_time(piece):
    def seconds(length):
        started = time.thread_time()
        with suppress(Broken):
            front_matter.split(piece * (length // len(piece)))
        return time.thread_time() - started

    assert seconds(400_000) < 2


def test_front_matter_is_never_shown_to_readers(archive, techblog):
    archive.write("a.md", f"\n{JSON}")
    archive.write("b.md", '{\n  "title": "Hello"\n  "date": "2015-03-02"\n}\nText.')

    run = archive.run()

    assert run.verdicts() == {"a.md": "created", "b.md": "skipped"}
    assert "b.md:3: the front matter is not valid JSON" in run.output
    (placement,) = Placement.objects.on(techblog)
    assert placement.post.body == "Text."
    assert "A fine day" not in placement.post.body_html
