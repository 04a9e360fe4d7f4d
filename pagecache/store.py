"""Stores pages in two places under the same key: in the memory of this process, and behind it in Redis.

The key contains the generation of the site, so neither place needs invalidation.
"""

import logging
import os
from time import time

from django.conf import settings
from django.core.cache import BaseCache, caches

from pagecache import cached_response
from pagecache.cached_response import CachedResponse
from pagecache.memory import PageMemory
from pagecache.requests import CacheRequest
from tenancy.registry.site_registry import registry

MEGABYTE = 1_000_000
REDIS_TTL = 24 * 3600  # Seconds. Entries of old generations are never read again, so they must expire.

logger = logging.getLogger(__name__)


class PageStore:
    """All pages are in Redis. The most recently used ones are also in memory, up to the setting PAGE_MEMORY_MB."""

    def __init__(self) -> None:
        self.memory = PageMemory(int(settings.PAGE_MEMORY_MB * MEGABYTE))
        self._redis: BaseCache = caches["pages"]
        registry.on_read(self.memory.drop_old_generations)
        os.register_at_fork(after_in_child=self.memory.clear)

    def get(self, request: CacheRequest) -> CachedResponse | None:
        """The page, which may have expired. If it has expired in memory, Redis may hold a newer one."""
        key = request.key
        kept = self.memory.get(key)
        if kept is not None and time() < kept.expires_at:
            return kept
        loaded = self._load(key)
        if loaded is None or (kept is not None and loaded.expires_at <= kept.expires_at):
            return kept
        self.memory.set(key, request.entry, loaded)
        return loaded

    def set(self, request: CacheRequest, response: CachedResponse) -> None:
        key = request.key
        self.memory.set(key, request.entry, response)
        self._redis.set(key, cached_response.to_bytes(key, response), REDIS_TTL)

    def _load(self, key: str) -> CachedResponse | None:
        entry = self._redis.get(key)
        if entry is None:
            return None
        response = cached_response.from_bytes(key, entry)
        if response is None:
            logger.error("The page cache entry with the key %s is corrupt. The page is rendered again.", key)
        return response
