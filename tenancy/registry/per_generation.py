"""A cache of values that are computed from a site, valid until the site changes."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

from tenancy.registry.domain_map import SiteEntry

SITES_KEPT = 1000  # in each cache; the least recently used site is dropped first

Value = TypeVar("Value")


def cached_per_generation(compute: Callable[[SiteEntry], Value]) -> Callable[[SiteEntry], Value]:
    """Decorator: `compute` runs once for each state of a site in this process.

    The key is the whole entry, so a new generation leads to a new value, and so does a new `next_change_at`. The value
    for a site without a generation is computed each time, because no change would ever replace it.
    """
    cached = lru_cache(maxsize=SITES_KEPT)(compute)

    @wraps(compute)
    def get(entry: SiteEntry) -> Value:
        return cached(entry) if entry.is_cacheable else compute(entry)

    return get
