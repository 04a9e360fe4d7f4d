"""Reads the map domain → site from the database: first the whole map, then the sites that changed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import time

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from tenancy.changes.moments import as_datetime, moments_query
from tenancy.registry.domain_map import MAX_ID, MIN_ID, DomainMap, Moments, Row

# As a safeguard, each part of the map is read again after at most this time, even without a new generation.
FULL_REFRESH_INTERVAL = 60.0
PART_SIZE = 500  # sites; reading 100,000 sites at once would delay the next query for changes
MAX_PARTS = 5  # in one call of `read`; a process with few requests calls it about once a second
NEVER = 2**63 - 1  # higher than every transaction id
MAX_CHANGED_SITES = 10_000  # if more sites changed, the whole map is read


class MapReader:
    """Keeps `map` up to date over a separate connection. Only one thread calls `read`; any thread may call `close`."""

    def __init__(self) -> None:
        self.map = DomainMap()
        self.has_read = False
        self._connection: BaseDatabaseWrapper | None = None
        self._horizon = 0  # every later commit has this transaction id or a higher id
        self._parts: list[tuple[int, int]] = []  # ranges of site ids to read again
        self._next_part_at = self._part_interval = 0.0

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def read(self, now: float) -> set[int]:
        """Read the changes since the last call, and return the ids of the sites that were read again.

        `now` is a monotonic time in seconds. Raises errors of the database.
        """
        is_new = self._connection is None
        connection = self._connection = self._connection or own_connection()
        with connection.cursor() as cursor:
            # A new connection reads the whole map below, so it needs no generations here.
            cursor.execute(_CHANGES[connection.vendor], [NEVER if is_new else self._horizon])
            rows = cursor.fetchall()
            horizon = rows[0][0]
            generations = [(site_id, value) for _, site_id, value in rows if value]
            stale = {*self.map.changed(generations), *self.map.due(time())}
            # A new connection may reach another server, and a lower horizon means that a backup was restored.
            if is_new or horizon < self._horizon or len(stale) > MAX_CHANGED_SITES:
                stale = set(self.map.sites_between(MIN_ID, MAX_ID))
                self._read_all(cursor, now)
            elif stale:
                self.map.replace(stale, *_rows(cursor, f"IN ({', '.join(map(str, stale))})"))
            self.map.remember(generations)
            self._horizon = horizon
            for _ in range(MAX_PARTS):
                if now >= self._next_part_at:
                    stale.update(self._read_part_again(cursor, now))
        return stale

    def close(self) -> None:
        """Close the connection. The next `read` opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Error):  # the connection may be broken
                connection.close()

    def _read_all(self, cursor: CursorWrapper, now: float) -> None:
        with _collector_paused():
            self.map.replace_all(*_rows(cursor))
            self._plan_parts(now)
            # Exclude the map from garbage collection: each scan of 100,000 hosts would stop all threads.
            if self.has_read:
                gc.unfreeze()
                gc.collect()
            gc.freeze()
        self.has_read = True

    def _plan_parts(self, now: float) -> None:
        self._parts = self.map.parts(PART_SIZE)
        self._part_interval = FULL_REFRESH_INTERVAL / len(self._parts)
        self._next_part_at = now + self._part_interval

    def _read_part_again(self, cursor: CursorWrapper, now: float) -> list[int]:
        first, last = self._parts.pop()
        site_ids = self.map.sites_between(first, last)
        self.map.replace(site_ids, *_rows(cursor, f"BETWEEN {first} AND {last}"))
        self._next_part_at += self._part_interval
        if not self._parts:
            self._plan_parts(now)
        return site_ids


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector: its repeated scans of the growing map would take a third of the loading time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _rows(cursor: CursorWrapper, sites: str = "") -> tuple[list[Row], Moments]:
    """Domains and next moments of all sites, or of the sites whose id meets the SQL condition `sites`."""
    # The condition names both tables, because PostgreSQL would otherwise read one of them completely.
    among = sites and f"WHERE d.site_id {sites} AND s.site_id {sites}"
    cursor.execute(_DOMAINS.format(among=among))
    domains = cursor.fetchall()
    among = sites and f"WHERE d.site_id {sites}"
    cursor.execute(_NEXT_MOMENTS.format(moments=moments_query(cursor.db.vendor), among=among))
    return domains, {site_id: as_datetime(moment).timestamp() for site_id, moment in cursor.fetchall()}


def own_connection() -> BaseDatabaseWrapper:
    """A connection that no request uses, with short timeouts to detect a hanging database."""
    connection = connections["default"].copy()
    connection.inc_thread_sharing()  # one thread uses the connection, another may close it
    if connection.vendor == "postgresql":
        options = connection.settings_dict["OPTIONS"].get("options", "")
        connection.settings_dict["OPTIONS"] |= {
            "connect_timeout": 2,
            # PostgreSQL uses the last value of an option; other options of the installation stay in effect.
            "options": f"{options} -c statement_timeout=2000 -c default_transaction_isolation=read\\ committed",
            "tcp_user_timeout": 2000,
        }
    return connection


# Each query returns at least one row, with the horizon for the next call. A transaction that this query does not see
# yet has the id of the horizon or a higher id, regardless of when it commits.
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
