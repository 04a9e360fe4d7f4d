"""The map domain → site that every process holds in memory.

A lookup is a dictionary access. 100 ms after the start of the last query, a lookup lets the registry's thread start
the next one, which reads what changed. A lookup whose map is older than 200 ms waits for the result. So every lookup
knows everything that was committed 0.25 s earlier.
"""

import logging
import os
import threading
from collections.abc import Callable, Collection
from time import monotonic

from django.contrib.sites.models import Site

from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.map_reader import MapReader
from tenancy.registry.per_generation import cached_per_generation

# All in seconds.
QUERY_INTERVAL = 0.1  # from the start of a query to the start of the next
MAX_AGE = 0.2  # of the map; with an older one a lookup waits
SHORT_TIMEOUT = 0.2  # of a lookup that waits, from the start of the query
LONG_TIMEOUT = 0.9  # of a lookup that cannot use the map: none is loaded, or it lacks a change of this process
RETRY_INTERVAL = 1.0  # after an error; during this time no query starts and no lookup waits
HANG_TIMEOUT = 0.9  # a query that takes longer means that the database hangs

NEVER = float("-inf")

Listener = Callable[[Collection[int]], None]

logger = logging.getLogger(__name__)


class RegistryUnavailable(Exception):
    """This process has never loaded the map, so it cannot tell known hosts from unknown ones."""


class Registry:
    """The map, and the thread that reads it. Use the instance `registry`."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self.reset()

    def reset(self) -> None:
        """Forget the map. A forked process calls this, because it inherits neither the thread nor the connection."""
        self._reader = MapReader()
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_querying = False
        self._query_began_at = NEVER
        self._map_read_at = NEVER  # start of the last query that succeeded
        self._expired_at = NEVER  # time of the last commit of this process; only a query that starts later sees it
        self._fresh_until = NEVER
        self._retry_at = NEVER

    def find(self, name: str) -> SiteEntry | None:
        """The site with this domain in its canonical spelling, or None.

        Raises RegistryUnavailable if the map was never loaded.
        """
        if monotonic() >= self._fresh_until:
            self._refresh()
        return self._reader.map.entries.get(name)

    def site(self, entry: SiteEntry) -> Site:
        """The site with its settings. All requests share the object, so do not modify it. Raises Site.DoesNotExist."""
        return _site(entry)

    def generation(self, site_id: int) -> str | None:
        """The generation of a site in the map, or None for a site that is not in it. Does not query the database."""
        return self._reader.map.generation(site_id)

    def on_read(self, listener: Listener) -> None:
        """Call `listener` with the ids of sites after they were read again, which includes those that are gone.

        The registry's thread calls it before a waiting lookup returns.
        """
        self._listeners.append(listener)

    def expire(self) -> None:
        """Make the next lookup wait for a new query. Called after a commit of this process."""
        with self._lock:
            self._expired_at = monotonic()
            self._fresh_until = NEVER

    def is_database_hanging(self) -> bool:
        """Whether a query has been running for longer than HANG_TIMEOUT."""
        return self._is_querying and monotonic() - self._query_began_at > HANG_TIMEOUT

    def _refresh(self) -> None:
        with self._lock:
            began = now = monotonic()
            while True:
                is_due = now - self._query_began_at >= QUERY_INTERVAL or self._query_began_at < self._expired_at
                if is_due and not self._is_querying and now >= self._retry_at:
                    self._start_query(now)
                timeout = self._timeout(began, now)
                if timeout <= 0:
                    break
                self._lock.wait(timeout)
                now = monotonic()
        if not self._reader.has_read:
            raise RegistryUnavailable(
                "The map of sites was never loaded. Check that the database runs and that `manage.py migrate` was run."
            )

    def _timeout(self, began: float, now: float) -> float:
        """Seconds for which a lookup that began at `began` still waits.

        They count from the start of the query if it started earlier, so that several requests wait only once for a
        query that hangs.
        """
        if self._map_read_at >= max(began - MAX_AGE, self._expired_at) or now < self._retry_at:
            return 0
        is_known_wrong = not self._reader.has_read or self._map_read_at < self._expired_at
        timeout = LONG_TIMEOUT if is_known_wrong else SHORT_TIMEOUT
        return min(began, self._query_began_at) + timeout - now

    def _start_query(self, now: float) -> None:
        self._is_querying = True
        self._query_began_at = now
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="registry", daemon=True)
            self._thread.start()
        self._lock.notify_all()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._is_querying)
                began_at = self._query_began_at
            succeeded = self._try_to_read(began_at)
            with self._lock:
                if succeeded:
                    self._map_read_at = began_at
                    self._fresh_until = began_at + QUERY_INTERVAL if began_at >= self._expired_at else NEVER
                else:
                    self._retry_at = monotonic() + RETRY_INTERVAL
                self._is_querying = False
                self._lock.notify_all()

    def _try_to_read(self, began_at: float) -> bool:
        """Query the changes. If the existing connection fails, use a new one: the database may have restarted."""
        for attempt in (1, 2) if self._reader.is_connected else (2,):
            try:
                site_ids = self._reader.read(began_at)
                for listener in self._listeners if site_ids else ():
                    listener(site_ids)
            except Exception as error:  # on any error known hosts stay known, and a later query may succeed
                self._reader.close()
                if attempt == 2:
                    logger.error(
                        "The registry could not query the database. It retries in %s s. %s",
                        RETRY_INTERVAL,
                        error,
                        exc_info=True,
                    )
            else:
                return True
        return False

    def close(self) -> None:
        """Close the connection. The next query opens a new one."""
        self._reader.close()


@cached_per_generation
def _site(entry: SiteEntry) -> Site:
    return Site.objects.select_related("settings").get(pk=entry.site_id)


registry = Registry()
os.register_at_fork(after_in_child=registry.reset)
