"""The map domain → site as a data structure. Callers fill it with rows; it uses neither the database nor the clock."""

import logging
import math
from collections.abc import Iterable, Mapping
from sys import intern
from typing import NamedTuple

from lib import hostnames

logger = logging.getLogger(__name__)

Row = tuple[str, int, str, str, str]  # the domain and the fields of SiteEntry except the last
MIN_ID, MAX_ID = -(2**31), 2**31 - 1  # range of site ids in the database
Moments = Mapping[int, float]  # site id → SiteEntry.next_change_at, for sites that have one


class SiteEntry(NamedTuple):
    """The data of a site that a process holds in memory. All domains of a site share one entry."""

    site_id: int
    primary: str
    state: str
    generation: str  # opaque; "" if no trigger has recorded a change of the site
    next_change_at: (
        float  # Unix time at which the site next changes without a change of a row; infinity if there is none
    )

    @property
    def is_cacheable(self) -> bool:
        """Whether values computed from the site may be cached. Without a generation, they would never be replaced."""
        return bool(self.generation)


class DomainMap:
    """Any thread may read `entries` and call `generation` without a lock. Only one thread calls the other methods."""

    def __init__(self) -> None:
        self.entries: dict[str, SiteEntry] = {}
        self._names: dict[int, list[str]] = {}
        self._generations: dict[int, str] = {}
        self._moments: dict[int, float] = {}
        self._first_moment = math.inf

    def generation(self, site_id: int) -> str | None:
        """The generation of the site's entry. None if it has no entry, also while `replace` replaces it."""
        names = self._names.get(site_id)
        entry = self.entries.get(names[0]) if names else None
        return entry.generation if entry is not None and entry.site_id == site_id else None

    def changed(self, generations: Iterable[tuple[int, str]]) -> list[int]:
        """The ids of the sites whose generation differs from the stored generation."""
        return [site_id for site_id, value in generations if self._generations.get(site_id) != value]

    def due(self, now: float) -> list[int]:
        """The ids of the sites whose `next_change_at` has passed."""
        if now < self._first_moment:
            return []
        return [site_id for site_id, moment in self._moments.items() if moment <= now]

    def parts(self, size: int) -> list[tuple[int, int]]:
        """Ranges (first id, last id) that cover all possible ids and hold `size` known sites each."""
        begins = [MIN_ID, *sorted(self._names)[size::size]]
        return list(zip(begins, [begin - 1 for begin in begins[1:]] + [MAX_ID], strict=True))

    def sites_between(self, first: int, last: int) -> list[int]:
        """The ids of the known sites in a range."""
        return [site_id for site_id in self._names if first <= site_id <= last]

    def remember(self, generations: Iterable[tuple[int, str]]) -> None:
        """Store these generations, including those of deleted sites, so that `changed` does not report them again."""
        self._generations.update(generations)

    def replace_all(self, rows: Iterable[Row], moments: Moments) -> None:
        """Replace the whole map."""
        names, entries = _arranged(rows, moments)
        self._names = names
        self._generations = {entry.site_id: entry.generation for entry in entries.values()}
        self.entries = entries
        self._set_moments(dict(moments))

    def replace(self, site_ids: Iterable[int], rows: Iterable[Row], moments: Moments) -> None:
        """Replace the entries of these sites. A site without rows disappears."""
        names, entries = _arranged(rows, moments)
        # Add new entries before removing old ones, so that a name that moves to another site is always known.
        self.entries.update(entries)
        for site_id in site_ids:
            for name in self._names.pop(site_id, ()):
                if name not in entries and self.entries[name].site_id == site_id:
                    del self.entries[name]
            self._moments.pop(site_id, None)
        self._names.update(names)
        self._generations.update((entry.site_id, entry.generation) for entry in entries.values())
        self._set_moments({**self._moments, **moments})

    def _set_moments(self, moments: dict[int, float]) -> None:
        self._moments = moments
        self._first_moment = min(moments.values(), default=math.inf)


def _arranged(rows: Iterable[Row], moments: Moments) -> tuple[dict[int, list[str]], dict[str, SiteEntry]]:
    """(site id → domains, domain → entry). Rows whose domain is not a host name are logged and left out."""
    names: dict[int, list[str]] = {}
    entries: dict[str, SiteEntry] = {}
    for name, site_id, primary, state, generation in rows:
        if not hostnames.is_canonical(name):
            logger.error("Site %s: the domain %a is not a host name, so it is not served. Remove it.", site_id, name)
            continue
        of_site = names.get(site_id)
        if of_site is not None:
            of_site.append(name)
            entries[name] = entries[of_site[0]]
            continue
        names[site_id] = [name]
        # Equal strings become one object: with 100,000 sites this saves 10 MB.
        shared_primary = name if name == primary else primary
        next_change_at = moments.get(site_id, math.inf)
        entries[name] = SiteEntry(site_id, shared_primary, intern(state), generation, next_change_at)
    return names, entries
