"""Hostile front matter costs little time and memory, and gives a note or the reason why the file is not imported."""

import resource
import time
from datetime import UTC

import pytest

from transfer.markdown import drafts
from transfer.markdown.outcomes import Broken

pytestmark = pytest.mark.pure

SIZE = 60_000
FIELDS = [
    "title",
    "slug",
    "date",
    "tags",
    "authors",
    "draft",
    "pinned",
    "cover",
    "image_alt",
    "aliases",
    "summary",
    "x",
]
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
YAML = {
    "hexadecimal": "0x" + "f" * SIZE,
    "decimal": "9" * SIZE,
    "base 60": "1" + ":1" * (SIZE // 2),
    "a fraction in base 60": "1" + ":1" * (SIZE // 2) + ".5",
    "a number of 30 digits": "9" * 30,
    "a tag on an empty number": '!!int ""',
    "a tag on an empty fraction": '!!float ""',
    "a tag on a text": "!!timestamp x",
    "a tag on a word": "!!bool x",
    "bytes": "!!binary YWJj",
    "a set": "!!set {a, b}",
    "pairs": "!!omap [a: b]",
    "an object": "!!python/object:os.system x",
    "a deep list": "[" * SIZE,
    "a deep mapping": "{a: " * (SIZE // 4),
    "a long list": f"[{'a,' * (SIZE // 2)}]",
    "a mapping": "{a: [b, {name: c}]}",
    "a recursive list": "&a [*a]",
    "not a number": ".nan",
    "infinity": "-.inf",
    "a day that does not exist": "2015-02-30",
    "an hour that does not exist": "2015-03-02T25:00:00",
    "a time zone that does not exist": "2015-03-02 10:30:00 +99:99",
    "the year 0": "0000-01-01",
    "a large day": "Mon, 99999999999999999999 Mar 2015 10:00:00 +0000",
    "a large year": "Mon, 02 Mar 99999999999999 10:00:00 +0000",
    "NUL": '"\\0"',
    "a long text": "a " * (SIZE // 2),
    "accents": "\u0301" * (SIZE // 2),
}
TOML = {
    "hexadecimal": "0x" + "f" * SIZE,
    "decimal": "9" * 4_000,
    "a deep list": "[" * SIZE,
    "a deep table": "{a=" * (SIZE // 3),
    "a long list": f"[{'1,' * (SIZE // 2)}]",
    "a time": "10:00:00",
}


def read(text):
    """The draft, or the reason why the file is broken. Fails if this costs much time or memory."""
    start, before = time.thread_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        return drafts.read(text, "2014-03-12-hello.md", UTC)
    except Broken as error:
        return error.reason
    finally:
        assert time.thread_time() - start < 2
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def assert_short(result):
    messages = [result] if isinstance(result, str) else [note.message for note in result.notes[:5]]
    assert all(len(message) < 300 for message in messages), messages


@pytest.mark.parametrize("value", YAML)
def test_no_yaml_value_of_any_field_causes_an_error_or_a_long_message(value):
    for field in FIELDS:
        assert_short(read(f"---\n{field}: {YAML[value]}\n---\nText.\n"))


@pytest.mark.parametrize("value", TOML)
def test_no_toml_value_of_any_field_causes_an_error_or_a_long_message(value):
    for field in FIELDS:
        assert_short(read(f"+++\n{field} = {TOML[value]}\n+++\nText.\n"))


@pytest.mark.parametrize("field", FIELDS)
def test_an_alias_is_refused_with_its_name(field):
    assert "the alias *a is not allowed; write the value itself" in read(f"---\n{BOMB}{field}: *h\n---\nText.\n")


def test_a_merge_key_is_refused():
    assert "the merge key << is not allowed" in read("---\ntitle: A\n<<: {draft: true}\n---\nText.\n")


def test_an_anchor_without_an_alias_is_ignored():
    assert read("---\ntitle: &a Hello\n---\nText.\n").title == "Hello"


@pytest.mark.parametrize("value", ["[2015-01-01]", "{a: b}", "[[[[]]]]"])
def test_a_list_or_a_mapping_is_no_date(value):
    draft = read(f"---\ndate: {value}\n---\nText.\n")

    assert [note.message for note in draft.notes] == [
        "the value is a list or a table and not a date; the value is ignored"
    ]
    assert draft.date.year == 2014


def test_a_number_of_more_than_64_bits_is_refused():
    for key in ("x: 0x", "- ", "0x"):
        assert "more than 64 bits" in read(f"---\nlist: [{{a: 1}}]\nx: 0x{'f' * 17}\n---\nText.\n"), key
    assert "more than 64 bits" in read(f"---\n? 0x{'f' * 5_000}\n: a\n---\nText.\n")
    assert read(f"---\nx: 0x{'f' * 16}\n---\nText.\n").title == "Hello"


@pytest.mark.parametrize(
    "key", ["a." * (SIZE // 2) + "a = 1", f"[{'a.' * (SIZE // 2)}a]", '"a" . ' * (SIZE // 6) + "a = 1"]
)
def test_a_toml_key_of_many_parts_is_refused_with_its_line(key):
    with pytest.raises(Broken) as broken:
        drafts.read(f'+++\ntitle = "a"\n{key}\n+++\n', "a.md", UTC)

    assert "dots; the limit is 1,000" in broken.value.reason
    assert broken.value.line == 3


@pytest.mark.parametrize(
    "head", ["? [a]\n: b", "? {a: b}\n: c", "~: a", "2015-01-01: a", ".nan: a", "title: a\ntitle: b"]
)
def test_no_yaml_key_causes_an_error(head):
    assert_short(read(f"---\n{head}\n---\nText.\n"))
