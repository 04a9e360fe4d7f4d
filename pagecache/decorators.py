"""Which answers everybody may keep: a view says so of itself, and which parameters of the query it reads."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict

from lib.cache_control import CACHE_CONTROL

View = Callable[..., HttpResponse]

MOST_PARAMETERS = 50
_MARK = "newsstand.public"


def public_page(query: Iterable[str] = ()) -> Callable[[View], View]:
    """Decorates a view whose answers depend on the site, the path and these parameters alone.

    It sees no others: what is not in the key of a page cannot change the page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def public_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            read = declared(request.META.get("QUERY_STRING", ""), query)
            request.GET = QueryDict(read)  # immutable, as Django's own
            request.META["QUERY_STRING"] = read
            return declare_public(request, view(request, *args, **kwargs))

        public_view.query = tuple(query)  # type: ignore[attr-defined]
        return public_view

    return decorate


def declare_public(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let everybody keep this answer."""
    response["Cache-Control"] = CACHE_CONTROL
    request.META[_MARK] = True
    return response


def is_declared_public(environ: dict[str, Any]) -> bool:
    """Whether the view that answered the request of this environ said that its answer may be kept."""
    return _MARK in environ


def declared(query: str, names: Iterable[str]) -> str:
    """The parameters of these names alone, each once (the last one counts, as with Django), in one spelling.

    Raises TooManyFieldsSent, which Django answers with 400, for more than MOST_PARAMETERS.
    """
    if not query:
        return ""
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    except ValueError as error:
        raise TooManyFieldsSent(f"The address has more than {MOST_PARAMETERS} parameters.") from error
    return urlencode([(name, given[name]) for name in names if name in given])
