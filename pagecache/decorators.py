"""Decorators with which a view declares that its response is public and which query parameters it reads."""

from collections.abc import Callable, Iterable
from functools import wraps
from math import inf
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict

from lib.cache_control import CACHE_CONTROL
from tenancy.registry.last_change import last_change

View = Callable[..., HttpResponse]

MAX_PARAMETERS = 50
_PUBLIC = "newsstand.public"
_MODIFIED_AT = "newsstand.modified_at"
_STORED_FOR = "newsstand.stored_for"
_SENT_QUERY = "newsstand.sent_query"


def public_page(query: Iterable[str] = ()) -> Callable[[View], View]:
    """Decorate a view whose response depends only on the site, the path and the query parameters named in `query`.

    The view sees no other parameters, because the cache key does not contain them.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def public_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.META[_SENT_QUERY] = sent_query(request)
            query_string = declared_query(sent_query(request), query)
            request.GET = QueryDict(query_string)
            request.META["QUERY_STRING"] = query_string
            # Before the view reads rows, so that no response has a later time than its content.
            request.META[_MODIFIED_AT] = last_change(request.site).timestamp()
            return declare_public(request, view(request, *args, **kwargs))

        public_view.query = tuple(query)  # type: ignore[attr-defined]
        return public_view

    return decorate


def declare_public(request: HttpRequest, response: HttpResponse, *, stored_for: float = inf) -> HttpResponse:
    """Let the page cache, CDNs and browsers store the response; the page cache for at most `stored_for` seconds."""
    response["Cache-Control"] = CACHE_CONTROL
    request.META[_PUBLIC] = True
    request.META[_STORED_FOR] = stored_for
    return response


def is_declared_public(environ: dict[str, Any]) -> bool:
    """Whether the view that handled the request declared its response public."""
    return _PUBLIC in environ


def modified_at(environ: dict[str, Any]) -> float:
    """The Unix time of the last change of the site when the view began. 0 for a view without `public_page`."""
    return float(environ.get(_MODIFIED_AT, 0.0))


def sent_query(request: HttpRequest) -> str:
    """The query string that the client sent, with the parameters that the view does not declare."""
    query: str = request.META.get(_SENT_QUERY, request.META.get("QUERY_STRING", ""))
    return query


def stored_for(environ: dict[str, Any]) -> float:
    """For how many seconds the page cache may store the public response to the request."""
    seconds: float = environ.get(_STORED_FOR, inf)
    return seconds


def declared_query(query: str, names: Iterable[str]) -> str:
    """The query string reduced to the parameters in `names`, in a canonical order and encoding.

    As in Django, the last value of a repeated parameter counts. Raises TooManyFieldsSent if the query string has more
    than MAX_PARAMETERS parameters. Django turns this exception into a 400 response.
    """
    if not query:
        return ""
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS))
    except ValueError as error:
        raise TooManyFieldsSent(f"The query string has more than {MAX_PARAMETERS} parameters.") from error
    return urlencode([(name, given[name]) for name in names if name in given])
