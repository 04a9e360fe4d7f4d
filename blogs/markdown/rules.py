"""The parser: markdown-it with the extensions of this dialect, and with limits on time and output size.

Measured on markdown-it-py 4.3 and mdit-py-plugins 0.7 with 250 hostile patterns of 25,000 to 100,000 characters:
CommonMark, strikethrough and task lists take linear time. Rules in this module replace these features, which do not:

- `[^` beside a footnote takes quadratic time: `footnote_ref`;
- many short references to one long URL give output of quadratic size: `bound_addresses`;
- the HTML of a table with empty cells can be a thousand times as long as its text: `bounded_table`;
- linkify-it and gfm_autolink take quadratic time on `://`, `http://a.b/{` and `a:`; `link_url` and `link_email` read a
  limited number of characters instead;
- the plugins for heading anchors and for task lists take quadratic time on thousands of headings or tasks:
  `blogs.markdown.sections`, and the task lists of markdown-it itself.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref as plugins_footnote_ref

from blogs.markdown import callouts, cards, formulas, inline, sections, typography
from blogs.markdown.emphasis import cjk_emphasis, cjk_strikethrough
from blogs.markdown.html import Renderer
from blogs.markdown.limits import TooLarge
from blogs.markdown.sanitise import in_page

MAX_NESTING = 22  # In levels: a quote has one level, and a list has two.
MAX_ADDED_CELLS = 10_000  # Cells that short rows lack and markdown-it adds, per document.

_FOOTNOTE = re.compile(r"\[\^[^\s\]]{1,100}\]")
_HOST = r"[^\W_](?:[\w-]|\.(?=[\w-])){0,250}+(?::[0-9]{1,5})?+"
_URL = re.compile(rf"https?://{_HOST}(?:[/?#][^\s<`“”‘’«»。，、；：！？）」』】]{{0,2000}}+)?+")
_LOCAL_PART = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-_"
_MAIL_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}+\.){1,8}[A-Za-z]{2,63}+(?![\w@-])")


def parser() -> MarkdownIt:
    """Create the parser. Its HTML is not sanitised, but has the sanitiser's serialisation (blogs/markdown/html.py)."""
    options = {"html": True, "maxNesting": MAX_NESTING + 2, "tasklists": True, "xhtmlOut": False}
    md = MarkdownIt("commonmark", options, renderer_cls=Renderer).enable(["strikethrough", "table"])
    md.use(footnote_plugin, inline=False)
    md.block.ruler.at("table", bounded_table, {"alt": ["paragraph", "reference"]})
    md.block.ruler.before("table", "nesting", bound_nesting)
    md.inline.ruler.at("footnote_ref", footnote_ref)
    md.inline.ruler.at("emphasis", cjk_emphasis)
    md.inline.ruler.at("strikethrough", cjk_strikethrough)
    md.inline.ruler.push("link_url", link_url)
    md.inline.ruler.push("link_email", link_email)
    md.use(deflist_plugin)
    for extension in (callouts, formulas, inline, typography, cards, sections):
        extension.install(md)
    for rule in (links_in_page, bound_addresses):
        md.core.ruler.push(rule.__name__, rule)
    for name in ("footnote_ref", "footnote_block_open", "footnote_block_close", "footnote_open", "footnote_anchor"):
        md.add_render_rule(name, getattr(Renderer, name))
    return md


def bound_nesting(state: StateBlock, line: int, _end: int, _silent: bool) -> bool:
    """Raise TooLarge at the depth from which markdown-it would drop content without an error."""
    if state.level >= MAX_NESTING:
        raise TooLarge(
            f"Line {line + 1}: quotes and lists are nested {state.level} levels deep; at most {MAX_NESTING - 1} are"
            " allowed (a list counts as two). Reduce the nesting, or write \\> and \\- for the characters themselves."
        )
    return False


def bounded_table(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    """markdown-it's table rule with a limit on the cells that it adds to short rows."""
    before = len(state.tokens)
    if not table(state, line, end, silent):
        return False
    cells = sum(token.tag in ("td", "th") and token.nesting == 1 for token in state.tokens[before:])
    rows = state.line - line if not silent else 0
    written = state.src.count("|", state.bMarks[line], state.eMarks[line + rows - 1]) + rows if rows else 0
    state.env["added_cells"] = state.env.get("added_cells", 0) + max(0, cells - written)
    if state.env["added_cells"] > MAX_ADDED_CELLS:
        raise TooLarge(
            f"Line {line + 1}: {state.env['added_cells']:,} table cells are missing in short rows; at most"
            f" {MAX_ADDED_CELLS:,} are added. Use fewer columns, or write all cells of each row."
        )
    return True


def footnote_ref(state: StateInline, silent: bool) -> bool:
    return _FOOTNOTE.match(state.src, state.pos) is not None and plugins_footnote_ref(state, silent)


def link_url(state: StateInline, silent: bool) -> bool:
    """Turn an http or https URL in the text into a link, without the punctuation that follows it (as in GFM)."""
    src, colon = state.src, state.pos
    if silent or state.linkLevel or not src.startswith("://", colon):
        return False
    scheme = next((name for name in ("https", "http") if src.endswith(name, 0, colon)), "")
    start = colon - len(scheme)
    if not scheme or not state.pending.endswith(scheme) or (start and src[start - 1].isalnum()):
        return False
    found = _URL.match(src, start, state.posMax)
    url = _without_punctuation(found[0]) if found else ""
    return bool(url) and _push_link(state, start, url, url)


def link_email(state: StateInline, silent: bool) -> bool:
    """Turn an e-mail address in the text into a link."""
    src, at = state.src, state.pos
    if silent or state.linkLevel or src[at] != "@":
        return False
    around = src[max(0, at - 66) : at]
    local = around[len(around.rstrip(_LOCAL_PART)) :].lstrip(".+-_")
    start = at - len(local)
    if not 0 < len(local) <= 64 or local.endswith(".") or not state.pending.endswith(local):
        return False
    if start and (src[start - 1].isalnum() or src[start - 1] in "/:@"):
        return False
    found = _MAIL_HOST.match(src, at + 1, state.posMax)
    address = f"{local}@{found[0]}" if found else ""
    return bool(found) and _push_link(state, start, f"mailto:{address}", address)


def _without_punctuation(url: str) -> str:
    opening = {")": "(", "]": "["}
    while (last := url[-1]) in "?!.,:;*_~'\"" or (last in opening and url.count(last) > url.count(opening[last])):
        url = url[:-1]
    return url


def _push_link(state: StateInline, start: int, url: str, text: str) -> bool:
    state.pending = state.pending[: len(state.pending) - (state.pos - start)]
    state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(url)}
    label = state.push("text", "", 0)
    label.content, label.info = text, "auto"
    state.push("link_close", "a", -1)
    state.pos = start + len(text)
    return True


def links_in_page(state: StateCore) -> None:
    """Add the prefix of ids to links within the document."""
    for token in _all_tokens(state):
        if token.type == "link_open":
            token.attrSet("href", in_page(str(token.attrGet("href"))))


def bound_addresses(state: StateCore) -> None:
    """Limit the total length of URLs in the output: a reference of three characters can repeat a URL of thousands."""
    size = sum(len(str(value)) for token in _all_tokens(state) for value in token.attrs.values())
    limit = 100_000 + 10 * len(state.src)
    if size > limit:
        raise TooLarge(
            f"The URLs of links and images have {size:,} characters in total; at most {limit:,} are allowed."
            " Use long URLs less often."
        )


def _all_tokens(state: StateCore) -> list[Token]:
    return [each for token in state.tokens for each in (token, *(token.children or ()))]
