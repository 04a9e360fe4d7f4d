"""What the registry knows: domain → site. Filled from rows; knows neither database nor clock."""

import logging
import math
from collections.abc import Iterable, Mapping
from sys import intern
from typing import NamedTuple

from lib import hostnames

logger = logging.getLogger(__name__)

Row = tuple[str, int, str, str, str]  # name, then the fields of SiteEntry but the last
MIN_ID, MAX_ID = -(2**31), 2**31 - 1  # of a site, in the database
Moments = Mapping[int, float]  # site id → SiteEntry.next_change_at, for sites that have one


class SiteEntry(NamedTuple):
    """What a process knows of a site without asking; all its domains share one."""

    site_id: int
    primary: str
    state: str
    generation: str  # opaque; "" for a site of which no change was ever written down
    next_change_at: float  # Unix time at which the site changes without a change of a row, infinity when it will not

    @property
    def is_cacheable(self) -> bool:
        """Whether what is made of the site may be: without a generation nothing would ever retire it."""
        return bool(self.generation)


class DomainMap:
    def __init__(self) -> None:
        self.entries: dict[str, SiteEntry] = {}
        self._names: dict[int, list[str]] = {}
        self._generations: dict[int, str] = {}
        self._moments: dict[int, float] = {}
        self._first_moment = math.inf

    def unheard(self, generations: Iterable[tuple[int, str]]) -> list[int]:
        """Those of the sites whose generation is not the one that is known here."""
        return [site_id for site_id, value in generations if self._generations.get(site_id) != value]

    def due(self, now: float) -> list[int]:
        """Sites whose next moment has passed."""
        if now < self._first_moment:
            return []
        return [site_id for site_id, moment in self._moments.items() if moment <= now]

    def parts(self, size: int) -> list[tuple[int, int]]:
        """All possible site ids, in ranges (first, last) that hold so many known sites each."""
        begins = [MIN_ID, *sorted(self._names)[size::size]]
        return list(zip(begins, [begin - 1 for begin in begins[1:]] + [MAX_ID], strict=True))

    def sites_from(self, first: int, last: int) -> list[int]:
        """The known sites of a range."""
        return [site_id for site_id in self._names if first <= site_id <= last]

    def hear(self, generations: Iterable[tuple[int, str]]) -> None:
        """These are known from now on, also of sites that are no more."""
        self._generations.update(generations)

    def replace_all(self, rows: Iterable[Row], moments: Moments) -> None:
        names, entries = _arranged(rows, moments)
        self._names = names
        self._generations = {entry.site_id: entry.generation for entry in entries.values()}
        self.entries = entries
        self._remember(dict(moments))

    def replace(self, site_ids: Iterable[int], rows: Iterable[Row], moments: Moments) -> None:
        names, entries = _arranged(rows, moments)
        # In this order a name that moves from one site to another is never unknown in between.
        self.entries.update(entries)
        for site_id in site_ids:
            for name in self._names.pop(site_id, ()):
                if name not in entries and self.entries[name].site_id == site_id:
                    del self.entries[name]
            self._moments.pop(site_id, None)
        self._names.update(names)
        self._generations.update((entry.site_id, entry.generation) for entry in entries.values())
        self._remember({**self._moments, **moments})

    def _remember(self, moments: dict[int, float]) -> None:
        self._moments = moments
        self._first_moment = min(moments.values(), default=math.inf)


def _arranged(rows: Iterable[Row], moments: Moments) -> tuple[dict[int, list[str]], dict[str, SiteEntry]]:
    """Rows as site id → names and name → entry; what is no host name, however it came there, is left out."""
    names: dict[int, list[str]] = {}
    entries: dict[str, SiteEntry] = {}
    for name, site_id, primary, state, generation in rows:
        if not hostnames.is_canonical(name):
            logger.error("site %s: %a in the table of domains is no host name; it is not served.", site_id, name)
            continue
        of_site = names.get(site_id)
        if of_site is not None:
            of_site.append(name)
            entries[name] = entries[of_site[0]]
            continue
        names[site_id] = [name]
        # Equal texts become one object: with 100,000 sites this saves 10 MB.
        shared_primary = name if name == primary else primary
        next_change_at = moments.get(site_id, math.inf)
        entries[name] = SiteEntry(site_id, shared_primary, intern(state), generation, next_change_at)
    return names, entries
