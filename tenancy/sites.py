"""Host → `request.site`, or 404, or 308: the first thing that happens to a request."""

import logging
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.sites import models as sites_framework
from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone, translation

from lib import hostnames
from lib.cache_control import CACHE_CONTROL, NO_STORE
from tenancy import health, surfaces
from tenancy.domain_checks import PROOF_PATH, proof
from tenancy.domain_map import Entry
from tenancy.models import State
from tenancy.pinning import serves_site
from tenancy.registry import RegistryUnavailable, registry

GetResponse = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)


def site_url(site: Site, path: str = "/") -> str:
    """The absolute address of a path of the site. From the site's row, never from the request."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{site.domain}{port}{path}"


def admin_url(path: str = "/") -> str:
    """The absolute address of a path of the admin."""
    return site_url(Site(domain=settings.ADMIN_HOST), path)


def served(name: str) -> Entry | None:
    """The live site with this domain, if this process serves it. Raises RegistryUnavailable."""
    entry = registry.find(name)
    if entry is None or entry.state != State.LIVE or not serves_site(entry.site_id):
        return None
    return entry


class SiteMiddleware:
    """Stands first, so that nothing behind it ever sees a host that is not ours, or one in another spelling."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.META.get("HTTP_HOST", "")
        if not header.isascii():
            return _refusal(request, 400, "This address is not written correctly")
        name_and_port = hostnames.split_host(header)
        if name_and_port is None:
            return _unknown_host(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_REQUEST_BODY:
            return _refusal(request, 413, f"At most {settings.MAX_REQUEST_BODY:,} bytes can be sent at once")
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
            return view(request) if view else _unknown_host(request)
        if request.path == PROOF_PATH:
            return _proof(name)
        if surface == "admin" and _lacks_tls(request):
            return PermanentRedirect(admin_url(request.get_full_path()))
        request.site = current_site(request)
        return self.get_response(request)

    def _visit(self, name: str, request: HttpRequest) -> HttpResponse:
        entry = served(name)
        if entry is None:
            return _unknown_host(request)
        try:
            site = request.site = current_site(request)
        except Site.DoesNotExist:  # deleted between the two lines
            return _unknown_host(request)
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


DATABASE_AWAY = (OperationalError, InterfaceError)


def current_site(request: HttpRequest) -> Site:
    """`get_current_site`, which answers a `Site` wherever the sites framework is installed."""
    return cast(Site, get_current_site(request))


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """503, for what needs a database that is away."""
    logger.error("no answer from the database: %s", error, extra={"request": request})
    response = _refusal(request, 503, "This page cannot be shown at the moment")
    response["Retry-After"] = "5"
    return response


class PermanentRedirect(HttpResponsePermanentRedirect):
    """308, after which a client repeats the request with its method and body (RFC 9110, 15.4.9)."""

    status_code = 308


def _lacks_tls(request: HttpRequest) -> bool:
    """Who comes by http where https is spoken. The internal surface is asked by machines beside us, without TLS."""
    return settings.PUBLIC_SCHEME == "https" and not request.is_secure()


def _proof(name: str) -> HttpResponse:
    return HttpResponse(f"{proof(name)}\n", content_type="text/plain", headers={"Cache-Control": NO_STORE})


def _unknown_host(request: HttpRequest) -> HttpResponse:
    return _refusal(request, 404, "There is no site at this address")


def _refusal(request: HttpRequest, status: int, reason: str) -> HttpResponse:
    """A page that names no site: whoever asks at a wrong host learns nothing."""
    response = render(request, "tenancy/refusal.html", {"reason": reason}, status=status)
    response["Cache-Control"] = NO_STORE  # the next moment a site may be there
    return response


class SitesByHost(dict[Any, Site]):
    """Stands in for `SITE_CACHE` of django.contrib.sites, so that every `get_current_site(request)` asks the registry.

    It claims to hold every host, so that no query is made for one; writing and clearing do nothing.
    """

    def __contains__(self, host: object) -> bool:
        return isinstance(host, str)

    def __getitem__(self, host: str) -> Site:
        """The site with this host, in any spelling. Raises Site.DoesNotExist."""
        name, _ = hostnames.split_host(host) or ("", "")
        if name in surfaces.reserved():
            return Site(domain=name, name=name)
        entry = served(name)
        if entry is None:
            raise Site.DoesNotExist(f"No live site has the host {host!a}.")
        return registry.site(entry)

    def __setitem__(self, host: str, site: Site) -> None:
        pass

    def __delitem__(self, host: str) -> None:
        pass


def bind_sites_framework() -> None:
    """Let the registry answer for django.contrib.sites in this process."""
    sites_framework.SITE_CACHE = SitesByHost()
    # It would put a plain dictionary in that place.
    sites_framework.SiteManager.clear_cache = lambda self: None  # type: ignore[method-assign]
