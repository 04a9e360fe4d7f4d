"""Headers of all responses, those that no view creates included."""

from django.http import HttpRequest, HttpResponse

from lib.cache_control import NO_STORE

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
# Images of posts may be embedded anywhere: feed readers and previews of links show them.
EMBEDDABLE = "/media/"


def complete(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the headers that the response lacks. Caches must not store an error unless its view allows it."""
    headers = response.headers
    headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    # Browsers also check each redirect that leads to an image.
    is_embeddable = request.path_info.startswith(EMBEDDABLE) or 300 <= response.status_code < 400
    headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if is_embeddable else "same-origin")
    if response.status_code >= 400:
        headers.setdefault("Cache-Control", NO_STORE)
    return response
