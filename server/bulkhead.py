"""Separates slow requests from fast ones, so that no slow request delays a cached page or a health check.

gunicorn's own threads answer from the page cache only. All other requests go to the compartment of their kind, which
has threads and a short queue of its own. If the queue is full, the response is 503 with Retry-After.
See M. Nygard, "Release It!", Bulkheads.
"""

from django.conf import settings

from accounts.login import is_login, is_password_change
from accounts.login_limits import is_network_limited
from lib.paths import MEDIA_PREFIX
from lib.refusals import refusals
from pagecache.requests import Environ, StartResponse, host_name
from pagecache.responses import Body, send_try_again
from pagecache.wsgi import PageCache
from server.compartments import Mode, NeedsDjango, Size, current_mode
from tenancy import surfaces
from tenancy.dynamic import is_dynamic

UPLOAD_SIZE = 1024 * 1024  # bytes of a body; a larger one is an upload
HEALTH_PREFIX = "/health/"
HASHING_NICENESS = 15


class Bulkhead:
    """A WSGI application around the page cache, for `server.worker.Worker`. Other servers can use it as well."""

    def __init__(self, application: PageCache) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Body:
        match current_mode():
            case Mode.CACHE:
                body = self._application.respond_from_cache(environ, start_response)
                if body is None:
                    raise NeedsDjango(kind_of(environ))
                return body
            case Mode.DJANGO:
                return self._application.respond(environ, start_response)
            case Mode.REFUSE:
                expired = self._application.respond_with_expired(environ, start_response)
                return _refuse(environ, start_response) if expired is None else expired
            case None:
                return self._application(environ, start_response)

    def compartments(self, threads: int) -> dict[str, Size]:
        """The compartments by kind, in a worker with this number of threads (WEB_THREADS)."""
        half, quarter = Size(max(2, threads // 2)), Size(max(2, threads // 4))
        of_surfaces = {surface.name: quarter for surface in surfaces.with_own_host()}
        # A password hash takes as much CPU time as a hundred pages, so cached pages have priority over it.
        hashing = Size(1, niceness=HASHING_NICENESS)
        return of_surfaces | {
            "pages": half,
            "files": quarter,
            "dynamic": quarter,
            "uploads": Size(1),
            "health": Size(2),
            "login": hashing,
            "limited-login": hashing,
            "password-change": hashing,
        }


def _refuse(environ: Environ, start_response: StartResponse) -> Body:
    refusals.add(kind_of(environ))
    return send_try_again(environ, start_response, "Too many requests wait at the moment.")


def kind_of(environ: Environ) -> str:
    """The name of the compartment for a request that needs Django."""
    path = environ["PATH_INFO"]
    surface = surfaces.reserved().get(host_name(environ.get("HTTP_HOST", "")))
    if surface is surfaces.ADMIN and is_login(environ):
        # Clients beyond their limit get 429. Their requests must not delay the logins of others.
        return "limited-login" if is_network_limited(environ) else "login"
    if surface is surfaces.ADMIN and is_password_change(environ):
        return "password-change"
    if surface is surfaces.INTERNAL and path.startswith(HEALTH_PREFIX):
        return "health"
    if _length(environ) > UPLOAD_SIZE:
        return "uploads"
    if path.startswith(settings.STATIC_URL):
        return "files"
    if surface is not None:
        return surface.name
    if path.startswith(MEDIA_PREFIX):
        return "files"
    return "dynamic" if is_dynamic(path) else "pages"


def _length(environ: Environ) -> int:
    """The length of the body. gunicorn has refused a Content-Length that is not a number."""
    return int(environ.get("CONTENT_LENGTH") or 0)
