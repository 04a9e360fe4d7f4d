"""Highlights fenced code with Pygments. `static/blogs/code.css` defines the colours of the classes.

Pygments' lexers are regular expressions, and many take quadratic time on hostile code (measured: up to 0.6 s for
6,000 characters, more than 12 s for 20,000). Three limits bound the time: the list of languages below, each of which
was measured; a length of `MAX_CODE` characters for a block; and a budget per document, which one block of this length
uses up. All other code is shown without colours. C# and Terraform are not in the list: their lexers take more than
10 s for 6,000 characters.
"""

MAX_CODE = 6_000  # characters
BUDGET = MAX_CODE**2  # Per document: the maximum sum of the squared lengths of its highlighted blocks.

LANGUAGES = frozenset(
    "apacheconf awk bash bat batch c c++ clj clojure cmake common-lisp console cpp css dart diff"  # noqa: SIM905
    " django docker dockerfile elisp elixir elm erlang fish fsharp go golang graphql groovy"
    " haskell hs html html+django html+jinja http ini java javascript jinja js json jsx julia"
    " kotlin latex less lisp lua make makefile matlab mysql nasm nginx nix objective-c ocaml perl"
    " php pl posh postgres postgresql powershell proto protobuf ps1 py pycon python python3 r"
    " racket rb rs ruby rust sass scala scheme scss sh shell solidity sql sqlite3 swift tcl tex"
    " toml ts tsx typescript udiff vim xml xslt yaml yml zig zsh".split()
)


class Highlighter:
    """Highlights the code of one document within BUDGET, which assumes quadratic time of the lexers."""

    def __init__(self) -> None:
        self.budget = BUDGET

    def highlight(self, code: str, language: str) -> str | None:
        """HTML of `code`, or None if a limit forbids to highlight it."""
        cost = len(code) ** 2
        if language.lower() not in LANGUAGES or len(code) > MAX_CODE or cost > self.budget:
            return None
        self.budget -= cost
        # Quotes and no-break spaces are written as nh3 serialises them.
        return _highlighted(code, language).replace("&quot;", '"').replace("&#39;", "'").replace("\xa0", "&nbsp;")


def _highlighted(code: str, language: str) -> str:
    # Imported here, because Pygments takes a twentieth of the time of a start, and most processes highlight no code.
    import pygments
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    return str(pygments.highlight(code, lexer, HtmlFormatter(nowrap=True)))
