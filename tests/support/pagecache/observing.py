"""Find out from Redis and PostgreSQL which pages are stored, and which commands and statements a process sent."""

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
    """The keys of all entries in Redis."""
    with redis() as client:
        return set(client.scan_iter(count=10_000))


def counted():
    """A context manager that counts the Redis commands and the SQL statements of all connections."""
    url = (
        servers.postgresql.url.rpartition("/")[0] + "/postgres"
    )  # servers.postgresql.url names a database that the tests do not create
    return Counter(SimpleNamespace(url=url, log=servers.postgresql.log), servers.redis)


@contextmanager
def logged_queries():
    """Yields a list. At the end of the block it contains the log records of all statements on new connections.

    The list does not contain statements on connections that were opened before, such as those of the registries.
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
    """Lock the table: every query that reads it waits."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def waiting_for_a_lock():
    """The number of connections that wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # otherwise every query in a transaction gets the same result
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0]
