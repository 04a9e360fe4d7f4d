"""Rendering any document takes linear time and gives HTML of proportional size."""

import gc
import time

import pytest

from blogs.markdown import MAX_HTML, MAX_LENGTH, TooLarge, media_names, render

pytestmark = pytest.mark.pure


def repeated(*pieces):
    return {piece: lambda size, piece=piece: piece * (size // len(piece)) for piece in pieces}


def around(start, middle, end):
    return lambda size: start * (size // len(start + end)) + middle + end * (size // len(start + end))


HOSTILE = {
    **repeated("[", "![", "*a ", "**_", "`", "<", "<!--", "<?", '<a x="', "> ", "- ", ">\n"),
    **repeated("[a](", "[a]: ", "[^a]", "[^", "[^a]: x\n\n", "~~a ", "\\", "&", "&#"),
    **repeated("http://", "http://a.b/{", "http://a-", "://", ":", "@", "a@b."),
    **repeated("# a\n", "#\n", "- [ ] a\n", "|a", "|-", "```x\na\n```\n", "a\n=\n", "\n", "\xa0"),
    **repeated("<div>", "<b>", "<p><b>", "<i><b></i>", "<ul><li>", "<table><tr><td>", "<script>", "<br>"),
    "a footnote with many references": lambda size: "[^a]: x\n\n" + "[^a]" * (size // 4),
    "a footnote and unclosed references": lambda size: "[^a]: x\n\n" + "[^" * (size // 2),
    "footnotes in footnotes": lambda size: "[^a]\n\n" + "[^a]: " * (size // 6),
    "a long URL with many references": lambda size: f"[a]: {'b' * (size // 2)}\n\n" + "[a] " * (size // 8),
    "wide table": lambda size: f"{'|a' * (size // 4)}|\n{'|-' * (size // 4)}|\n",
    "empty cells": lambda size: (f"|{'a|' * 250}\n|{'-|' * 250}\n" + "a\n" * 250 + "\n") * (size // 1500),
    "nested links": around("[", "a", "](u)"),
    "nested images": around("![", "a", "](u)"),
    "nested emphasis": around("**_", "a", "_**"),
    "long word": lambda size: "a" * size + "@b.example",
    "long address": lambda size: "http://a.example/" + ")" * size,
    "lazy lines": lambda size: "> " * 10 + "a\n" + "b\n" * (size // 2),
    "an attribute for each paragraph": lambda size: f'<div>\n<p><b title="{"x" * (size // 2)}">' + "<p>y" * (size // 8),
    "an attribute for each block": lambda size: f'<p><b title="{"x" * (size // 2)}">' + "<div>y</div>" * (size // 24),
    "an attribute for each item": lambda size: f'<ul><li><b title="{"x" * (size // 2)}">' + "<li>y" * (size // 10),
    "formatting for each row": lambda size: "<table>" + "<b id=x>" * (size // 16) + "<tr>x" * (size // 10),
}
# For some lexers, the code that they highlight most slowly; see blogs/markdown/highlighting.py.
CODE = {
    "python": " \n",
    "java": "a\n",
    "typescript": "a.",
    "apacheconf": "<",
    "csharp": "a\n",
}


def rendered(text):
    """Return (HTML, CPU seconds). The HTML of a refused document is empty."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    try:
        html = render(text)
    except TooLarge:
        html = ""
    finally:
        gc.enable()
    return html, time.process_time() - start


def growth(text_of, size):
    """The time for twice this size, divided by the time for this size. Times below 20 ms are too short to compare."""
    return rendered(text_of(2 * size))[1] / max(rendered(text_of(size))[1], 0.02)


def assert_linear(text_of, *sizes):
    for size in sizes:
        assert any(growth(text_of, size) <= 2.6 for _attempt in range(4)), size


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_document_of_twice_the_length_takes_at_most_twice_the_time(pattern):
    assert_linear(HOSTILE[pattern], 50_000)


@pytest.mark.parametrize("pattern", ["<div>", "://", "an attribute for each block"])
def test_the_rendering_time_stays_linear_for_longer_documents(pattern):
    assert_linear(HOSTILE[pattern], 100_000)


@pytest.mark.parametrize("pattern", HOSTILE)
def test_the_size_of_the_html_is_proportional_to_the_size_of_its_text(pattern):
    for size in (1_000, 10_000):
        text = HOSTILE[pattern](size)
        assert len(rendered(text)[0]) <= 40 * len(text) + 300_000


@pytest.mark.parametrize("language", CODE)
def test_highlighting_hostile_code_takes_limited_time(language):
    pattern = CODE[language]

    def blocks(count):
        return f"```{language}\n{pattern * (5_900 // len(pattern))}\n```\n" * count

    assert rendered(blocks(40))[1] < 12
    assert rendered(f"```{language}\n{pattern * 200_000}\n```\n")[1] < 3


def test_a_text_of_a_million_characters_is_rendered_and_a_longer_text_is_refused():
    assert len(render("word " * (MAX_LENGTH // 5))) > MAX_LENGTH - 10
    for refuses in (render, media_names):
        with pytest.raises(TooLarge, match=r"1,000,001 characters; at most 1,000,000 are allowed\. Split it"):
            refuses("a" * (MAX_LENGTH + 1))


def test_a_text_whose_html_is_too_long_is_refused():
    with pytest.raises(TooLarge, match=rf"characters of HTML; at most {MAX_HTML:,} are allowed"):
        render("[^a]: x\n\n" + "[^a]" * 100_000)


def test_a_table_with_too_many_missing_cells_is_refused_with_its_line_number():
    table = f"|{'a|' * 200}\n|{'-|' * 200}\n" + "a\n" * 60

    assert render("| a | b | c |\n|---|---|---|\n" + "| 1 |\n" * 1_000).count("<td>") == 3_000
    with pytest.raises(
        TooLarge, match=r"^Line 3: 11,736 table cells are missing in short rows; at most 10,000 .* fewer columns"
    ):
        render(f"x\n\n{table}")


def test_a_text_that_repeats_a_long_url_too_often_is_refused():
    with pytest.raises(TooLarge, match=r"have [0-9,]+ characters in total; at most 124,080 .* less often"):
        render(f"[a]: /{'b' * 1_600}\n\n" + "[a] " * 200)
    assert render(f"[a]: /{'b' * 1_600}\n\n" + "[a] " * 50).count("<a ") == 50
