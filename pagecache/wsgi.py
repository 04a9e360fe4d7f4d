"""The page cache: a layer around Django that answers with stored pages and never wakes Django for one.

The key of a page holds all that its bytes depend on: installation, release, site and generation, path, the parameters
that its view declared, encoding. Whatever changes a site gives it a new generation, so that nothing is ever deleted.
"""

import logging
from time import time

from django.core.cache import BaseCache, caches

from lib.singleflight import Renderings, TookTooLong
from pagecache import cached_response
from pagecache.cached_response import Page
from pagecache.release import fingerprint
from pagecache.requests import Environ, StartResponse, Visit, as_everybody, key_of, site_of
from pagecache.responses import Answer, Application, Body, Rendered, pass_on, send, try_again, without_body_for_head
from tenancy.dynamic import is_dynamic
from tenancy.registry.domain_map import SiteEntry

KEPT_FOR = 24 * 3600  # seconds; what nobody can ask for any more goes by itself
LARGEST = 2 * 1024 * 1024  # bytes of a page
# A page whose time is up is still shown for this long, while one request renders the next.
STALE_AT_MOST = 0.5  # seconds

logger = logging.getLogger(__name__)


class PageCache:
    """A WSGI application: Django's, behind a cache of the public pages."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._cache: BaseCache = caches["pages"]
        self._prefix = fingerprint()
        self._renderings: Renderings[Rendered] = Renderings()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Body:
        if is_dynamic(environ["PATH_INFO"]):
            return pass_on(Answer(self._application, environ), environ, start_response)
        entry = site_of(environ)
        if entry is None:
            return without_body_for_head(self._application(environ, start_response), environ)
        key = key_of(environ, entry)
        if key is None:
            return pass_on(self._ask_django(environ, entry), environ, start_response)
        encoding = cached_response.accepted(environ.get("HTTP_ACCEPT_ENCODING", ""))
        return self._answer(Visit(environ, start_response, entry, f"{self._prefix}:{key}", encoding))

    def _answer(self, visit: Visit) -> Body:
        page = self._stored(visit.key)
        if page is not None and time() < page.expires_at:
            return send(visit, page, "HIT")
        other = self._renderings.begin(visit.page_key)
        if other is None:
            return self._render(visit, page)
        if page is not None and time() < page.expires_at + STALE_AT_MOST:
            return send(visit, page, "STALE")
        try:
            rendered = self._renderings.wait(other)
        except TookTooLong:
            return send(visit, page, "STALE") if page else try_again(visit)
        if rendered is not None:
            return self._deliver(visit, rendered)
        found = self._stored(visit.key)
        if found is not None and time() < found.expires_at:
            return send(visit, found, "HIT")
        # What the other got was no page to be kept, so it is not for others.
        return self._pass_on(visit, self._ask_django(visit.environ, visit.entry), page)

    def _render(self, visit: Visit, stale: Page | None) -> Body:
        """As the only one in this process."""
        rendered = None
        try:
            page = self._stored(visit.key)  # once more: another may have stored it a moment ago
            if page is not None and time() < page.expires_at:
                return send(visit, page, "HIT")
            answer = self._ask_django(visit.environ, visit.entry)
            if answer.is_public():
                rendered = answer.rendered(visit.entry.next_change_at)
                return self._deliver(visit, rendered)
        finally:
            self._renderings.end(visit.page_key, rendered)
        return self._pass_on(visit, answer, stale)

    def _pass_on(self, visit: Visit, answer: Answer, stale: Page | None) -> Body:
        """What is not kept; while the database is away the page whose time is up, if there is one."""
        if stale is not None and answer.status.startswith("503"):
            answer.close()
            return send(visit, stale, "STALE")
        return pass_on(answer, visit.environ, visit.start_response)

    def _ask_django(self, environ: Environ, entry: SiteEntry) -> Answer:
        return Answer(self._application, as_everybody(environ, entry))

    def _deliver(self, visit: Visit, rendered: Rendered) -> Body:
        page = rendered.pages.get(visit.encoding)
        if page is None:
            page = rendered.pages[visit.encoding] = rendered.compressed(visit.encoding)
            if len(page.body) <= LARGEST and time() < page.expires_at:
                self._cache.set(visit.key, cached_response.to_bytes(visit.key, page), KEPT_FOR)
        return send(visit, page, "MISS")

    def _stored(self, key: str) -> Page | None:
        stored = self._cache.get(key)
        if stored is None:
            return None
        page = cached_response.from_bytes(key, stored)
        if page is None:
            logger.error("The cache holds something else than a page under %s; it is rendered anew.", key)
        return page
