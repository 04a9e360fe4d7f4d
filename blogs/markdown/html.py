"""How our Markdown is spelled in HTML: as nh3 spells it, so that sanitising leaves harmless documents as they are.

That is HTML5's own serialisation: `"` stays in text, no-break spaces are entities, `<br>` has no slash.
"""

from collections.abc import Sequence
from typing import Any

from markdown_it.common.utils import unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from blogs.markdown.highlighting import Painter
from blogs.markdown.sanitise import ID_PREFIX

# Language-neutral names for what a screen reader would otherwise call just a checkbox.
CHECKBOX = '<input type="checkbox" class="task-list-item-checkbox" aria-label="{label}" disabled=""{checked}>'
DONE = CHECKBOX.format(label="☑", checked=' checked=""')
OPEN = CHECKBOX.format(label="☐", checked="")

_ALIGN = {"text-align:left": "left", "text-align:center": "center", "text-align:right": "right"}


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


class Renderer(RendererHTML):
    """markdown-it takes a method without `render` in its name for the rule of the tokens of that name."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType) -> str:
        env["painter"] = Painter()
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
        """The code may scroll sideways, so a keyboard must reach it: tabindex."""
        language = next(iter(unescapeAll(tokens[idx].info).split()), "")
        painted = env["painter"].paint(tokens[idx].content, language)
        html = escape(tokens[idx].content) if painted is None else painted
        name = f' class="language-{escape(language).replace(chr(34), "&quot;")}"' if language else ""
        return f'<pre tabindex="0"><code{name}>{html}</code></pre>\n'

    def list_item_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        item = self.renderToken(tokens, idx, options, env)
        if "checked" not in tokens[idx].meta:
            return item
        return f"{item}{DONE if tokens[idx].meta['checked'] else OPEN} "

    # Of the footnotes plugin; a colon cannot occur in the id of a heading.

    def footnote_ref(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        note, mention = _note(tokens[idx].meta)
        link = f'<a href="#{ID_PREFIX}fn:{note}" id="{ID_PREFIX}fnref:{mention}">[{note}]</a>'
        return f'<sup class="footnote-ref">{link}</sup>'

    def footnote_open(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return f'<li id="{ID_PREFIX}fn:{_note(tokens[idx].meta)[0]}" class="footnote-item">'

    def footnote_anchor(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        mention = _note(tokens[idx].meta)[1]
        return f' <a href="#{ID_PREFIX}fnref:{mention}" class="footnote-backref">↩︎</a>'  # text, not emoji


def _note(meta: dict[str, Any]) -> tuple[str, str]:
    """Its number, and that of this mention of it."""
    number = str(meta["id"] + 1)
    return number, f"{number}:{meta['subId'] + 1}" if meta.get("subId") else number


def _attribute(item: tuple[str, str | int | float]) -> tuple[str, str]:
    name, value = item
    if name == "style":  # of a cell; the Content-Security-Policy would ignore it
        name, value = "align", _ALIGN[str(value)]
    return name, '"' + escape(str(value)).replace('"', "&quot;") + '"'
