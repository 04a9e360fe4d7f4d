"""Callouts: `> [!NOTE]` in a quote, as on GitHub, and containers between `:::note` and `:::`.

Both may have a title: `> [!TIP] Title`, `:::tip Title` or `:::tip[Title]`. Without a title, the word for the kind in
the language of the document is the title.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from lib.languages import html_words

# The five kinds of GitHub, and names that Docusaurus, VuePress and others use for them.
KINDS = {kind: kind for kind in ("note", "tip", "important", "warning", "caution")}
KINDS |= {"info": "note", "hint": "tip", "success": "tip", "attention": "warning", "danger": "caution"}

_NAMES = "|".join(KINDS)
_QUOTE = re.compile(rf"\[!(?P<name>{_NAMES})\][ \t]*(?P<title>[^\n]*)(?:\n|$)", re.IGNORECASE)
_CONTAINER = re.compile(
    rf"[ \t]*(?P<name>{_NAMES})(?:\[(?P<bracketed>[^\n\]]*)\]|[ \t]+(?P<title>[^\n]*))?[ \t]*", re.IGNORECASE
)


def install(md: MarkdownIt) -> None:
    md.use(container_plugin, "callout", validate=lambda line, _markup: _CONTAINER.fullmatch(line) is not None)
    md.core.ruler.after("block", "callouts", callouts)


def callouts(state: StateCore) -> None:
    """Turn containers, and quotes that begin with `[!NOTE]`, into asides with a title."""
    tokens, out, opened = state.tokens, list[Token](), list[bool]()
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        out.append(token)
        if token.type == "container_callout_open" and (found := _CONTAINER.fullmatch(token.info)):
            opened.append(True)
            out += _begin(token, found["name"], found["bracketed"] or found["title"] or "", state)
        elif token.type == "blockquote_open":
            inline = tokens[position + 1] if tokens[position].type == "paragraph_open" else None
            quote = _QUOTE.match(inline.content) if inline else None
            opened.append(quote is not None)
            if inline and quote:
                out += _begin(token, quote["name"], quote["title"], state)
                inline.content = inline.content[quote.end() :].lstrip()
                position += 0 if inline.content else 3
        elif token.type in ("blockquote_close", "container_callout_close") and opened.pop():
            token.tag = "aside"
    state.tokens = out


def _begin(token: Token, name: str, title: str, state: StateCore) -> list[Token]:
    """Make `token` the start of an aside. Returns the tokens of its title."""
    kind = KINDS[name.lower()]
    token.type, token.tag = "callout_open", "aside"
    token.attrs = {"class": f"callout callout-{kind}", "role": "note"}
    words = html_words(state.env.get("language", ""))
    opening = Token("paragraph_open", "p", 1, attrs={"class": "callout-title"}, block=True)
    text = Token("inline", "", 0, content=title.strip() or words[kind], children=[], block=True)
    return [opening, text, Token("paragraph_close", "p", -1, block=True)]
