"""Views of the internal surface other than health checks."""

import hmac
import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib.database import DATABASE_NOT_READY
from tenancy.internal import traefik

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def traefik_document(request: HttpRequest) -> HttpResponse:
    """Traefik's dynamic configuration. Traefik keeps its last configuration while the response is an error."""
    if not _has_token(request):
        refusal = "This request needs the header “Authorization: Bearer …” with the value of INTERNAL_TOKEN.\n"
        return HttpResponse(refusal, "text/plain", 401, headers={"WWW-Authenticate": "Bearer"})
    if not settings.SHARED_DEPLOYMENT:
        return _no_document("SHARED_DEPLOYMENT is not set", request)
    try:
        return JsonResponse(traefik.current_document())
    except DATABASE_NOT_READY as error:
        return _no_document(str(error), request)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode()
    return bool(settings.INTERNAL_TOKEN) and hmac.compare_digest(given, f"Bearer {settings.INTERNAL_TOKEN}".encode())


def _no_document(reason: str, request: HttpRequest) -> HttpResponse:
    logger.error("Traefik gets no document and keeps its last one: %s", reason, extra={"request": request})
    return HttpResponse(
        "There is no document at the moment. The log of the application states the reason.\n", "text/plain", 503
    )
