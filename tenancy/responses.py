"""Responses that name no site: refusals, redirects and “unavailable”."""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render

from lib.cache_control import NO_STORE

logger = logging.getLogger(__name__)


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """503, for what needs a database that is away."""
    logger.error("no answer from the database: %s", error, extra={"request": request})
    response = refusal(request, 503, "This page cannot be shown at the moment")
    response["Retry-After"] = "5"
    return response


class PermanentRedirect(HttpResponsePermanentRedirect):
    """308, after which a client repeats the request with its method and body (RFC 9110, 15.4.9)."""

    status_code = 308


def unknown_host(request: HttpRequest) -> HttpResponse:
    return refusal(request, 404, "There is no site at this address")


def refusal(request: HttpRequest, status: int, reason: str) -> HttpResponse:
    """A page that names no site: whoever asks at a wrong host learns nothing."""
    response = render(request, "tenancy/refusal.html", {"reason": reason}, status=status)
    response["Cache-Control"] = NO_STORE  # the next moment a site may be there
    return response
