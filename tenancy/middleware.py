"""Host → `request.site`, or 404, or 308: the first thing that happens to a request."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.contrib.sites.models import Site
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone, translation

from lib import hostnames
from lib.cache_control import CACHE_CONTROL, NO_STORE
from lib.database import DATABASE_AWAY
from tenancy import surfaces
from tenancy.absolute_urls import admin_url, site_url
from tenancy.domain_checks import PROOF_PATH, proof
from tenancy.internal import health
from tenancy.registry.site_registry import RegistryUnavailable, registry
from tenancy.resolution import served
from tenancy.responses import PermanentRedirect, refusal, unavailable, unknown_host
from tenancy.sites_framework import current_site

GetResponse = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)


class SiteMiddleware:
    """Stands first, so that nothing behind it ever sees a host that is not ours, or one in another spelling."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.META.get("HTTP_HOST", "")
        if not header.isascii():
            return refusal(request, 400, "This address is not written correctly")
        name_and_port = hostnames.split_host(header)
        if name_and_port is None:
            return unknown_host(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_REQUEST_BODY:
            return refusal(request, 413, f"At most {settings.MAX_REQUEST_BODY:,} bytes can be sent at once")
        name, port = name_and_port
        # The port stays: the CSRF check of the admin compares it with the Origin header.
        request.META["HTTP_HOST"] = name + port
        if surface := surfaces.reserved().get(name):
            return self._visit_surface(surface, name, request)
        try:
            return self._visit(name, request)
        except (RegistryUnavailable, *DATABASE_AWAY) as error:
            return unavailable(request, error)

    def _visit_surface(self, surface: str, name: str, request: HttpRequest) -> HttpResponse:
        """The admin or the internal surface, if this process serves it."""
        if surface not in settings.SURFACES:
            # Each process is asked for its health, also one without the internal surface.
            view = health.VIEWS.get(request.path) if surface == "internal" else None
            return view(request) if view else unknown_host(request)
        if request.path == PROOF_PATH:
            return _proof(name)
        if surface == "admin" and _lacks_tls(request):
            return PermanentRedirect(admin_url(request.get_full_path()))
        request.site = current_site(request)
        return self.get_response(request)

    def _visit(self, name: str, request: HttpRequest) -> HttpResponse:
        entry = served(name)
        if entry is None:
            return unknown_host(request)
        try:
            site = request.site = current_site(request)
        except Site.DoesNotExist:  # deleted between the two lines
            return unknown_host(request)
        if request.path == PROOF_PATH:
            return _proof(name)
        if name != entry.primary:
            # For as long as the name is the site's: without a word browsers would keep it for ever.
            return PermanentRedirect(site_url(site, request.get_full_path()), headers={"Cache-Control": CACHE_CONTROL})
        if _lacks_tls(request):
            # Not to be kept by a proxy between: it is the page's own address but for the scheme.
            return PermanentRedirect(site_url(site, request.get_full_path()), headers={"Cache-Control": NO_STORE})
        if request.method not in ("GET", "HEAD"):  # before anything behind reads the body, as the CSRF check would
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if registry.is_database_hanging():  # whoever waited for it would keep a thread from those who need no database
            return unavailable(request, TimeoutError("the database hangs"))
        with translation.override(site.settings.language), timezone.override(site.settings.time_zone):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What needs the database while it is away gets 503; other errors are Django's to handle."""
        return unavailable(request, error) if isinstance(error, DATABASE_AWAY) else None


def _lacks_tls(request: HttpRequest) -> bool:
    """Who comes by http where https is spoken. The internal surface is asked by machines beside us, without TLS."""
    return settings.PUBLIC_SCHEME == "https" and not request.is_secure()


def _proof(name: str) -> HttpResponse:
    return HttpResponse(f"{proof(name)}\n", content_type="text/plain", headers={"Cache-Control": NO_STORE})
