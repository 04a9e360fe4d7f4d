"""Which sites the current transaction has changed so far."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def observed_changes() -> Iterator[Callable[[], list[int]]]:
    """Yields a function that returns the ids of the sites affected since the block began, within one transaction."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT coalesce(max("transaction"), 0) FROM tenancy_generation')
        since = int(cursor.fetchone()[0])
    yield lambda: _affected(since)


def _affected(since: int) -> list[int]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT * FROM newsstand_noted_sites() ORDER BY 1")
        else:  # SQLite has one writer at a time: all later generations are of this transaction
            cursor.execute('SELECT site_id FROM tenancy_generation WHERE "transaction" > %s ORDER BY 1', [since])
        return [site_id for (site_id,) in cursor.fetchall()]
