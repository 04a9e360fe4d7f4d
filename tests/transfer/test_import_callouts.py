"""Tags of other tools for notes and warnings become callouts."""

import re

import pytest

from blogs import markdown
from blogs.models import Placement

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite


@pytest.fixture
def imported(archive):
    def imported(text, *options, name="a.md"):
        archive.write(name, f"---\ndate: 2015-01-01\n---\n{text}")
        run = archive.run(*options)
        return re.sub(r"\n\s*\n", "\n\n", Placement.objects.get(slug="a").post.body).strip(), run

    return imported


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{% note %}\nWords.\n{% endnote %}", "note"),
        ("{% note info Mind the gap %}\nWords.\n{% endnote %}", "note Mind the gap"),
        ('{% note warn "Beware!" %}\nWords.\n{% endnote %}', "warning Beware!"),
        ('{{% alert title="Notice" color="warning" %}}\nWords.\n{{% /alert %}}', "warning Notice"),
        ("{{< tip >}}\nWords.\n{{< /tip >}}", "tip"),
        ('{{< admonition type="danger" title="Hot" open=true >}}\nWords.\n{{< /admonition >}}', "caution Hot"),
        ('{{% notice style="important" icon="x" %}}\nWords.\n{{% /notice %}}', "important"),
        ('{% callout "info", "md", "New" %}Words.{% endcallout %}', "note New"),
        ('{% callout "demo" %}\nWords.\n{% endcallout %}', "note"),
        ('{% alert(type="tip", title="Zola") %}\nWords.\n{% end %}', "tip Zola"),
        ("{% quote() %}\nx\n{% end %}\n\n{% note() %}\nWords.\n{% end %}", "note"),
    ],
)
def test_a_tag_for_a_note_becomes_a_callout(imported, text, line):
    body, run = imported(text)

    assert f":::{line}\n\nWords.\n" in body and body.endswith("\n:::")
    assert markdown.render(body).count("<aside") == 1
    assert not run.notes("a.md")


def test_a_callout_in_a_list_item_stays_in_the_item(imported):
    body, _ = imported("1. one\n\n   {{< note >}}\n   Words.\n   {{< /note >}}\n\n2. two")

    assert re.search(r"<li>.*<aside.*Words\..*</aside>.*</li>\s*<li>", markdown.render(body), re.DOTALL)
    assert ":::" not in markdown.plain_text(markdown.render(body), 1000)


def test_a_callout_within_a_callout_ends_before_the_outer_one(imported):
    body, _ = imported("{{< note >}}\nA.\n{{% tip %}}\nB.\n{{% /tip %}}\nC.\n{{< /note >}}\nD.")

    html = markdown.render(body)
    assert re.search(r"<aside.*A\..*<aside.*B\..*</aside>.*C\..*</aside>.*D\.", html, re.DOTALL)
    assert ":::" not in html


@pytest.mark.parametrize(
    "text",
    [
        "{{< note >}}\nWords without an end.\n\nMore.",
        "Words {{< note >}}in the line{{< /note >}} stay.",
        "| a |\n|---|\n| {% note %}Words{% endnote %} |",
    ],
)
def test_a_tag_for_a_note_without_an_end_or_within_a_line_is_removed_and_reported(imported, text):
    body, run = imported(text)

    assert "Words" in body and ":::" not in body and "note" not in body
    assert "is unknown" in run.notes("a.md")[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('<AlertBox level="info" title="!">\n  Words.\n</AlertBox>', "note"),
        ('<Aside type="caution" title="Hot">Words.</Aside>', "caution Hot"),
        ("<Tip>\n\n  Words.\n\n</Tip>", "tip"),
        ("<Warning icon={x}>\nWords.\n</Warning>", "warning"),
    ],
)
def test_a_component_for_a_note_becomes_a_callout(archive, text, line):
    archive.write("a.mdx", f"---\ndate: 2015-01-01\n---\n{text}\n\nMore.")

    run = archive.run()

    body = re.sub(r"\n\s*\n", "\n\n", Placement.objects.get(slug="a").post.body).strip()
    assert f":::{line}\n\nWords.\n" in body and body.endswith("\n:::\n\nMore.")
    assert not run.notes("a.mdx")


def test_components_within_each_other_and_without_an_end_keep_their_words(archive):
    archive.write(
        "a.mdx", "---\ndate: 2015-01-01\n---\n<Note>\nA.\n\n<Tip>\nB.\n</Tip>\n\nC.\n</Note>\n\nD. <Note>E.\n\nF."
    )

    archive.run()

    html = markdown.render(Placement.objects.get(slug="a").post.body)
    assert re.search(r"<aside.*A\..*<aside.*B\..*</aside>.*C\..*</aside>.*D\. E\..*F\.", html, re.DOTALL)
    assert ":::" not in html


def test_a_tag_for_a_note_in_code_stays(imported):
    body, _ = imported("```\n{% note %}\nWords.\n{% endnote %}\n```")

    assert body == "```\n{% note %}\nWords.\n{% endnote %}\n```"
