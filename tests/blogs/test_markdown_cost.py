"""No document is dear: time grows with its length, and its HTML stays in proportion."""

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
    "a footnote, often": lambda size: "[^a]: x\n\n" + "[^a]" * (size // 4),
    "a footnote, nearly": lambda size: "[^a]: x\n\n" + "[^" * (size // 2),
    "footnotes in footnotes": lambda size: "[^a]\n\n" + "[^a]: " * (size // 6),
    "long address, often": lambda size: f"[a]: {'b' * (size // 2)}\n\n" + "[a] " * (size // 8),
    "wide table": lambda size: f"{'|a' * (size // 4)}|\n{'|-' * (size // 4)}|\n",
    "empty cells": lambda size: (f"|{'a|' * 250}\n|{'-|' * 250}\n" + "a\n" * 250 + "\n") * (size // 1500),
    "nested links": around("[", "a", "](u)"),
    "nested images": around("![", "a", "](u)"),
    "nested emphasis": around("**_", "a", "_**"),
    "long word": lambda size: "a" * size + "@b.example",
    "long address": lambda size: "http://a.example/" + ")" * size,
    "lazy lines": lambda size: "> " * 10 + "a\n" + "b\n" * (size // 2),
    "attribute in every paragraph": lambda size: f'<div>\n<p><b title="{"x" * (size // 2)}">' + "<p>y" * (size // 8),
    "attribute in every block": lambda size: f'<p><b title="{"x" * (size // 2)}">' + "<div>y</div>" * (size // 24),
    "attribute in every item": lambda size: f'<ul><li><b title="{"x" * (size // 2)}">' + "<li>y" * (size // 10),
    "formatting in every row": lambda size: "<table>" + "<b id=x>" * (size // 16) + "<tr>x" * (size // 10),
}
# 5,900 characters each of what these lexers are worst at; see blogs/markdown/highlighting.py.
CODE = {
    "python": " \n",
    "java": "a\n",
    "typescript": "a.",
    "apacheconf": "<",
    "csharp": "a\n",
}


def rendered(text):
    """Its HTML, and CPU seconds. To refuse a document is an answer too."""
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
    """How many times longer twice the size takes. Below 20 ms nothing can be said."""
    return rendered(text_of(2 * size))[1] / max(rendered(text_of(size))[1], 0.02)


def assert_linear(text_of, *sizes):
    for size in sizes:
        assert any(growth(text_of, size) <= 2.6 for _attempt in range(4)), size


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_document_of_twice_the_length_takes_twice_the_time(pattern):
    assert_linear(HOSTILE[pattern], 50_000)


@pytest.mark.parametrize("pattern", ["<div>", "://", "attribute in every block"])
def test_and_so_on(pattern):
    assert_linear(HOSTILE[pattern], 100_000)


@pytest.mark.parametrize("pattern", HOSTILE)
def test_html_stays_in_proportion_to_its_text(pattern):
    for size in (1_000, 10_000):
        text = HOSTILE[pattern](size)
        assert len(rendered(text)[0]) <= 40 * len(text) + 300_000


@pytest.mark.parametrize("language", CODE)
def test_no_code_is_dear_to_colour(language):
    pattern = CODE[language]

    def blocks(count):
        return f"```{language}\n{pattern * (5_900 // len(pattern))}\n```\n" * count

    assert rendered(blocks(40))[1] < 12
    assert rendered(f"```{language}\n{pattern * 200_000}\n```\n")[1] < 3


def test_a_text_may_be_a_million_characters_long_and_no_longer():
    assert len(render("word " * (MAX_LENGTH // 5))) > MAX_LENGTH - 10
    for refuses in (render, media_names):
        with pytest.raises(TooLarge, match=r"1,000,001 characters; at most 1,000,000 are allowed\. Split it"):
            refuses("a" * (MAX_LENGTH + 1))


def test_html_that_would_be_too_long_is_refused():
    with pytest.raises(TooLarge, match=rf"characters of HTML; at most {MAX_HTML:,} are allowed"):
        render("[^a]: x\n\n" + "[^a]" * 100_000)


def test_a_table_whose_cells_are_not_written_out_is_refused_with_its_line():
    table = f"|{'a|' * 200}\n|{'-|' * 200}\n" + "a\n" * 60

    assert render("| a | b | c |\n|---|---|---|\n" + "| 1 |\n" * 1_000).count("<td>") == 3_000
    with pytest.raises(
        TooLarge, match=r"^Line 3: 11,736 table cells are not written out; at most 10,000 .* fewer columns"
    ):
        render(f"x\n\n{table}")


def test_addresses_that_are_referred_to_too_often_are_refused():
    with pytest.raises(TooLarge, match=r"addresses of [0-9,]+ characters in all; at most 124,080 .* less often"):
        render(f"[a]: /{'b' * 1_600}\n\n" + "[a] " * 200)
    assert render(f"[a]: /{'b' * 1_600}\n\n" + "[a] " * 50).count("<a ") == 50
