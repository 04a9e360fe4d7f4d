"""Middleware that runs on the admin's host only, because public pages use no sessions, users or messages."""

from typing import cast

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.deprecation import MiddlewareMixin


class AdminOnly(MiddlewareMixin):
    """Base class of a middleware that passes requests for all other hosts on unchanged."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        act = super().__call__ if request.host.name == "admin" else self.get_response  # type: ignore[attr-defined]
        return cast(HttpResponse, act(request))


class AdminCSPMiddleware(AdminOnly, CSPMiddleware):
    pass


class AdminNulMiddleware(AdminOnly):
    """Refuses NUL in the path, the query string and the cookies: PostgreSQL raises an error for a text with NUL.

    A cookie can contain NUL because Django decodes `\\000` in its value. Form fields are not checked here, because each
    field refuses NUL itself and the form then keeps what the user typed.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        parameters = (text for name, values in request.GET.lists() for text in (name, *values))
        if any("\0" in text for text in (request.path, *parameters, *request.COOKIES.values())):
            return HttpResponseBadRequest(
                "The address or a cookie contains the character NUL. Correct the address, or delete the cookies of this"
                " host.\n",
                content_type="text/plain",
            )
        return None


class AdminSessionMiddleware(AdminOnly, SessionMiddleware):
    pass


class AdminAuthenticationMiddleware(AdminOnly, AuthenticationMiddleware):
    pass


class AdminMessageMiddleware(AdminOnly, MessageMiddleware):
    pass
