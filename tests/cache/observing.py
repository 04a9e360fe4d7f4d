"""What the servers saw: Redis and PostgreSQL tell which pages are stored and what a process asked of them."""

import re
from contextlib import contextmanager

from django.db import connection
from redis import Redis

from tests import servers

# What a new connection says before its first command, and what we ask here.
_AROUND = {"auth", "hello", "select", "client|setinfo", "client|setname", "info", "config|resetstat", "ping"}


def redis():
    return Redis.from_url(servers.redis.url)


def entries():
    """Keys of all that is stored, pages and whatever else."""
    with redis() as client:
        return set(client.scan_iter(count=10_000))


@contextmanager
def counted_commands():
    """Yields a dictionary that holds, at the end, how often Redis was given each command."""
    counted = {}
    with redis() as client:
        client.config_resetstat()
        yield counted
        for name, told in client.info("commandstats").items():
            if (command := name.removeprefix("cmdstat_")) not in _AROUND:
                counted[command] = told["calls"]


@contextmanager
def logged_queries():
    """Yields a list that holds, at the end, the SQL of connections that other processes opened meanwhile.

    So without the questions of their registries, which keep a connection.
    """
    database, statements = connection.settings_dict["NAME"], []
    log = servers.postgresql.log
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} SET log_statement = 'all'")
        before = log.stat().st_size
        try:
            yield statements
        finally:
            cursor.execute(f"ALTER DATABASE {database} RESET log_statement")
    with log.open("rb") as lines:
        lines.seek(before)
        statements += re.findall(r"LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)", lines.read().decode())


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
