"""The most recently used pages, in the memory of this process."""

import threading
from collections import OrderedDict
from collections.abc import Collection
from sys import getsizeof
from typing import NamedTuple

from pagecache.cached_response import CachedResponse
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.site_registry import registry

MAX_SHARE = 1 / 8  # of the memory, for one page; a larger page would displace too many others
_OBJECTS = 850  # bytes of a page's tuples, list and entries in the dictionaries below


class _Page(NamedTuple):
    response: CachedResponse
    site_id: int
    size: int


class _Site(NamedTuple):
    generation: str
    keys: set[str]  # of the site's pages


class PageMemory:
    """At most `max_bytes` of pages of the current generations. With 0 bytes it keeps none.

    `get` takes no lock: each call of an OrderedDict with strings as keys is atomic. So no reader waits while another
    thread stores pages or drops the pages of a site.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Drop all pages. A forked process calls this, because the lock may have been held during the fork."""
        self._lock = threading.Lock()
        self._pages: OrderedDict[str, _Page] = OrderedDict()  # the least recently used page is the first
        self._sites: dict[int, _Site] = {}
        self.used_bytes = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: str) -> CachedResponse | None:
        page = self._pages.get(key)
        if page is None:
            return None
        try:
            self._pages.move_to_end(key)
        except KeyError:  # another thread has just dropped the page
            return None
        return page.response

    def set(self, key: str, entry: SiteEntry, response: CachedResponse) -> None:
        """Keep a page of this site, unless it is too large or the site has a newer generation.

        Drops the least recently used pages if it does not fit beside them.
        """
        size = size_in_memory(key, response)
        if size > self._max_bytes * MAX_SHARE:
            return
        with self._lock:
            # The registry changes its map before it calls `drop_old_generations`, which takes the lock. So a page of an
            # old generation is either refused here or dropped there.
            if registry.generation(entry.site_id) != entry.generation:
                return
            self._keep_generation(entry.site_id, entry.generation)
            self._drop(key)
            self._pages[key] = _Page(response, entry.site_id, size)
            self._sites.setdefault(entry.site_id, _Site(entry.generation, set())).keys.add(key)
            self.used_bytes += size
            while self.used_bytes > self._max_bytes:
                self._drop(next(iter(self._pages)))

    def drop_old_generations(self, site_ids: Collection[int]) -> None:
        """Drop the pages of each of these sites that has another generation now, is suspended or deleted."""
        with self._lock:
            for site_id in site_ids:
                self._keep_generation(site_id, registry.generation(site_id))

    def _keep_generation(self, site_id: int, generation: str | None) -> None:
        site = self._sites.get(site_id)
        if site is not None and site.generation != generation:
            for key in tuple(site.keys):
                self._drop(key)

    def _drop(self, key: str) -> None:
        page = self._pages.pop(key, None)
        if page is None:
            return
        self.used_bytes -= page.size
        keys = self._sites[page.site_id].keys
        keys.remove(key)
        if not keys:
            del self._sites[page.site_id]


def size_in_memory(key: str, response: CachedResponse) -> int:
    """The bytes that a page takes in a PageMemory, with its Python objects."""
    strings = (key, response.status, *(text for header in response.headers for text in header))
    return getsizeof(response.body) + sum(map(getsizeof, strings)) + _OBJECTS
