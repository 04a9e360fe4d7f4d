"""Formulas in LaTeX: `$x^2$` in a text, and `$$` … `$$` in a block of its own. They become MathML, without JavaScript.

Prose with prices stays prose: a formula begins and ends beside its dollar signs, no letter or digit is beside it, and
one with spaces contains a sign of mathematics. A formula that cannot be converted stays as it is written.

math-core 0.9 takes 0.2 ms for 2,000 characters, and 29 ms for 600 nested superscripts. So the nesting has a limit.
Each opening delimiter that is not closed doubles the time (24 of them take 1 s). So their number has a limit as well.
"""

import re
from functools import cache
from typing import Any
from unicodedata import category

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from blogs.markdown.balance import words
from blogs.markdown.limits import TooLarge

MAX_FORMULA = 2_000  # characters
MAX_FORMULAS = 1_000
MAX_ALL_FORMULAS = 20_000  # characters of them together: MathML can have 50 times as many
MAX_BRACES = 30  # nested ones
MAX_UNCLOSED = 8  # opening delimiters

_INLINE = re.compile(r"(?P<mark>\$\$?)(?![\s$])(?P<formula>(?:[^$\\]|\\.){1,2000}+)(?P=mark)(?![\w$])", re.DOTALL)
_STYLE = re.compile(r' style="(?:[^"]*?text-align: (left|right))?[^"]*"')
_EMPTY = re.compile(r"<(mspace|mprescripts)([^<>]*)/>")
_TOKEN = re.compile(r"\\sqrt\s*+\[[\w ]{0,20}\]|\\(?:[A-Za-z]+|.)|\S", re.DOTALL)
_OPENING = re.compile(
    r"\\\{|\\[Bb]igg?l?(?![a-z])"
    r"|\\(?:l+|u|ul|ll)(?:ang|[bB]lk|[bB]ra|ceil|corner|floor|group|moust|paren|[vV]+ert)\w*"
)
_CLOSING = words(r") ] \} \rangle \rbrace \rbrack \rceil \rfloor \rvert \rVert")
# Commands without arguments, and with one. All others count as commands with two.
_NO_ARGUMENTS = words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi"
    " varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega arccos arcsin arctan cdot cdots cos"
    " cosh det dots exp ge geq in infty int ldots le left leq lim ln log max min nabla ne partial pm prod quad sin"
    " sinh sum tan tanh times to , ; : !"
)
_ONE_ARGUMENT = words(
    "bar begin bm boldsymbol dot end hat mathbb mathbf mathcal mathfrak mathit mathrm operatorname overline sqrt text"
    " tilde underline vec"
)
_SIZES = words(r"\bigr \Bigr \biggr \Biggr \bigm \Bigm \biggm \Biggm \right")
_DEFINITION = re.compile(r"\\(?:[a-z]*newcommand|def|let)(?![a-z])")
_SIGN = re.compile(r"[\\^_={}<>+*/|]")


def install(md: MarkdownIt) -> None:
    md.inline.ruler.before("emphasis", "formula", formula)
    md.block.ruler.before("fence", "formula", formula_block, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def formula(state: StateInline, silent: bool) -> bool:
    """A formula within a text."""
    before = state.src[state.pos - 1 : state.pos]
    if state.src[state.pos] != "$" or before.isalnum() or before == "$":
        return False
    found = _INLINE.match(state.src, state.pos, state.posMax)
    source = found["formula"] if found else ""
    if not found or source[-1].isspace() or (len(source.split()) > 1 and not _SIGN.search(source)):
        return False
    mathml = _mathml(source, "inline", state.env)
    if mathml and not silent:
        _push(state, "formula", mathml)
    state.pos = found.end() if mathml else state.pos
    return bool(mathml)


def formula_block(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """A formula between `$$` at the beginning of a line and `$$` at the end of one."""
    if state.is_code_block(line) or not _line(state, line).startswith("$$"):
        return False
    source = ""
    for last in range(line, end):
        text = _line(state, last).rstrip()
        source += f"{text}\n"
        if (last > line and not text) or len(source) > MAX_FORMULA:
            return False
        if text.endswith("$$") and len(source) > len("$$$$\n"):
            break
    else:
        return False
    mathml = _mathml(source.strip().removeprefix("$$").removesuffix("$$").strip(), "block", state.env)
    if mathml and not silent:
        # A wide formula scrolls, for the keyboard as well. Validators do not know `tabindex` of <math>.
        scrollable = f'<div class="table-scroll" tabindex="0" role="group">{mathml}</div>'
        _push(state, "formula_block", f"{scrollable}\n").map = [line, last + 1]
    state.line = last + 1 if mathml and not silent else state.line
    return bool(mathml)


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _mathml(source: str, display: str, env: EnvType) -> str | None:
    """MathML, or None for a formula that cannot be converted. Raises TooLarge."""
    known = env.setdefault("formulas", {})
    if (source, display) not in known:
        size = len(source) + sum(len(formula) for formula, _ in known)
        if size > MAX_ALL_FORMULAS:
            raise _too_many(f"{MAX_ALL_FORMULAS:,} characters in formulas")
        known[source, display] = _converted(source, is_block=display == "block")
    mathml: str | None = known[source, display]
    return mathml


def _push(state: StateBlock | StateInline, kind: str, mathml: str) -> Token:
    """Add a token for the formula. Raises TooLarge for too many formulas."""
    state.env["formula_count"] = state.env.get("formula_count", 0) + 1
    if state.env["formula_count"] > MAX_FORMULAS:
        raise _too_many(f"{MAX_FORMULAS:,} formulas")
    token = state.push(kind, "", 0)
    token.content = mathml
    return token


def _too_many(limit: str) -> TooLarge:
    return TooLarge(f"The text has more than {limit}. Split it into several posts.")


def _converted(source: str, *, is_block: bool) -> str | None:
    from math_core import LatexError

    if _depth(source) > MAX_BRACES or _unclosed(source) > (0 if _DEFINITION.search(source) else MAX_UNCLOSED):
        return None
    try:
        mathml = _converter().convert_with_local_state(source, displaystyle=is_block)
    except LatexError:
        return None
    # The content security policy forbids styles. Classes align the columns of equations.
    return _EMPTY.sub(
        r"<\1\2></\1>", _STYLE.sub(lambda found: f' class="align-{found[1]}"' if found[1] else "", mathml)
    )


@cache
def _converter() -> Any:
    # Imported here, because most processes render no formula.
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False)


def _depth(source: str) -> int:
    """The number of braces and environments in each other, or more."""
    depth = deepest = 0
    for found in re.finditer(r"[{}]|\\(?:begin|end|left|right)(?![a-z])", source):
        depth += 1 if found[0] in ("{", r"\begin", r"\left") else -1
        deepest = max(deepest, depth)
    return deepest


def _unclosed(source: str) -> int:
    """The number of opening delimiters that are not closed in their group and cell, or more.

    A closing delimiter that can be the argument of a command closes nothing.
    """
    unclosed = arguments = 0
    groups = [(0, 0)]  # the open delimiters of each group, and the number of arguments that are missing after it
    for sign in _TOKEN.findall(source):
        opened, after = groups[-1]
        if sign == "{":
            groups.append((0, max(0, arguments - 1)))
            arguments = 0
        elif sign in ("}", "&", r"\\"):
            unclosed += opened
            groups[-1] = 0, after
            arguments = 0
            if sign == "}" and len(groups) > 1:
                groups.pop()
                arguments = after
        elif _OPENING.fullmatch(sign) or category(sign[0]) == "Ps":
            groups[-1] = opened + 1, after
            if sign == "[" and arguments:  # an optional argument that _TOKEN does not match as a whole
                arguments = len(source)
        elif sign in _CLOSING:
            if not arguments:
                groups[-1] = max(0, opened - 1), after
        elif sign not in _SIZES:
            arguments = max(0, arguments - 1) + _arguments(sign)
    return unclosed + sum(opened for opened, _ in groups)


def _arguments(sign: str) -> int:
    """The number of arguments that follow, or more."""
    if sign in ("^", "_"):
        return 1
    if sign[0] != "\\" or sign[1:] in _NO_ARGUMENTS:
        return 0
    return 1 if sign.startswith(r"\sqrt") or sign[1:] in _ONE_ARGUMENT else 2
