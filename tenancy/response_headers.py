"""Headers of all responses, those that no view creates included."""

from django.http import HttpRequest, HttpResponse

from lib.cache_control import NO_STORE
from lib.paths import MEDIA_PREFIX

# Features of browsers that no page uses. A page of another origin in a frame cannot use them either.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)


def complete(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the headers that the response lacks. Caches must not store an error unless its view allows it."""
    for name, value in common_headers(request.path_info, response.status_code).items():
        response.headers.setdefault(name, value)
    return response


def common_headers(path: str, status: int) -> dict[str, str]:
    """The headers of a response with this status to a request for this path, unless the response has other values."""
    # Files of posts may be embedded anywhere: feed readers and previews of links show them. Browsers also check each
    # redirect that leads to one.
    is_embeddable = path.startswith(MEDIA_PREFIX) or 300 <= status < 400
    headers = {
        "Permissions-Policy": PERMISSIONS_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin" if is_embeddable else "same-origin",
    }
    return headers | {"Cache-Control": NO_STORE} if status >= 400 else headers
