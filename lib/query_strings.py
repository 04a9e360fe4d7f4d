"""Adds the query string of a request to the URL to which it is redirected."""

from urllib.parse import quote, unquote_plus

MAX_URL = 2000  # characters; Django refuses redirects to URLs of more than 2,048


def with_query(url: str, query: str) -> str:
    """`url` with the parameters of `query`, a query string as WSGI passes it.

    A parameter that `url` has already keeps its value there. If the result is too long, it has no parameter of `query`.
    """
    begin, hash_sign, fragment = url.partition("#")
    path, _, own = begin.partition("?")
    names = {_name(parameter) for parameter in own.split("&")}
    # A string of WSGI contains one character for each byte.
    encoded = quote(query.encode("latin-1", "ignore"), safe="%/?:@!$&'()*+,;=~-._")
    added = [parameter for parameter in encoded.split("&") if parameter and _name(parameter) not in names]
    if not added:
        return url
    merged = f"{path}?{'&'.join([*filter(None, [own]), *added])}{hash_sign}{fragment}"
    return merged if len(merged) <= MAX_URL else url


def _name(parameter: str) -> str:
    return unquote_plus(parameter.partition("=")[0])
