"""Ids of headings, links to sections, and references to footnotes that stay with the word before them."""

import re
from unicodedata import category, normalize

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from blogs.markdown.sanitise import ID_PREFIX
from lib.languages import is_fallback, words_of

MAX_ID = 80  # characters


def install(md: MarkdownIt) -> None:
    md.core.ruler.push("heading_ids", heading_ids)
    md.core.ruler.push("footnote_references", footnote_references)


def heading_ids(state: StateCore) -> None:
    """Give every heading an id made from its text, and a link to it. A repeated id gets a number."""
    language = state.env.get("language", "")
    words, language_of_words = words_of(language)
    marks = {"lang": language_of_words} if is_fallback(language) else {}
    used: dict[str, int] = {}
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type != "heading_open":
            continue
        text = "".join(child.content for child in inline.children or [] if child.type in ("text", "code_inline"))
        slug = candidate = _slug(text)
        while candidate in used:
            used[slug] += 1
            candidate = f"{slug}-{used[slug]}"
        used[candidate] = 0
        heading.attrSet("id", ID_PREFIX + candidate)
        if inline.children and text.strip():
            attributes = {
                "class": "header-anchor",
                "href": f"#{ID_PREFIX}{candidate}",
                "aria-label": words.section_link,
                **marks,
            }
            # A style sheet shows the sign of the link, so that it is not part of the text in feeds and summaries.
            inline.children += [Token("anchor_open", "a", 1, attrs={**attributes}), Token("anchor_close", "a", -1)]


def _slug(words: str) -> str:
    """The text reduced to letters of any script, digits and single hyphens, or “section” if the result is empty."""
    # Cut first, because normalising takes quadratic time on a run of combining characters.
    kept = (
        char if category(char)[0] in "LMN" else "-"
        for char in normalize("NFC", words[: 4 * MAX_ID]).lower()
        if char not in "'’"
    )
    return re.sub(r"-+", "-", "".join(kept))[:MAX_ID].strip("-") or "section"


def footnote_references(state: StateCore) -> None:
    """Remove the space before a reference: it belongs to the word before it. The style sheet prevents a line break."""
    for token in state.tokens:
        children = token.children or []
        if not any(child.type == "footnote_ref" for child in children):
            continue
        out: list[Token] = []
        for child in children:
            if child.type == "footnote_ref":
                while len(out) > 1 and out[-1].type == "softbreak":
                    out.pop()
                if out and out[-1].type == "text":
                    out[-1].content = out[-1].content.rstrip(" ")
            out.append(child)
        token.children = out
