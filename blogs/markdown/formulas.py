"""Formulas in LaTeX: `$x^2$` in a text, and `$$` … `$$` in a block of its own. They become MathML, without JavaScript.

Prose with prices stays prose: a formula begins and ends beside its dollar signs, no letter or digit is beside it, and
one with spaces contains a sign of mathematics. A formula that cannot be converted stays as it is written.

math-core 0.9 takes 0.2 ms for 2,000 characters, and 29 ms for 600 nested superscripts. So the nesting has a limit.
"""

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from blogs.markdown.limits import TooLarge

MAX_FORMULA = 2_000  # characters
MAX_FORMULAS = 1_000
MAX_ALL_FORMULAS = 20_000  # characters of them together: MathML can have 50 times as many
MAX_BRACES = 30  # nested ones

_INLINE = re.compile(r"(?P<mark>\$\$?)(?![\s$])(?P<formula>(?:[^$\\]|\\.){1,2000}+)(?P=mark)(?![\w$])", re.DOTALL)
_STYLE = re.compile(r' style="(?:[^"]*?text-align: (left|right))?[^"]*"')
_EMPTY = re.compile(r"<(mspace|mprescripts)([^<>]*)/>")
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

    if _depth(source) > MAX_BRACES:
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
