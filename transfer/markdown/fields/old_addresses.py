"""Old addresses of posts, as front matter and generators write them."""

import re
from urllib.parse import unquote, urlsplit

_FILE = re.compile(r"\.(?:aspx?|cgi|html?|jsp|mdx?|php|shtml|txt|xhtml|xml)\Z", re.IGNORECASE)
_PATTERN = re.compile(r"(?:^|/):|\{\{")
_STYLES = {"date", "none", "ordinal", "pretty", "weekdate"}  # values of the field permalink that are not addresses


def path_of(address: str) -> str:
    """The path of an old address as Django sees it in a request.

    Empty for an address that needs its query string, and for a pattern or template of addresses.
    """
    if address in _STYLES or _PATTERN.search(address):
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    path = unquote(parts.path).removesuffix("index.html")
    if parts.query or not path.strip("/"):
        return ""
    # With its final slash, an old address answers requests without the slash as well.
    final = "" if _FILE.search(path) or path.endswith("/") else "/"
    return f"/{path.lstrip('/')}{final}"
