"""Middleware that runs on the admin's host only, because public pages use no sessions, users or messages."""

from typing import cast

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin


class AdminOnly(MiddlewareMixin):
    """Base class of a middleware that passes requests for all other hosts on unchanged."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        act = super().__call__ if request.host.name == "admin" else self.get_response  # type: ignore[attr-defined]
        return cast(HttpResponse, act(request))


class AdminCSPMiddleware(AdminOnly, CSPMiddleware):
    pass


class AdminSessionMiddleware(AdminOnly, SessionMiddleware):
    pass


class AdminAuthenticationMiddleware(AdminOnly, AuthenticationMiddleware):
    pass


class AdminMessageMiddleware(AdminOnly, MessageMiddleware):
    pass
