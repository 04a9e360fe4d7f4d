"""A WSGI layer around Django that stores public pages and serves them without Django.

The cache key contains everything that the bytes of a page depend on: installation and release, site, generation, path,
declared query parameters and encoding. A change gives the site a new generation, so no entry is ever deleted.
"""

from time import time

from lib.singleflight import SingleFlight, WaitTimeout
from pagecache.cached_response import CachedResponse
from pagecache.release import Release, fingerprint
from pagecache.requests import (
    CacheRequest,
    Environ,
    StartResponse,
    anonymous,
    cacheable_address,
    drop_invalid_content_type,
    primary_site,
    requested_site,
)
from pagecache.responses import (
    Application,
    Body,
    DjangoResponse,
    RenderedResponse,
    send_cached,
    send_try_again,
    send_uncached,
    without_body_for_head,
)
from pagecache.store import PageStore
from tenancy.dynamic import is_dynamic
from tenancy.registry.domain_map import SiteEntry

MAX_BODY = 2 * 1024 * 1024  # bytes
# For this number of seconds an expired response is still served while another request renders the page.
MAX_STALE = 0.5


class PageCache:
    """A WSGI application that wraps Django's WSGI application."""

    def __init__(self, application: Application, release: Release | None = None) -> None:
        """Without `release`, this release counts as new."""
        self._application = application
        self.pages = PageStore()
        self._release = release or Release(fingerprint(), time())
        self._renders: SingleFlight[RenderedResponse] = SingleFlight()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Body:
        body = self.respond_from_cache(environ, start_response)
        return self.respond(environ, start_response) if body is None else body

    def respond_from_cache(self, environ: Environ, start_response: StartResponse) -> Body | None:
        """Send the page if the cache has it. Otherwise return None; then call `respond`.

        This never calls Django. At most it waits a moment for the registry to read changes.
        """
        drop_invalid_content_type(environ)
        request = self._cacheable(environ, start_response)
        cached = request and self.pages.get(request)
        if not request or not cached or time() >= cached.expires_at:
            return None
        return send_cached(request, cached, "HIT")

    def respond_with_expired(self, environ: Environ, start_response: StartResponse) -> Body | None:
        """Send the page if the cache has it, even if it has expired. For a process that is overloaded."""
        request = self._cacheable(environ, start_response)
        cached = request and self.pages.get(request)
        if not request or not cached:
            return None
        return send_cached(request, cached, "HIT" if time() < cached.expires_at else "STALE")

    def respond(self, environ: Environ, start_response: StartResponse) -> Body:
        """Send a response of Django, or of another request that renders the same page at this moment."""
        if request := self._cacheable(environ, start_response):
            return self._respond(request)
        if is_dynamic(environ["PATH_INFO"]):
            return send_uncached(DjangoResponse(self._application, environ), environ, start_response)
        if entry := requested_site(environ):
            return send_uncached(self._call_django(environ, entry), environ, start_response)
        return without_body_for_head(self._application(environ, start_response), environ)

    def _cacheable(self, environ: Environ, start_response: StartResponse) -> CacheRequest | None:
        address = cacheable_address(environ)
        entry = address and primary_site(address.host)
        if not address or not entry or not entry.is_cacheable:
            return None
        key = f"{self._release.fingerprint}:{entry.site_id}:{entry.generation}:{address.path}:{address.encoding}"
        return CacheRequest(environ, start_response, entry, key, address.encoding)

    def _respond(self, request: CacheRequest) -> Body:
        render = self._renders.begin(request.page_key)
        if render is None:
            return self._render(request)
        cached = self.pages.get(request)
        if cached is not None and time() < cached.expires_at:
            return send_cached(request, cached, "HIT")
        if cached is not None and time() < cached.expires_at + MAX_STALE:
            return send_cached(request, cached, "STALE")
        try:
            rendered = self._renders.wait(render)
        except WaitTimeout:
            if cached:
                return send_cached(request, cached, "STALE")
            reason = "This page takes a long time to render."
            return send_try_again(request.environ, request.start_response, reason)
        if rendered is not None:
            return self._send_rendered(request, rendered)
        newer = self.pages.get(request)
        if newer is not None and time() < newer.expires_at:
            return send_cached(request, newer, "HIT")
        # The other request got a response that is not cacheable, so this request needs a response from Django as well.
        return self._send_uncached(request, self._call_django(request.environ, request.entry), cached)

    def _render(self, request: CacheRequest) -> Body:
        """Render the page. No other request of this process renders it at the same time."""
        rendered = None
        try:
            cached = self.pages.get(request)  # Another request may have stored the page in the meantime.
            if cached is not None and time() < cached.expires_at:
                return send_cached(request, cached, "HIT")
            response = self._call_django(request.environ, request.entry)
            if response.is_public():
                rendered = response.render(request.entry.next_change_at, self._release.serving_since)
                return self._send_rendered(request, rendered)
        finally:
            self._renders.end(request.page_key, rendered)
        return self._send_uncached(request, response, cached)

    def _send_uncached(self, request: CacheRequest, response: DjangoResponse, expired: CachedResponse | None) -> Body:
        """Send `response`. If it is a 503 because the database is unavailable, send the expired entry instead."""
        if expired is not None and response.status.startswith("503"):
            response.close()
            return send_cached(request, expired, "STALE")
        return send_uncached(response, request.environ, request.start_response)

    def _call_django(self, environ: Environ, entry: SiteEntry) -> DjangoResponse:
        return DjangoResponse(self._application, anonymous(environ, entry))

    def _send_rendered(self, request: CacheRequest, rendered: RenderedResponse) -> Body:
        """Send the response in the encoding of the request, and store it if this encoding is not stored yet."""
        cached = rendered.by_encoding.get(request.encoding)
        if cached is None:
            cached = rendered.by_encoding[request.encoding] = rendered.encode(request.encoding)
            if len(cached.body) <= MAX_BODY and time() < cached.expires_at:
                self.pages.set(request, cached)
        return send_cached(request, cached, "MISS")
