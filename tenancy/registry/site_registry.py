"""The map domain → site that every process holds in memory, kept true against the database.

A lookup is a dictionary access. When the last question to the database began 100 ms ago, one thread asks "what
changed?"; a lookup whose map is older than 200 ms waits for the answer. So each lookup knows what was committed a
quarter of a second before.
"""

import logging
import os
import threading
from time import monotonic

from django.contrib.sites.models import Site

from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.map_reader import MapReader
from tenancy.registry.per_generation import cached_per_generation

ASK_AFTER = 0.1  # seconds since the last question began
WAIT_AFTER = 0.2  # age of the map from which on a lookup waits …
WAIT_AT_MOST = 0.2  # … this long, counted from the begin of the question
WAIT_LONGER_AT_MOST = 0.9  # who would surely answer wrong: without a map, or after a change of this very process
BACK_OFF = 1.0  # after an error nobody asks and nobody waits
HANGS_AFTER = 0.9  # seconds that a question is without an answer: another one would not get any either

NEVER = float("-inf")

logger = logging.getLogger(__name__)


class RegistryUnavailable(Exception):
    """This process never loaded the map, so it cannot tell an unknown host from a known one."""


class Registry:
    """Use the one instance, `registry`."""

    def __init__(self) -> None:
        self._reader = MapReader()
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asking = False
        self._asked_at = NEVER  # begin of the last question
        self._known_at = NEVER  # begin of the last question that was answered
        self._due_at = NEVER  # this process committed something: only a later question knows it
        self._fresh_until = NEVER
        self._silent_until = NEVER

    def find(self, name: str) -> SiteEntry | None:
        """The site with this domain, given in its canonical spelling; None if there is none.

        Raises RegistryUnavailable when the map was never loaded.
        """
        if monotonic() >= self._fresh_until:
            self._freshen()
        return self._reader.map.entries.get(name)

    def site(self, entry: SiteEntry) -> Site:
        """The site with its settings, one object for all requests: never change it. Raises Site.DoesNotExist."""
        return _site(entry)

    def expire(self) -> None:
        """This process committed something: its next lookup waits until it knows it."""
        with self._lock:
            self._due_at = monotonic()
            self._fresh_until = NEVER

    def is_database_hanging(self) -> bool:
        return self._asking and monotonic() - self._asked_at > HANGS_AFTER

    def _freshen(self) -> None:
        with self._lock:
            began = now = monotonic()
            while True:
                asked_too_long_ago = now - self._asked_at >= ASK_AFTER or self._asked_at < self._due_at
                if asked_too_long_ago and not self._asking and now >= self._silent_until:
                    self._wake(now)
                patience = self._patience(began, now)
                if patience <= 0:
                    break
                self._lock.wait(patience)
                now = monotonic()
        if not self._reader.has_read:
            raise RegistryUnavailable("The map of sites was never loaded: is the database there, and migrated?")

    def _patience(self, began: float, now: float) -> float:
        """Seconds that a lookup which began at `began` still waits.

        They count from the begin of the question as well: one that hangs is waited for once, not by every request.
        """
        if self._known_at >= max(began - WAIT_AFTER, self._due_at) or now < self._silent_until:
            return 0
        surely_wrong = not self._reader.has_read or self._known_at < self._due_at
        at_most = WAIT_LONGER_AT_MOST if surely_wrong else WAIT_AT_MOST
        return min(began, self._asked_at) + at_most - now

    def _wake(self, now: float) -> None:
        self._asking = True
        self._asked_at = now
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="registry", daemon=True)
            self._thread.start()
        self._lock.notify_all()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._asking)
                asked_at = self._asked_at
            answered = self._try_to_ask(asked_at)
            with self._lock:
                if answered:
                    self._known_at = asked_at
                    self._fresh_until = asked_at + ASK_AFTER if asked_at >= self._due_at else NEVER
                else:
                    self._silent_until = monotonic() + BACK_OFF
                self._asking = False
                self._lock.notify_all()

    def _try_to_ask(self, asked_at: float) -> bool:
        """Ask, on a new connection when the one we had is broken: a restarted database is no absent one."""
        for attempt in (1, 2) if self._reader.is_connected else (2,):
            try:
                self._reader.read(asked_at)
            except Exception as error:  # whatever it was: known hosts stay known, and a later question may succeed
                self._reader.close()
                if attempt == 2:
                    logger.error(
                        "The registry got no answer and asks again in %s s: %s", BACK_OFF, error, exc_info=True
                    )
            else:
                return True
        return False

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        self._reader.close()


@cached_per_generation
def _site(entry: SiteEntry) -> Site:
    return Site.objects.select_related("settings").get(pk=entry.site_id)


registry = Registry()
os.register_at_fork(after_in_child=registry.__init__)  # type: ignore[misc]  # threads and connections stay behind
