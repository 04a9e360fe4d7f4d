"""Renders tokens of markdown-it to HTML exactly as nh3 serialises it, so that sanitising keeps allowed HTML unchanged.

nh3 serialises as HTML5: `"` is not escaped in text, a no-break space is an entity, and `<br>` has no slash.
"""

from collections.abc import Sequence
from typing import Any

from markdown_it.common.utils import unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from blogs.markdown.highlighting import Highlighter
from blogs.markdown.sanitise import ID_PREFIX

# The label of a check box for screen readers is a symbol, because the language of the text is unknown here.
CHECKBOX = '<input type="checkbox" class="task-list-item-checkbox" aria-label="{label}" disabled=""{checked}>'
CHECKED_BOX = CHECKBOX.format(label="☑", checked=' checked=""')
UNCHECKED_BOX = CHECKBOX.format(label="☐", checked="")

# The alignment of a table cell is a class: the content security policy forbids inline styles, and `align` is obsolete.
_ALIGN = {"text-align:left": "align-left", "text-align:center": "align-center", "text-align:right": "align-right"}


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


class Renderer(RendererHTML):
    """markdown-it calls the method that has the name of the token's type. Methods named `render…` override its own."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType) -> str:
        env["highlighter"] = Highlighter()
        return super().render(tokens, options, env)

    @staticmethod
    def renderAttrs(token: Token) -> str:  # noqa: N802
        return "".join(f" {name}={quoted}" for name, quoted in map(_attribute, token.attrs.items()))

    def text(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return escape(tokens[idx].content)

    def code_inline(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return f"<code>{escape(tokens[idx].content)}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return f'<pre tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'

    def fence(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, env: EnvType) -> str:
        """A fenced code block. With `tabindex`, keyboard users can focus the block and scroll wide code sideways."""
        language = next(iter(unescapeAll(tokens[idx].info).split()), "")
        highlighted = env["highlighter"].highlight(tokens[idx].content, language)
        html = escape(tokens[idx].content) if highlighted is None else highlighted
        name = f' class="language-{escape(language).replace(chr(34), "&quot;")}"' if language else ""
        return f'<pre tabindex="0"><code{name}>{html}</code></pre>\n'

    def list_item_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        item = self.renderToken(tokens, idx, options, env)
        if "checked" not in tokens[idx].meta:
            return item
        return f"{item}{CHECKED_BOX if tokens[idx].meta['checked'] else UNCHECKED_BOX} "

    def formula(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """MathML (blogs/markdown/formulas.py)."""
        return tokens[idx].content

    formula_block = formula

    # The following methods render tokens of the footnote plugin. Ids of headings have no colon, so they differ from the
    # ids here.

    def footnote_ref(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        note, reference = _footnote_ids(tokens[idx].meta)
        link = f'<a href="#{ID_PREFIX}fn:{note}" id="{ID_PREFIX}fnref:{reference}">[{note}]</a>'
        return f'<sup class="footnote-ref">{link}</sup>'

    def footnote_block_open(self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """Not a `section`, because a section needs a heading."""
        return '<hr class="footnotes-sep">\n<div class="footnotes">\n<ol class="footnotes-list">\n'

    def footnote_block_close(self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return "</ol>\n</div>\n"

    def footnote_open(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return f'<li id="{ID_PREFIX}fn:{_footnote_ids(tokens[idx].meta)[0]}" class="footnote-item">'

    def footnote_anchor(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        reference = _footnote_ids(tokens[idx].meta)[1]
        # The variation selector after the arrow selects a text glyph instead of an emoji.
        return f'&nbsp;<a href="#{ID_PREFIX}fnref:{reference}" class="footnote-backref">↩︎</a>'


def _footnote_ids(meta: dict[str, Any]) -> tuple[str, str]:
    """The number of the footnote, and the id of this reference: “1” for the first one, then “1:2”, “1:3”."""
    number = str(meta["id"] + 1)
    return number, f"{number}:{meta['subId'] + 1}" if meta.get("subId") else number


def _attribute(item: tuple[str, str | int | float]) -> tuple[str, str]:
    name, value = item
    if name == "style":
        name, value = "class", _ALIGN[str(value)]
    return name, '"' + escape(str(value)).replace('"', "&quot;") + '"'
