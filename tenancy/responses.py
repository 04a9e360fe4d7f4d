"""Responses that name no site: refusals, redirects and 503."""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render

from lib.cache_control import NO_STORE
from tenancy.logs import SUSPENDED

SUSPENDED_RETRY_AFTER = 3600  # Seconds. Crawlers repeat the request then and keep the pages in their index meanwhile.

logger = logging.getLogger(__name__)


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """503 for a request that needs the database while the database is away."""
    logger.error("The database does not respond: %s", error, extra={"request": request})
    response = refusal(request, 503, "This page cannot be shown at the moment")
    response["Retry-After"] = "5"
    return response


class PermanentRedirect(HttpResponsePermanentRedirect):
    """308: the client repeats the request with its method and body (RFC 9110, 15.4.9)."""

    status_code = 308


def unknown_host(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 for a host without a site. Takes the arguments of a `handler404`."""
    return refusal(request, 404, "There is no site at this address")


def suspended(request: HttpRequest) -> HttpResponse:
    """503 for each address of a suspended site. The page shows nothing of the site."""
    response = refusal(
        request,
        503,
        "This site is suspended",
        "It is not available at the moment. If it is yours, ask the operator of this server.",
    )
    response["Retry-After"] = str(SUSPENDED_RETRY_AFTER)
    request.META[SUSPENDED] = True
    return response


def refusal(
    request: HttpRequest,
    status: int,
    reason: str,
    remedy: str = "Check the spelling of the address, or try again later.",
) -> HttpResponse:
    """A page that states the reason and the remedy. It names no site."""
    response = render(request, "tenancy/refusal.html", {"reason": reason, "remedy": remedy}, status=status)
    response["Cache-Control"] = NO_STORE  # a site at this host may be created at any time
    return response
