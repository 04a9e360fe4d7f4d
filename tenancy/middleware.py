"""Maps the host of a request to `request.site`, or to a 404, a redirect or a 503."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.contrib.sites.models import Site
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone, translation

from lib.absolute_urls import absolute_url
from lib.cache_control import CACHE_CONTROL, NO_STORE
from lib.database import DATABASE_AWAY
from tenancy.absolute_urls import site_url
from tenancy.domain_checks import PROOF_PATH, proof
from tenancy.dynamic import METHODS, is_dynamic, seal
from tenancy.registry.site_registry import RegistryUnavailable, registry
from tenancy.resolution import MalformedHost, SiteHost, SurfaceHost, SuspendedHost, UnknownHost, resolve
from tenancy.response_headers import complete
from tenancy.responses import PermanentRedirect, refusal, suspended, unavailable, unknown_host
from tenancy.sites_framework import site_at

GetResponse = Callable[[HttpRequest], HttpResponse]


class SiteMiddleware:
    """First in MIDDLEWARE, so that all other middleware sees only known hosts in their canonical spelling."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return complete(request, self._respond(request))

    def _respond(self, request: HttpRequest) -> HttpResponse:
        length, limit = int(request.META.get("CONTENT_LENGTH") or 0), _largest_body(request)
        if length > limit:
            return _too_large(request, length, limit)
        try:
            host = resolve(request.META.get("HTTP_HOST", ""))
            # The port stays: the CSRF check of the admin compares it with the Origin header.
            request.META["HTTP_HOST"] = host.name + host.port
            request.site = site_at(host)
        except MalformedHost:
            return refusal(request, 400, "This address is not written correctly")
        except (UnknownHost, Site.DoesNotExist):  # the site may have been deleted after the host was resolved
            return unknown_host(request)
        except SuspendedHost as refused:
            # The domain still leads to this installation, so that it keeps its certificate.
            return _proof(request, refused.name) if request.path == PROOF_PATH else suspended(request)
        except (RegistryUnavailable, *DATABASE_AWAY) as error:
            return unavailable(request, error)
        if isinstance(host, SurfaceHost):
            return self._respond_on_surface(request, host)
        if not is_dynamic(request.path_info):
            return self._respond_on_site(request, host, ("GET", "HEAD"))
        request.META.pop("HTTP_COOKIE", None)
        return seal(self._respond_on_site(request, host, METHODS))

    def _respond_on_surface(self, request: HttpRequest, host: SurfaceHost) -> HttpResponse:
        # Clients of a private surface connect to the process itself, without TLS.
        if host.surface.is_public:
            if request.path == PROOF_PATH:
                return _proof(request, host.name)
            if _lacks_tls(request):
                return PermanentRedirect(absolute_url(host.name, request.get_full_path()))
        return self.get_response(request)

    def _respond_on_site(self, request: HttpRequest, host: SiteHost, methods: Sequence[str]) -> HttpResponse:
        if request.path == PROOF_PATH:
            return _proof(request, host.name)
        if not host.is_primary:
            # Without Cache-Control, browsers keep a 308 for ever, even after the name has moved to another site.
            return _redirect(request, CACHE_CONTROL)
        if _lacks_tls(request):
            # A proxy that ignores the scheme would serve a stored redirect for the https page too.
            return _redirect(request, NO_STORE)
        if request.method not in methods:  # before the CSRF middleware reads the body
            return HttpResponseNotAllowed(methods)
        if registry.is_database_hanging():  # a waiting request would block a thread that can serve cached pages
            return unavailable(request, TimeoutError("the database hangs"))
        with translation.override(request.site.settings.language), timezone.override(request.site.settings.time_zone):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """503 for a view that needs the database while it is away. Django handles all other errors."""
        return unavailable(request, error) if isinstance(error, DATABASE_AWAY) else None


def _redirect(request: HttpRequest, cache_control: str) -> HttpResponse:
    """308 to the same path at the site's own address."""
    location = site_url(request.site, request.get_full_path())
    return PermanentRedirect(location, headers={"Cache-Control": cache_control})


def _lacks_tls(request: HttpRequest) -> bool:
    return settings.PUBLIC_SCHEME == "https" and not request.is_secure()


def _largest_body(request: HttpRequest) -> int:
    """The largest body of the request in bytes. Django reads it before it knows the user."""
    is_media_file = request.path_info == settings.MEDIA_UPLOAD_PATH
    return settings.MAX_MEDIA_REQUEST_BODY if is_media_file else settings.MAX_REQUEST_BODY


def _too_large(request: HttpRequest, length: int, limit: int) -> HttpResponse:
    reason = f"The request has {length:,} bytes; at most {limit:,} are allowed"
    remedy = "Nothing was saved. Go back to the form in your browser, choose a smaller file and send the form again."
    return refusal(request, 413, reason, remedy)


def _proof(request: HttpRequest, name: str) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(("GET", "HEAD"))
    return HttpResponse(f"{proof(name)}\n", content_type="text/plain", headers={"Cache-Control": NO_STORE})
