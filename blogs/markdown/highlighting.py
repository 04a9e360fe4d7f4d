"""Fenced code in colours: Pygments' classes, which `static/blogs/code.css` paints.

Pygments' lexers are regular expressions, and many take quadratic time on code written to that end (measured: 6,000
characters at most 0.6 s, 20,000 beyond 12 s). So only the languages below, tried one by one, only blocks of
`MAX_CODE` characters, and of a document only what `Painter` can pay for; all other code stays plain. C# and Terraform
are left out: their lexers need more than 10 s for 6,000 characters.
"""

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

MAX_CODE = 6_000  # characters
BUDGET = 4 * MAX_CODE**2  # of squares of lengths

LANGUAGES = frozenset(
    "apacheconf awk bash bat batch c c++ clj clojure cmake common-lisp console cpp css dart diff"  # noqa: SIM905
    " django docker dockerfile elisp elixir elm erlang fish fsharp go golang graphql groovy"
    " haskell hs html html+django html+jinja http ini java javascript jinja js json jsx julia"
    " kotlin latex less lisp lua make makefile matlab mysql nasm nginx nix objective-c ocaml perl"
    " php pl posh postgres postgresql powershell proto protobuf ps1 py pycon python python3 r"
    " racket rb rs ruby rust sass scala scheme scss sh shell solidity sql sqlite3 swift tcl tex"
    " toml ts tsx typescript udiff vim xml xslt yaml yml zig zsh".split()
)
_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)


class Painter:
    """Colours the code of one document, as long as the budget lasts. Lexers cost up to the square of a length."""

    def __init__(self) -> None:
        self.budget = BUDGET

    def paint(self, code: str, language: str) -> str | None:
        """HTML of `code`, or None if it is to stay plain."""
        price = len(code) ** 2
        if language.lower() not in LANGUAGES or len(code) > MAX_CODE or price > self.budget:
            return None
        self.budget -= price
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
        html = highlight(code, lexer, _FORMATTER)
        return html.replace("&quot;", '"').replace("&#39;", "'").replace("\xa0", "&nbsp;")  # as nh3 spells it
