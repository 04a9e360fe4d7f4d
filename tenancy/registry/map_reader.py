"""Reads from the database what a process knows of the sites: all of it first, then what changed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from time import time

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from tenancy.changes.moments import moments_query
from tenancy.registry.domain_map import DomainMap, Moments, Row

READ_ANEW_WITHIN = 60.0  # seconds; the backstop: whatever was heard, each part of the map …
PART = 500  # … of so many sites; all at once would take longer than a change may, with 100,000
PARTS_AT_ONCE = 5  # by one question: a process that few visit asks about once a second
NEVER = 2**63 - 1  # higher than every transaction id
READ_ONE_BY_ONE = 10_000  # of more changed sites than this the whole map is read


class MapReader:
    """Keeps its `map` true, by a connection of its own. One thread reads; any may hang up."""

    def __init__(self) -> None:
        self.map = DomainMap()
        self.has_read = False
        self._connection: BaseDatabaseWrapper | None = None
        self._horizon = 0  # whatever is committed from now on carries this transaction id or a higher one
        self._parts: list[tuple[int, int]] = []  # those that are still to be read anew
        self._part_due_at = self._pause = 0.0

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def read(self, now: float) -> None:
        """Ask what changed, and read that. `now` is a time of the monotonic clock. Raises what the database raises."""
        connected_now = self._connection is None
        connection = self._connection = self._connection or own_connection()
        with connection.cursor() as cursor:
            # A new connection reads the whole map below, so it asks for the horizon alone.
            cursor.execute(_CHANGES[connection.vendor], [NEVER if connected_now else self._horizon])
            answer = cursor.fetchall()
            horizon = answer[0][0]
            generations = [(site_id, value) for _, site_id, value in answer if value]
            stale = {*self.map.unheard(generations), *self.map.due(time())}
            # A new connection may lead to another server, and a lower horizon to a restored backup.
            if connected_now or horizon < self._horizon or len(stale) > READ_ONE_BY_ONE:
                self._read_all(cursor, now)
            elif stale:
                self.map.replace(stale, *_rows(cursor, f"IN ({', '.join(map(str, stale))})"))
            self.map.hear(generations)
            self._horizon = horizon
            for _ in range(PARTS_AT_ONCE):
                if now >= self._part_due_at:
                    self._read_part_anew(cursor, now)

    def close(self) -> None:
        """Close the connection; the next reading opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Error):  # it may be broken, which is why it goes
                connection.close()

    def _read_all(self, cursor: CursorWrapper, now: float) -> None:
        with _collector_paused():
            self.map.replace_all(*_rows(cursor))
            self._plan_parts(now)
            # The map stays in memory. The collector would stop all threads each time it scans 100,000 hosts.
            if self.has_read:
                gc.unfreeze()
                gc.collect()
            gc.freeze()
        self.has_read = True

    def _plan_parts(self, now: float) -> None:
        self._parts = self.map.parts(PART)
        self._pause = READ_ANEW_WITHIN / len(self._parts)
        self._part_due_at = now + self._pause

    def _read_part_anew(self, cursor: CursorWrapper, now: float) -> None:
        first, last = self._parts.pop()
        self.map.replace(self.map.sites_from(first, last), *_rows(cursor, f"BETWEEN {first} AND {last}"))
        self._part_due_at += self._pause
        if not self._parts:
            self._plan_parts(now)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """The garbage collector would scan the growing map again and again, which takes a third of the load's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _rows(cursor: CursorWrapper, sites: str = "") -> tuple[list[Row], Moments]:
    """Domains and next moments of all sites, or of those whose ids fulfil the condition `sites`."""
    # Of both tables: PostgreSQL does not conclude from the one to the other, and would read all of it.
    among = sites and f"WHERE d.site_id {sites} AND s.site_id {sites}"
    cursor.execute(_DOMAINS.format(among=among))
    domains = cursor.fetchall()
    among = sites and f"WHERE d.site_id {sites}"
    cursor.execute(_NEXT_MOMENTS.format(moments=moments_query(cursor.db.vendor), among=among))
    return domains, {site_id: _timestamp(moment) for site_id, moment in cursor.fetchall()}


def _timestamp(moment: datetime | str) -> float:
    """Unix time of what the database answered; SQLite keeps a text, in UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return moment.timestamp()


def own_connection() -> BaseDatabaseWrapper:
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
