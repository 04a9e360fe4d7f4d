"""What the servers saw: Redis and PostgreSQL tell which pages are stored and what a process asked of them."""

import re
from contextlib import contextmanager
from types import SimpleNamespace

from django.db import connection
from redis import Redis

from benchmarks.counting import Counter, statements
from tests.support import servers


def redis():
    return Redis.from_url(servers.redis.url)


def entries():
    """Keys of all that is stored, pages and whatever else."""
    with redis() as client:
        return set(client.scan_iter(count=10_000))


def counted():
    """For a `with` block: a Counter of the commands and statements of all sessions meanwhile."""
    url = servers.postgresql.url.rpartition("/")[0] + "/postgres"  # its own names a database that is not there
    return Counter(SimpleNamespace(url=url, log=servers.postgresql.log), servers.redis)


@contextmanager
def logged_queries():
    """Yields a list that holds, at the end, what PostgreSQL wrote of each statement of a new connection.

    So without those of this process, and of registries, which keep one.
    """
    database, queries = connection.settings_dict["NAME"], []
    log = servers.postgresql.log
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} SET log_statement = 'all'")
        before = log.stat().st_size
        try:
            yield queries
        finally:
            cursor.execute(f"ALTER DATABASE {database} RESET log_statement")
    with log.open("rb") as lines:
        lines.seek(before)
        records = re.split(rb"\n(?!\t)", lines.read())
    queries += [record.decode() for record in records if statements(record)]


@contextmanager
def locked(table):
    """Whoever reads the table meanwhile waits."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def waiting_for_a_lock():
    """How many connections wait for a lock of another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees the same again and again
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0]
