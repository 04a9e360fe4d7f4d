"""The icons of a site, and the picture that previews of links show for a page without a cover.

They come from the logo of the site, or else from its colour and name. Each picture is drawn once in a process, and the
page cache stores it.
"""

import logging
from functools import lru_cache

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from lib.icons import Drawing, Logo
from lib.images import DECODING_ERRORS
from pagecache.decorators import public_page
from tenancy.models import SiteSettings

DRAWINGS_KEPT = 300  # about 20 kB each

logger = logging.getLogger(__name__)


@require_safe
@public_page()
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_icon("favicon", request.site.settings, request.site.name), content_type="image/x-icon")


@require_safe
@public_page()
def touch_icon(request: HttpRequest) -> HttpResponse:
    return _embeddable(_icon("touch_icon", request.site.settings, request.site.name))


@require_safe
@public_page()
def preview(request: HttpRequest) -> HttpResponse:
    """The picture for a site without a logo. With a logo, pages name the logo itself."""
    return _embeddable(_drawn("preview", request.site.settings.accent, request.site.name))


def _embeddable(content: bytes) -> HttpResponse:
    """A PNG that other sites may show, in previews of links and lists of sites."""
    return HttpResponse(content, content_type="image/png", headers={"Cross-Origin-Resource-Policy": "cross-origin"})


def _icon(kind: str, site_settings: SiteSettings, name: str) -> bytes:
    logo = site_settings.logo
    if logo:
        try:
            return _from_logo(kind, str(logo.name))
        except DECODING_ERRORS as error:  # among them OSError, if the file is missing
            logger.error("The logo %s cannot be used as an icon: %s", logo.name, error)
    return _drawn(kind, site_settings.accent, name)


@lru_cache(DRAWINGS_KEPT)
def _from_logo(kind: str, file_name: str) -> bytes:
    """The name is enough as a key of the cache, because a stored file never changes (tenancy/media.py)."""
    with default_storage.open(file_name, "rb") as file:
        logo = Logo(file.read())
    return bytes(getattr(logo, kind)())


@lru_cache(DRAWINGS_KEPT)
def _drawn(kind: str, colour: str, name: str) -> bytes:
    return bytes(getattr(Drawing(colour, name), kind)())
