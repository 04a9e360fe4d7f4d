"""The sites that the current transaction has affected so far."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def observed_changes() -> Iterator[Callable[[], list[int]]]:
    """Yield a function that returns the ids of the sites affected since the block began.

    The block and the calls of the function must be in one transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute('SELECT coalesce(max("transaction"), 0) FROM tenancy_generation')
        since = int(cursor.fetchone()[0])
    yield lambda: _affected(since)


def _affected(since: int) -> list[int]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT * FROM newsstand_recorded_sites() ORDER BY 1")
        else:  # SQLite has one writer at a time, so all higher transaction numbers belong to it
            cursor.execute('SELECT site_id FROM tenancy_generation WHERE "transaction" > %s ORDER BY 1', [since])
        return [site_id for (site_id,) in cursor.fetchall()]
