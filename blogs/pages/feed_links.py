"""Makes the URLs in a post's HTML absolute for feeds, because feed readers show the HTML outside the site.

The expressions need no HTML parser: the sanitiser escapes < and > in attribute values and quotes every value. They read
each character once.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import urljoin

# The elements that may have a URL.
_TAG = re.compile(r"<(?:a|area|audio|blockquote|del|img|ins|q|source|track|video) [^<>]*>")
_ATTRIBUTE = re.compile(r' (href|src|srcset|poster|cite)="([^"]*)"')
_HAS_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
# A candidate of `srcset`: its URL, and its descriptor such as 2x.
_CANDIDATE = re.compile(r"([^\s,](?:\S*[^\s,])?)([^,]*)")


def absolute_links(html: str, base: str) -> str:
    """Make each relative URL in sanitised HTML absolute. `base` is the absolute URL of the post."""
    origin = urljoin(base, "/").removesuffix("/")

    def absolute(url: str) -> str:
        return _absolute(url, base, origin)

    return _TAG.sub(lambda tag: _ATTRIBUTE.sub(lambda found: _attribute(found, absolute), tag[0]), html)


def _attribute(found: re.Match[str], absolute: Callable[[str], str]) -> str:
    name, value = found.groups()
    if name == "srcset":
        return f' srcset="{_CANDIDATE.sub(lambda part: absolute(part[1]) + part[2], value)}"'
    return f' {name}="{absolute(value)}"'


def _absolute(url: str, base: str, origin: str) -> str:
    """The absolute form of a URL in an attribute value. `url` is escaped, and so is the result."""
    url = url.strip()
    if url.startswith("//") or _HAS_SCHEME.match(url):
        return url
    if url.startswith("/"):
        return origin + url
    if url[:1] in ("", "#", "?"):
        return base + url
    return escape(urljoin(base, unescape(url)))
