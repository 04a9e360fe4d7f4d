"""Calls of template tags and shortcodes, and what the common ones become in Markdown and HTML."""

import html
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from transfer.markdown.source.files import is_image_address

_ARGUMENT = re.compile(
    r"(?:(?P<key>[A-Za-z_][\w-]*+)\s*+(?:=|:(?!//))\s*+)?+"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*+)\"|'(?P<single>(?:[^'\\]|\\.)*+)'|“(?P<curly>[^”]*+)”|`(?P<raw>[^`]*+)`"
    r"|(?P<bare>[^\s\"'`“,|()\[\]]++))",
    re.DOTALL,
)
_NOT_IN_MARKDOWN = re.compile(r"[\s()<>]")
_MARKDOWN_SIGNS = re.compile(r"([\\\[\]`*_<&])")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[\w.~@/-]+")
# Arguments whose values are words for readers.
_WORDS = ("text", "title", "caption", "alt", "summary", "label", "content", "description", "message", "quote", "author")
# The arguments of these tags are not words for readers.
_CONTROL = frozenset(
    {
        "assign", "block", "break", "call", "capture", "case", "cycle", "decrement", "else", "elsif", "elseif",
        "extends", "filter", "for", "from", "if", "import", "increment", "macro", "render", "set", "tablerow", "toc",
        "unless", "when", "with",
    }
)  # fmt: skip


class Call(NamedTuple):
    """One template tag or shortcode. `content` is the text up to its end tag, for tags that enclose verbatim text."""

    name: str
    positional: list[str]
    named: dict[str, str]
    variables: Mapping[str, str]
    begins_block: bool = True  # Whether Markdown is possible here. Within HTML it is not rendered.
    is_alone: bool = True  # Whether the line contains nothing else.
    content: str = ""
    source: str = ""  # The arguments as they are written.
    is_in_link: bool = False  # Whether the tag is all that a link contains. Links cannot contain links.

    def value(self, *names: str, position: int | None = None) -> str:
        """The first named argument with a value, or the positional argument."""
        found = next((self.named[name] for name in names if self.named.get(name)), "")
        if not found and position is not None and position < len(self.positional):
            return self.positional[position]
        return found


def arguments(text: str) -> tuple[list[str], dict[str, str]]:
    """The positional and the named arguments of a tag."""
    positional: list[str] = []
    named: dict[str, str] = {}
    for argument in _ARGUMENT.finditer(text):
        kind = next(kind for kind in ("double", "single", "curly", "raw", "bare") if argument[kind] is not None)
        value = re.sub(r"\\(.)", r"\1", argument[kind]) if kind in ("double", "single") else argument[kind]
        if argument["key"]:
            named.setdefault(argument["key"].lower(), value)
        elif value not in ("-", "~", "/"):
            positional.append(value)
    return positional, named


# -- Markdown and HTML -------------------------------------------------------------------------------------------------


def escaped(words: str) -> str:
    """The words with a backslash before each character that Markdown would interpret."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", words)


def link(call: Call, address: str, words: str = "") -> str:
    """A link. An address alone in its paragraph may become a card, see docs/markdown.md."""
    words = " ".join(words.split())
    if call.is_in_link:
        return html.escape(words or address, quote=False)
    if call.begins_block and not _NOT_IN_MARKDOWN.search(address):
        if not words and call.is_alone:
            return address
        return f"[{escaped(words or address)}]({address})"
    return f'<a href="{html.escape(address)}">{html.escape(words or address, quote=False)}</a>'


def image(call: Call, path: str, alt: str = "") -> str:
    """An image, in Markdown where it is possible."""
    alt = " ".join(alt.split())
    if call.begins_block and not _NOT_IN_MARKDOWN.search(path):
        return f"![{escaped(alt)}]({path})"
    return html_image(path, alt)


def html_image(path: str, alt: str) -> str:
    return f'<img src="{html.escape(path)}" alt="{html.escape(alt)}">'


def figure(call: Call, path: str, alt: str = "", caption: str = "", target: str = "") -> str:
    """An image with a caption and a link, if they are given."""
    alt, caption = " ".join(alt.split()), " ".join(caption.split())
    if not caption and not target:
        return image(call, path, alt)
    shown = html_image(path, alt)
    if target:
        shown = f'<a href="{html.escape(target)}">{shown}</a>'
    caption = f"<figcaption>{html.escape(caption, quote=False)}</figcaption>" if caption else ""
    return f"<figure>{shown}{caption}</figure>"


def code_block(language: str, content: str) -> str:
    """Fenced code. The fence is longer than any within the content."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", content))])
    language = language if re.fullmatch(r"[\w+#.-]{1,40}", language) else ""
    lines = content.strip("\n").rstrip()
    return f"{fence}{language}\n{lines}\n{fence}"


def block(call: Call, begin: str) -> str:
    """The opening or closing tag of an HTML block, with the empty lines without which its content is no Markdown."""
    return f"\n\n{begin}\n\n" if call.is_alone else begin


def from_root(path: str) -> str:
    """The path as an address that starts at the root of the archive."""
    return path if "//" in path else f"/{path.lstrip('/')}"


def path_to(file: str) -> str:
    """The path of a file as the address of a link."""
    return quote(file.strip(), safe="/#?=&%:@+,;~!$'*")


# -- tags that several generators have ---------------------------------------------------------------------------------


def removed(call: Call) -> str:
    """A tag that has no meaning for readers here."""
    return ""


def as_written(call: Call) -> str:
    """{% raw %}: the content without any conversion."""
    return call.content


def highlight(call: Call) -> str:
    """A tag around code, with the language as its first argument."""
    return code_block(call.value("lang", "language", position=0), call.content)


def figure_tag(call: Call) -> str | None:
    """A tag with the arguments src, alt, caption, link, as Hugo's figure and many includes of Jekyll have them."""
    path = call.value("src", "image", "image_path", "path", "file", "url", position=0)
    if not path:
        return None
    caption = " – ".join(filter(None, [call.named.get("title"), call.named.get("caption")]))
    return figure(call, path, call.value("alt"), caption, call.value("link", "href"))


def unknown_figure(call: Call) -> str | None:
    """The same for a tag with any name, if one of its arguments is the path of an image."""
    path = call.value("src", "image", "image_path", "path", "file", "url")
    return figure_tag(call) if is_image_address(path) else None


def details_begin(call: Call) -> str:
    summary = html.escape(call.value("summary", "title", position=0) or "Details", quote=False)
    return block(call, f"<details><summary>{summary}</summary>")


def details_end(call: Call) -> str:
    return block(call, "</details>")


def quote_begin(call: Call) -> str:
    """A quotation that begins with its author, because the end tag does not repeat the author."""
    source = call.value("author", "cite", "by") or " ".join(call.source.strip("-~ ").split()).strip("\"'")
    words = html.escape(source, quote=False)
    return block(call, "<blockquote>" + (f"<p><cite>{words}</cite></p>" if words else ""))


def quote_end(call: Call) -> str:
    return block(call, "</blockquote>")


def embed(address: str) -> Callable[[Call], str | None]:
    """A handler for a tag that shows a page of another site, such as a video. `address` has {} for the identifier."""

    def handler(call: Call) -> str | None:
        identifier = call.value("id", "video", "video_id", "src", "url", position=0)
        words = call.value("title", "caption")
        if _ADDRESS.match(identifier):
            return link(call, identifier, words)
        if not _IDENTIFIER.fullmatch(identifier):
            return None
        return link(call, address.format(identifier), words)

    return handler


def gist(call: Call) -> str | None:
    """GitHub Gist: a user and an identifier, or an identifier alone."""
    parts = [part for part in call.positional[:2] if _IDENTIFIER.fullmatch(part)] or [call.value("id")]
    return link(call, f"https://gist.github.com/{'/'.join(parts)}") if parts[0] else None


def tweet(call: Call) -> str | None:
    """A post on X: `user` and `id`, or an identifier alone."""
    identifier = call.value("id", position=len(call.positional) - 1 if call.positional else None)
    if _ADDRESS.match(identifier):
        return link(call, identifier)
    user = call.value("user") or (call.positional[0] if len(call.positional) > 1 else "i")
    return link(call, f"https://x.com/{user}/status/{identifier}") if _IDENTIFIER.fullmatch(identifier) else None


EMBEDS: dict[str, Callable[[Call], str | None]] = {
    "codepen": embed("https://codepen.io/pen/{}"),
    "gist": gist,
    "instagram": embed("https://www.instagram.com/p/{}/"),
    "jsfiddle": embed("https://jsfiddle.net/{}/"),
    "spotify": embed("https://open.spotify.com/{}"),
    "tweet": tweet,
    "twitter": tweet,
    "vimeo": embed("https://vimeo.com/{}"),
    "x": tweet,
    "youtube": embed("https://www.youtube.com/watch?v={}"),
}


def service_handler(name: str) -> Callable[[Call], str | None] | None:
    """The handler for a tag whose name contains the one of a service, such as youtubeEmbed or lite-youtube."""
    service = next((service for service in ("youtube", "vimeo", "codepen") if service in name), "")
    return EMBEDS.get(service)


def words_of(call: Call) -> str:
    """What readers keep of an unknown tag: the words and the address among its arguments."""
    if call.name in _CONTROL:
        return ""
    values = [*call.named.values(), *call.positional]
    address = next((value for value in values if _ADDRESS.match(value) and not _NOT_IN_MARKDOWN.search(value)), "")
    words = call.value(*_WORDS) or next((value for value in call.positional if " " in value.strip()), "")
    if address:
        return link(call, address, "" if words == address else words)
    return escaped(" ".join(words.split())) if call.begins_block else html.escape(words, quote=False)
