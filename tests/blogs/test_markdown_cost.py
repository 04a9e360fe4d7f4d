"""Rendering any document takes limited time and gives HTML of proportional size."""

import gc
import time

import pytest

from blogs.markdown import MAX_HTML, MAX_LENGTH, TooLarge, media_names, render
from blogs.markdown.limits import MARKS, MAX_LINES, MAX_MARKS

pytestmark = pytest.mark.pure

PRIMES = "'" * 1_900


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
    **repeated("*", "_", "a*", "_a", "]", "](", "[]", "![a](", "[a][", "[a]", "'", "<a ", "</", "&amp;", "&#x"),
    **repeated("a\\\n", "  \n", "1. a\n", "- a\n\n", "~", "```", "``a`", "---\n", "    a\n", "- > ", "a|b\n-|-\n"),
    **repeated("|a|b|\n", "|", "[^1]\n", "[^1]: a\n", "^[", "[a]: b\n", "[a]: /b\n[a]\n", "https://", "<a@b.c>"),
    **repeated("<http://a>", "a@b.cd ", "e\u0301", "**\u4e2d", "<a><b><i><s>", "<p>", "<li>", "[[a](b)", "[a]((((b"),
    **repeated("这是**加粗。", "。**后", "。*", "~~。", "한**_", "（*a*）"),
    **repeated("a~b~", "a^b", "a~", "a^2^", "==a ", "==a==b", "==a== ", "=", "'", '"', "'a\" ", "-- ", "...", "a--"),
    **repeated(
        "> [!NOTE]\n",
        "> [!NOTE]\n\n",
        ":::note\n",
        ":::note\na\n:::\n",
        ":::note[",
        "a\n: b\n",
        ": a\n",
        "a\n\n: b\n\n",
    ),
    **repeated(
        "a\n: a\n: b\n",
        "*[a]: b\na\n",
        "https://youtu.be/a\n\n",
        "http://a.b/@a/",
        "<iframe src=//youtube.com/embed/abcde ",
        "# a 'b'\n",
        "a [^a]: x\n[^a] ",
    ),
    **repeated(
        "$", "$a", "$x^2$ ", "$$\n", "$$x\n", "$\\\\", "$\\frac{", "$x'$ ", "<math>", "<math><mi>", "<math><b>", "<mi>"
    ),
    **repeated("<video>", "<audio src=x>", "<video><source>", "<track>", "[![a](b)](https://youtu.be/a)\n\n"),
    "many formulas": lambda size: "".join(f"$x^{{{n}}}$ " for n in range(size // 10)),
    "long formulas": lambda size: "".join(f"$x_{{{n}}}{PRIMES}$\n\n" for n in range(size // 2_000)),
    "many abbreviations": lambda size: "".join(f"*[a{n}]: b\n" for n in range(100)) + "a1 ab a99 a" * (size // 12),
    "a long abbreviation": lambda size: f"*[a]: {'b' * (size // 2)}\n\n" + "a " * (size // 4),
    "nested tables": lambda size: "<table><tr><td>" * (size // 40) + "a" + "</table>" * (size // 40),
    **repeated("*[a](b) ", "![](/media/x.png)", "# ", "a\n# b\n", "&nbsp;", "~~a~~ "),
    "runs of backticks": lambda size: "".join("`" * run + " " for run in range(1, int((2 * size) ** 0.5))),
    "nested parentheses": lambda size: f"[a]({'(' * (size // 2)}{')' * (size // 2)})",
    "many references": lambda size: "".join(f"[{n}]: /u{n}\n" for n in range(size // 14)),
    "many footnotes": lambda size: "".join(f"[^{n}]: u\n[^{n}]\n\n" for n in range(size // 22)),
    "a long label": lambda size: f"[{'a' * (size // 2)}]: /b\n\n[{'a' * (size // 2)}]",
    "a large table": lambda size: "|a|b|\n|-|-|\n" + "|a|b|\n" * (size // 6),
    "an unclosed tag": lambda size: "<a " + "b=c " * (size // 4),
    "a nested list": lambda size: "".join("  " * (n % 10) + "- a\n" for n in range(size // 14)),
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
        html = render(text, language="fr")
    except TooLarge:
        html = ""
    finally:
        gc.enable()
    return html, time.process_time() - start


def longest(text_of):
    """The longest document of this construct that the limits on its source allow."""
    whole = text_of(MAX_LENGTH)
    marks, lines = sum(map(whole.count, MARKS)), whole.count("\n") + 1
    fitting = min(1, 0.99 * MAX_MARKS / max(marks, 1), 0.99 * MAX_LINES / lines)
    return text_of(int(MAX_LENGTH * fitting))[:MAX_LENGTH]


@pytest.mark.parametrize("construct", HOSTILE)
def test_no_construct_takes_long_in_the_longest_document_that_is_allowed(construct):
    assert rendered(longest(HOSTILE[construct]))[1] < 3  # On a quiet machine, the slowest takes 0.6 s.


def growth(text_of, size):
    """The time for twice this size, divided by the time for this size. Times below 20 ms are too short to compare."""
    return rendered(text_of(2 * size))[1] / max(rendered(text_of(size))[1], 0.02)


@pytest.mark.parametrize("construct", HOSTILE)
def test_a_document_of_twice_the_length_takes_at_most_twice_the_time(construct):
    assert any(growth(HOSTILE[construct], 4_500) <= 2.6 for _attempt in range(4))


@pytest.mark.parametrize("construct", HOSTILE)
def test_the_size_of_the_html_is_proportional_to_the_size_of_its_text(construct):
    for size in (1_000, 10_000):
        text = HOSTILE[construct](size)
        assert len(rendered(text)[0]) <= 40 * len(text) + 300_000


@pytest.mark.parametrize("language", CODE)
def test_highlighting_hostile_code_takes_limited_time(language):
    pattern = CODE[language]

    def blocks(count):
        return f"```{language}\n{pattern * (5_900 // len(pattern))}\n```\n" * count

    assert rendered(blocks(30))[1] < 3
    assert rendered(f"```{language}\n{pattern * 60_000}\n```\n")[1] < 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" * (MAX_LENGTH + 1), r"200,001 characters; at most 200,000 are allowed\. Split it"),
        ("\n" * MAX_LINES, r"5,001 lines; at most 5,000 are"),
        ("\r\n" * MAX_LINES, r"5,001 lines; at most 5,000 are"),
        ("[" * (MAX_MARKS + 1), r"10,001 of the characters !&.*; at most 10,000 are"),
    ],
)
def test_a_text_beyond_a_limit_is_refused(text, message):
    for refuses in (render, media_names):
        with pytest.raises(TooLarge, match=message):
            refuses(text)


def test_a_text_of_the_maximum_length_is_rendered():
    assert len(render("word " * (MAX_LENGTH // 5))) > MAX_LENGTH - 10


def test_a_text_whose_html_is_too_long_is_refused():
    with pytest.raises(TooLarge, match=rf"characters of HTML; at most {MAX_HTML:,} are allowed"):
        render(f"[a]: /{'b' * 100_000}\n\n" + "[a] " * 19 + "&" * 9_900 + "word " * 17_000)


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
