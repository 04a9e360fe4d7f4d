"""Paths below `/-/` on a site's host. Only these accept POST, and no cache stores their responses.

Three places use the prefix. SiteMiddleware refuses POST on all other paths, hides cookies from the views below the
prefix and seals their responses. The page cache neither stores these responses nor serves them. `blogs.paths` reserves
the slug.

Sites set no cookie, so Django's CSRF protection cannot be used. `dynamic_view` accepts a POST only with a signed token
in the form, and only from the site's own pages. The token is valid for one path of one site and for TOKEN_MAX_AGE.

Three settings limit the body of a request. SiteMiddleware checks MAX_REQUEST_BODY, the bytes of the body. Django checks
DATA_UPLOAD_MAX_MEMORY_SIZE, the bytes of the fields without files, and DATA_UPLOAD_MAX_NUMBER_FIELDS, the number of
fields, when `dynamic_view` reads the token.
"""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from lib.cache_control import NO_STORE
from tenancy.responses import refusal

PREFIX = "/-/"
METHODS = ("GET", "HEAD", "POST")
TOKEN_FIELD = "form_token"  # noqa: S105  # the name of a form's field
TOKEN_MAX_AGE = 3600  # seconds
_SALT = "newsstand.form_token"

View = Callable[..., HttpResponse]

logger = logging.getLogger(__name__)


def is_dynamic(path: str) -> bool:
    """Whether a path of a site's host is below the prefix."""
    return path.startswith(PREFIX)


def form_token(request: HttpRequest, action: str) -> str:
    """The value of the hidden field TOKEN_FIELD in a form that is sent to the path `action` of the same site.

    Raises ImproperlyConfigured outside the prefix: a stored page would give all its readers an expired token.
    """
    if not (is_dynamic(request.path_info) and is_dynamic(action)):
        raise ImproperlyConfigured(
            f"The page {request.path_info} has a form for {action}: both must be below {PREFIX}."
        )
    return signing.dumps([request.site.pk, action], salt=_SALT)


def dynamic_view(view: View) -> View:
    """Decorates a view below the prefix. A POST without a valid form token gets 403, other methods get 405."""

    @csrf_exempt
    @require_http_methods(METHODS)
    @wraps(view)
    def protected(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_dynamic(request.path_info):
            raise ImproperlyConfigured(f"{request.path_info} is not below {PREFIX}: route {view.__name__} there.")
        if request.method == "POST" and not (_is_from_own_page(request) and _has_valid_token(request)):
            return refusal(
                request, 403, "This form has expired", "Open the page with the form again, and send the form again."
            )
        return view(request, *args, **kwargs)

    protected.is_dynamic = True  # type: ignore[attr-defined]  # tenancy.checks compares it with the view's route
    return protected


def seal(response: HttpResponse) -> HttpResponse:
    """No cache stores the response, and it sets no cookie."""
    response["Cache-Control"] = NO_STORE
    if response.cookies or "Set-Cookie" in response:
        logger.error("A view below %s set the cookies %s; they are removed.", PREFIX, ", ".join(response.cookies))
        response.cookies.clear()
        del response["Set-Cookie"]
    return response


def _is_from_own_page(request: HttpRequest) -> bool:
    """Browsers send Origin with each POST. Another site can obtain a valid token, but it cannot send this origin."""
    origin = request.META.get("HTTP_ORIGIN")
    own = f"{settings.PUBLIC_SCHEME}://{request.site.domain}"
    return origin is None or re.sub(r":[0-9]+\Z", "", origin) == own


def _has_valid_token(request: HttpRequest) -> bool:
    try:
        signed = signing.loads(request.POST.get(TOKEN_FIELD, ""), salt=_SALT, max_age=TOKEN_MAX_AGE)
    except signing.BadSignature:  # an expired token raises a subclass of it
        return False
    return bool(signed == [request.site.pk, request.path_info])
