"""The fields of the front matter determine the imported post."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from blogs.models import Placement, Post
from transfer.markdown import drafts
from transfer.markdown.fields import dates
from transfer.markdown.outcomes import Broken

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

YAML = """---
title: "Ledgers &amp; <em>Python</em>"
date: 2015-03-02 10:30:00 -0500
authors:
- Ada Lovelace
- grace
tags: [Python, python, Double Entry]
excerpt: See <a href="https://example.com">this</a> *now*.
---
Text.
"""
TOML = """+++
title = "Ledgers & Python"
date = 2015-03-02T10:30:00-05:00
authors = ["Ada Lovelace", "grace"]
tags = ["Python", "Double Entry"]
summary = "See this now."
+++
Text.
"""


def draft_of(text, name="2014-03-12-hello-world.md", zone=UTC):
    return drafts.read(text, name, zone)


def head(lines, body="Text."):
    return f"---\n{lines}\n---\n{body}\n"


@pytest.mark.parametrize("text", [YAML, TOML, YAML.replace("\n", "\r\n"), f"\ufeff{YAML}"])
def test_yaml_and_toml_produce_the_same_post(archive, techblog, text):
    archive.write("2014-03-12-ledgers.md", text)

    run = archive.run()

    placement = Placement.objects.on(techblog).live().get(slug="ledgers")
    assert run.code == 0
    assert placement.published_at == datetime(2015, 3, 2, 15, 30, tzinfo=UTC)
    post = placement.post
    assert (post.title, post.kind, post.home, post.created_by) == ("Ledgers & Python", "post", techblog, None)
    assert {author.slug: author.name for author in post.authors.all()} == {
        "ada-lovelace": "Ada Lovelace",
        "grace": "grace",
    }
    assert {tag.slug: tag.name for tag in post.tags.all()} == {"python": "Python", "double-entry": "Double Entry"}
    assert post.excerpt == "See this now."
    assert post.body == "Text."
    assert post.updated_at == placement.published_at


def test_an_imported_post_uses_existing_tags_and_authors_with_the_same_slug(archive, techblog, publish):
    first = publish("First", on=techblog).post
    first.tags.create(site=techblog, slug="python", name="Python")
    first.authors.create(site=techblog, slug="ada-lovelace", name="Ada Lovelace")
    archive.write("a.md", head("date: 2015-01-01\ntags: PYTHON, ledgers\nauthor: Ada lovelace"))

    archive.run()

    post = Placement.objects.get(slug="a").post
    assert set(post.tags.values_list("name", flat=True)) == {"Python", "ledgers"}
    assert [author.name for author in post.authors.all()] == ["Ada Lovelace"]


@pytest.mark.parametrize(
    "written",
    [
        "2015-03-02T10:30:00-05:00",
        "'2015-03-02T10:30:00-05:00'",
        "2015-03-02 10:30:00 -5",
        "'2015-03-02 10:30:00 -0500'",
        "2015-03-02T15:30:00.000Z",
        "'2015-03-02 15:30:00 UTC'",
        "Mon, 02 Mar 2015 10:30:00 -0500",
        "2015-03-02 10:30",  # the date is in the time zone of the site
        "'2015/03/02 10:30'",
        "2015-03-02 10:30:00 EST",
        "2015-03-02 16:30 CET",
        "2015-03-02 16:30:00 Europe/Berlin",
        "2015-03-02 10:30 AM",
        "March 2nd, 2015 at 10:30 a.m.",
        "'Monday, March 2, 2015 10:30'",
        "Mon Mar 02 2015 16:30:00 GMT+0100 (CET)",
    ],
)
def test_common_date_formats_are_parsed(written):
    zone = timezone.get_fixed_timezone(timedelta(hours=-5))
    draft = draft_of(head(f"date: {written}"), zone=zone)

    assert draft.date == datetime(2015, 3, 2, 15, 30, tzinfo=UTC)
    assert not draft.notes


@pytest.mark.parametrize(
    "written",
    [
        "2015-03-02",
        "'2015-03-02'",
        '"March 2, 2015"',
        "2 March 2015",
        "2015/03/02",
        "Mar 02 2015",  # the form in Astro's templates
        "Mon, 2 Mar 2015",
        "March 2nd, 2015",
        "2.3.2015",
        "2015.03.02",
        "2015年3月2日",
        "20150302",
    ],
)
def test_a_date_without_a_time_is_midnight_in_the_time_zone_of_the_site(archive, techblog, written):
    techblog.settings.time_zone = "America/New_York"
    techblog.settings.save()
    archive.write("hello.md", head(f"date: {written}"))

    archive.run()

    assert Placement.objects.get(slug="hello").published_at == datetime(2015, 3, 2, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "soon",
        "2015-02-30",
        "0001-01-01",
        "9999-12-31",
        "12",
        "2015-03-02 25:00",
        "01/02/2015",
        "2015",
        "2015-03-02 10:30 ../x",
    ],
)
def test_an_invalid_date_is_reported_and_replaced_by_the_date_of_the_file_name(written):
    draft = draft_of(head(f"title: Hello\ndate: {written}"))

    assert draft.date == datetime(2014, 3, 12, tzinfo=UTC)
    assert [(note.line, "is ignored" in note.message) for note in draft.notes] == [(3, True)]
    with pytest.raises(ValueError):
        dates.parse(written, UTC)


def test_a_post_without_a_date_becomes_a_draft_and_a_page_without_a_date_is_published(
    archive,
    techblog,
):
    archive.write("hello.md", head("title: Hello"))
    archive.write("about.md", head("title: About\nlayout: page\npinned: true"))

    run = archive.run()

    assert Placement.objects.get(slug="hello").published_at is None
    assert "the post becomes a draft" in run.notes("hello.md")[0]
    about = Placement.objects.on(techblog).live().menu().get()
    assert (about.slug, about.post.kind) == ("about", Post.Kind.PAGE)


@pytest.mark.parametrize(
    ("line", "language"),
    [
        *(("lang: de", "de"), ("language: pt_BR", "pt-br"), ("locale: zh-CN", "zh-hans"), ("lang: en-US", "en")),
        *(("x: y", ""), ("lang:", ""), ("lang: [de, en]", "")),
    ],
)
def test_the_language_of_a_text_is_read_in_common_spellings(line, language):
    draft = draft_of(head(line))

    assert (draft.language, [note for note in draft.notes if "language" in note.message]) == (language, [])


def test_an_unknown_language_is_noted_and_the_post_has_that_of_the_site(archive, techblog):
    archive.write("a.md", head("date: 2015-01-01\nlanguage: python"))
    archive.write("b.md", head("date: 2015-01-01\nlang: de", body='"Text"'))

    run = archive.run()

    assert run.notes("a.md") == ["the language 'python' is not known; the language of the site is used"]
    assert Placement.objects.get(slug="a").post.language == ""
    german = Placement.objects.get(slug="b").post
    assert (german.language, german.body_html) == ("de", "<p>„Text“</p>\n")
    archive.write("b.md", head("date: 2015-01-01\nlang: fr", body='"Text"'))
    archive.run()
    assert Placement.objects.get(slug="b").post.language == "fr"


@pytest.mark.parametrize("line", ["draft: true", "published: false", "status: draft"])
def test_a_field_that_marks_a_draft_makes_the_post_a_draft(line):
    assert draft_of(head(line)).is_draft
    assert not draft_of(head("draft: false\npublished: true")).is_draft


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        (head("title: Hello", "# Other\n\nText."), "Hello", "# Other\n\nText."),
        (head("title: Hello", "# Hello\n\nText."), "Hello", "Text."),
        (head("draft: true", "# A *fine* day #\n\nText."), "A fine day", "Text."),
        ("# A fine day\n\nText.", "A fine day", "Text."),
        ("Text.\n\n# A fine day", "A fine day", "Text.\n\n# A fine day"),
        ("Text.\n\n## A fine day", "Hello world", "Text.\n\n## A fine day"),
        ("```\n# comment\n```", "Hello world", "```\n# comment\n```"),
        ("Text.", "Hello world", "Text."),
        ("", "Hello world", ""),
    ],
)
def test_the_title_comes_from_the_front_matter_the_heading_or_the_file_name(text, title, body):
    draft = draft_of(text)

    assert (draft.title, draft.body.strip()) == (title, body)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("2014-03-12-hello-world.md", "hello-world"),
        ("deep/2014-3-2_TockingTime.md", "tockingtime"),
        ("notes/index.md", "notes"),
        ("straße & co.md", "strasse-co"),
        ("日本.md", "日本"),
        ("!.md", "text"),
    ],
)
def test_the_slug_comes_from_the_field_slug_or_the_file_name(name, slug):
    assert draft_of(head("title: Text"), name).slug == slug
    assert draft_of(head("title: Text\nslug: Chosen one"), name).slug == "chosen-one"


def test_a_field_that_is_too_long_is_truncated_and_reported():
    draft = draft_of(head(f"title: {'x' * 300}\nimage_alt: {'y' * 1100}"))

    assert len(draft.title) == 200
    assert len(draft.cover_alt) == 1000
    assert [note.line for note in draft.notes] == [2, 3]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("---\ntitle: Hello\nexcerpt: a: b\n---\nText.", 3, "mapping values are not allowed"),
        ('---\n\ntitle: "Hello\n---\nText.', 4, "not valid YAML"),
        ("---\n- a\n- b\n---\n", 2, "is not a list of fields"),
        ("---\ntitle: Hello\n", 1, "has no closing line"),
        ("+++\ntitle = 'Hello'\ndate = tomorrow\n+++\nText.", 3, "not valid TOML"),
        ("+++\ntitle = 'Hello'\n", 1, "has no closing line"),
        ("---\na: !!python/object:os.system x\n---\n", 2, "not valid YAML"),
        ("---\na: &a {b: c}\nd:\n  <<: *a\n---\n", 4, "not valid YAML"),
        (f"---\na: {'[' * 5000}\n---\n", 1, "not valid YAML"),
        (f"---\na: {'9' * 5000}\n---\n", 1, "not valid YAML"),
        (f"---\na: {'x' * 70_000}\n---\n", 1, "the limit is 65,536"),
    ],
)
def test_front_matter_that_does_not_parse_is_reported_with_its_line(text, line, reason):
    with pytest.raises(Broken) as caught:
        draft_of(text)

    assert caught.value.line == line
    assert reason in caught.value.reason


def test_tabs_after_a_value_are_ignored():
    assert draft_of(head("title: Hello\t\t\ntags:\n- a\t")).title == "Hello"


def test_a_post_with_a_future_date_is_scheduled(archive, techblog):
    later = timezone.now() + timedelta(days=3)
    archive.write("a.md", head(f"date: {later.isoformat()}"))

    archive.run()

    assert Placement.objects.get(slug="a").published_at == later
    assert not Placement.objects.on(techblog).live().exists()
