"""Formulas become MathML that browsers show without JavaScript, and prices stay prose."""

import re

import pytest

from blogs.markdown import TooLarge, removed, render
from blogs.markdown.formulas import MAX_ALL_FORMULAS, MAX_BRACES, MAX_FORMULA, MAX_FORMULAS

pytestmark = pytest.mark.pure

SQUARE = "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
BLOCK = '<div class="table-scroll" tabindex="0" role="group">{}</div>'.format(
    SQUARE.replace("<math>", '<math display="block">')
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a $x^2$ b", f"<p>a {SQUARE} b</p>\n"),
        ("$x^2$, ($x^2$) *$x^2$*", f"<p>{SQUARE}, ({SQUARE}) <em>{SQUARE}</em></p>\n"),
        ("a $$x^2$$ b", f"<p>a {SQUARE} b</p>\n"),
        ("$$x^2$$", BLOCK + "\n"),
        (
            "a\n$$\nx^2\n$$\nb",
            "<p>a</p>\n" + BLOCK + "\n<p>b</p>\n",
        ),
        (
            "> $$\n> x^2\n> $$",
            "<blockquote>\n" + BLOCK + "\n</blockquote>\n",
        ),
        ("$a_1 * b_2 * c$", None),
        (r"$\alpha\,b$", '<p><math><mi>α</mi><mspace width="0.16666667em"></mspace><mi>b</mi></math></p>\n'),
        (r"$\text{a<b}$", "<p><math><mtext>a&lt;b</mtext></math></p>\n"),
    ],
)
def test_formulas_are_mathml_and_not_other_markdown(text, html):
    rendered = render(text)

    assert "<em>" not in rendered or html
    assert html is None or rendered == html
    assert removed(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $6.",
        "from $5-$10, US$5/A$6, $5,$6",
        "5$ and 6$",
        "$100 (or 90 €) and 200$",
        "$HOME and $PATH are variables",
        r"\$x^2\$",
        "$ x^2$, $x^2 $",
        "a$x^2$, $x^2$b, $x^2$1",
        "$$ and $$$",
        "$$\n\nx^2\n\n$$",
    ],
)
def test_dollars_in_prose_stay(text):
    assert "<math" not in render(text)


def test_dollars_in_code_and_addresses_stay():
    html = render("`$x^2$` https://x.example/$x^2$\n\n    $$x^2$$\n\n```\n$x^2$\n```\n")

    assert "<math" not in html and html.count("$x^2$") >= 4


@pytest.mark.parametrize(
    "formula",
    [
        r"\unknown{x}",
        r"\href{javascript:x()}{y}",
        "{" * (MAX_BRACES + 1) + "}" * (MAX_BRACES + 1),
        r"\frac{x",
        r"a & b",
    ],
)
def test_a_formula_that_cannot_be_converted_stays_as_it_is_written(formula):
    html = render(f"a ${formula}$ b")

    assert "<math" not in html
    assert html.startswith("<p>a $")


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 60,
        "(a" * 60,
        r"\{" * 60,
        r"\bigl|" * 60,
        r"\langle " * 60,
        "⟨" * 60,
        r"(\sqrt\bigr)" * 60,
        "{(}" * 60,
        "(x^)" * 60,
        r"(\frac1)" * 60,
        r"(\frac{1})" * 60,
        r"(\sqrt)" * 60,
        r"(\operatorname)" * 60,
        r"(a\\" * 60,
        r"(\frac{a)}{b}" * 60,
        r"\newcommand{\a}{((((((}" + r"\a" * 12,
    ],
)
def test_a_formula_with_many_delimiters_that_are_not_closed_stays_as_it_is_written(formula):
    assert "<math" not in render(f"a ${formula}x$ b")


@pytest.mark.parametrize(
    "part", ["(a)", "f(x_1) + ", r"(\frac{a}{b})", r"(\sqrt[3]{x})", r"\Gamma(\alpha) ", r"[0, 1) + "]
)
def test_a_formula_with_many_delimiters_that_are_closed_is_converted(part):
    assert "<math" in render(f"a ${part * 60}x$ b")


def test_columns_of_equations_are_aligned_without_styles():
    html = render("$$\n\\begin{align*}a&=b\\\\c&=d\\end{align*}\n$$")

    assert 'class="align-right"' in html and 'class="align-left"' in html
    assert " style=" not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<math><mi href='javascript:x'>x</mi></math>", "<math><mi>x</mi></math>"),
        ("<math><maction actiontype='toggle'><mi>x</mi></maction></math>", "<math><mi>x</mi></math>"),
        ("<math><mi>x<b>y</b></mi></math>", "<math><mi>x</mi></math><b>y</b>"),
        ("<mi>x</mi>", "x"),
        (
            "<math><annotation-xml encoding='text/html'><script>x()</script></annotation-xml></math>",
            "<math></math>",
        ),
        ("<math display='url(x)' mathvariant=\"a'b\"><mi>x</mi></math>", "<math><mi>x</mi></math>"),
        ("<math><mtext><table><mglyph><style><img src=x onerror=x()></style></table></mtext></math>", None),
    ],
)
def test_written_mathml_has_no_addresses_actions_and_html(text, html):
    rendered = render(f"a {text}")

    assert html is None or rendered == f"<p>a {html}</p>\n"
    assert not re.search("onerror|javascript|script|style", rendered)


def test_too_many_and_too_long_formulas_are_refused():
    assert render("$x$ " * MAX_FORMULAS).count("<math>") == MAX_FORMULAS
    with pytest.raises(TooLarge, match=f"more than {MAX_FORMULAS:,} formulas"):
        render("$x$ " * (MAX_FORMULAS + 1))
    long = [f"$x_{number}{'y' * (MAX_FORMULA - 10)}$" for number in range(MAX_ALL_FORMULAS // MAX_FORMULA + 1)]
    with pytest.raises(TooLarge, match="20,000 characters"):
        render("\n\n".join(long))
    assert "<math" not in render(f"$x^{'y' * MAX_FORMULA}$")
