"""The map domain → site that every process holds in memory, kept true against the database.

A lookup is a dictionary access. When the last question to the database began 100 ms ago, one thread asks "what
changed?"; a lookup whose map is older than 200 ms waits for the answer. So each lookup knows what was committed a
quarter of a second before.
"""

import logging
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic, time

from django.contrib.sites.models import Site
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from tenancy import changes
from tenancy.domain_map import DomainMap, Entry, Moments, Row

ASK_AFTER = 0.1  # seconds since the last question began
WAIT_AFTER = 0.2  # age of the map from which on a lookup waits …
WAIT_AT_MOST = 0.2  # … this long, counted from the begin of the question
WAIT_LONGER_AT_MOST = 0.9  # who would surely answer wrong: without a map, or after a change of this very process
BACK_OFF = 1.0  # after an error nobody asks and nobody waits
HANGS_AFTER = 0.9  # seconds that a question is without an answer: another one would not get any either
READ_ANEW_WITHIN = 60.0  # the backstop: whatever was heard, each part of the map …
PART = 2000  # … of so many sites; all at once would take longer than a change may, with 100,000
SITES_KEPT = 1000
RELOADED_ONE_BY_ONE = 10_000  # of more changed sites than this the whole map is loaded

NEVER = float("-inf")

logger = logging.getLogger(__name__)


class RegistryUnavailable(Exception):
    """This process never loaded the map, so it cannot tell an unknown host from a known one."""


class Registry:
    """Use the one instance, `registry`."""

    def __init__(self) -> None:
        self._map = DomainMap()
        self._connection: BaseDatabaseWrapper | None = None
        self._horizon = 0  # whatever is committed from now on carries this transaction id or a higher one
        self._lock = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asking = False
        self._is_loaded = False
        self._parts: list[tuple[int, int]] = []  # those that are still to be read anew
        self._part_due_at = self._pause = 0.0
        self._asked_at = NEVER  # begin of the last question
        self._known_at = NEVER  # begin of the last question that was answered
        self._due_at = NEVER  # this process committed something: only a later question knows it
        self._fresh_until = NEVER
        self._silent_until = NEVER

    def find(self, name: str) -> Entry | None:
        """The site with this domain, given in its canonical spelling; None if there is none.

        Raises RegistryUnavailable when the map was never loaded.
        """
        if monotonic() >= self._fresh_until:
            self._freshen()
        return self._map.entries.get(name)

    def site(self, entry: Entry) -> Site:
        """The site with its settings, one object for all requests: never change it. Raises Site.DoesNotExist."""
        return _site(entry.site_id, entry.generation)

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
        if not self._is_loaded:
            raise RegistryUnavailable("The map of sites was never loaded: is the database there, and migrated?")

    def _patience(self, began: float, now: float) -> float:
        """Seconds that a lookup which began at `began` still waits.

        They count from the begin of the question as well: one that hangs is waited for once, not by every request.
        """
        if self._known_at >= max(began - WAIT_AFTER, self._due_at) or now < self._silent_until:
            return 0
        surely_wrong = not self._is_loaded or self._known_at < self._due_at
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
        for attempt in (1, 2) if self._connection else (2,):
            try:
                self._ask(asked_at)
            except Exception as error:  # whatever it was: known hosts stay known, and a later question may succeed
                self.hang_up()
                if attempt == 2:
                    logger.error(
                        "The registry got no answer and asks again in %s s: %s", BACK_OFF, error, exc_info=True
                    )
            else:
                return True
        return False

    def _ask(self, asked_at: float) -> None:
        connected_now = self._connection is None
        connection = self._connection = self._connection or _own_connection()
        with connection.cursor() as cursor:
            cursor.execute(_CHANGES[connection.vendor], [self._horizon])
            answer = cursor.fetchall()
            horizon = answer[0][0]
            generations = [(site_id, value) for _, site_id, value in answer if value]
            stale = {*self._map.unheard(generations), *self._map.due(time())}
            # A new connection may lead to another server, and a lower horizon to a restored backup.
            if connected_now or horizon < self._horizon or len(stale) > RELOADED_ONE_BY_ONE:
                self._map.replace_all(*_load(cursor))
                self._is_loaded = True
                self._plan_parts(asked_at)
            elif stale:
                self._map.replace(stale, *_load(cursor, f"IN ({', '.join(map(str, stale))})"))
            elif asked_at >= self._part_due_at:
                self._read_part_anew(cursor, asked_at)
            self._map.hear(generations)
            self._horizon = horizon

    def _plan_parts(self, now: float) -> None:
        self._parts = self._map.parts(PART)
        self._pause = READ_ANEW_WITHIN / len(self._parts)
        self._part_due_at = now + self._pause

    def _read_part_anew(self, cursor: CursorWrapper, now: float) -> None:
        first, last = self._parts.pop()
        self._map.replace(self._map.sites_from(first, last), *_load(cursor, f"BETWEEN {first} AND {last}"))
        self._part_due_at = now + self._pause
        if not self._parts:
            self._plan_parts(now)

    def hang_up(self) -> None:
        """Close the connection; the next question opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Error):  # it may be broken, which is why it goes
                connection.close()


@lru_cache(maxsize=SITES_KEPT)
def _site(site_id: int, generation: str) -> Site:
    """A site as it was in this generation, or later; in the next one it is fetched anew."""
    return Site.objects.select_related("settings").get(pk=site_id)


def _load(cursor: CursorWrapper, sites: str = "") -> tuple[list[Row], Moments]:
    """Domains and next moments of all sites, or of those whose ids fulfil the condition `sites`."""
    among = sites and f"WHERE d.site_id {sites}"
    cursor.execute(_DOMAINS.format(among=among))
    domains = cursor.fetchall()
    cursor.execute(_NEXT_MOMENTS.format(moments=changes.moments(cursor.db.vendor), among=among))
    return domains, {site_id: _timestamp(moment) for site_id, moment in cursor.fetchall()}


def _timestamp(moment: datetime | str) -> float:
    """Unix time of what the database answered; SQLite keeps a text, in UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return moment.timestamp()


def _own_connection() -> BaseDatabaseWrapper:
    """A connection beside those of the requests, which hears soon that the database hangs."""
    connection = connections["default"].copy()
    connection.inc_thread_sharing()  # one thread uses it, another may hang up
    if connection.vendor == "postgresql":
        options = connection.settings_dict["OPTIONS"].get("options", "")
        connection.settings_dict["OPTIONS"] |= {
            "connect_timeout": 2,
            # The last one of a name counts; whatever else the installation asks for stays.
            "options": f"{options} -c statement_timeout=2000 -c default_transaction_isolation=read\\ committed",
            "tcp_user_timeout": 2000,
        }
    return connection


registry = Registry()
os.register_at_fork(after_in_child=registry.__init__)  # type: ignore[misc]  # threads and connections stay behind

# Each answers with one row at least: the horizon for the next question. A transaction that is not yet visible to this
# one carries an id from the horizon on, whenever it commits.
_CHANGES = {
    "postgresql": """
        SELECT now.horizon, g.site_id, g.value::text
        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon) now
        LEFT JOIN tenancy_generation g ON g.transaction >= %s""",
    "sqlite": """
        SELECT now.horizon, g.site_id, g.value
        FROM (SELECT 1 + coalesce(max("transaction"), 0) AS horizon FROM tenancy_generation) now
        LEFT JOIN tenancy_generation g ON g."transaction" >= %s""",
}
_DOMAINS = """
    SELECT d.name, d.site_id, p.name, s.state, coalesce(CAST(g.value AS varchar(36)), '')
    FROM tenancy_domain d
    JOIN tenancy_domain p ON p.site_id = d.site_id AND p."primary"
    JOIN tenancy_sitesettings s ON s.site_id = d.site_id
    LEFT JOIN tenancy_generation g ON g.site_id = d.site_id {among}"""
_NEXT_MOMENTS = "SELECT d.site_id, min(d.moment) FROM ({moments}) d {among} GROUP BY d.site_id"
