"""Transactions that overlap on PostgreSQL."""

from contextlib import contextmanager

import psycopg
from django.db import connection, transaction

from devstack.processes import wait_until
from tests.support.timing import InThreads

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = ANY(%s)
"""
ROWS = ["transactionid", "tuple"]  # the names of waits for a lock of a row
ADVISORY = ["advisory"]


def connect(**options):
    """Another connection to the test database."""
    address = connection.settings_dict
    return psycopg.connect(
        host=address["HOST"],
        port=address["PORT"],
        user=address["USER"],
        password=address["PASSWORD"],
        dbname=address["NAME"],
        **options,
    )


@contextmanager
def meanwhile(sql, *parameters):
    """Execute `sql` on another connection, and commit it at the end of the block. Yields the connection."""
    with connect() as other:
        other.execute(sql, parameters)
        yield other
        other.commit()


def in_a_transaction(work):
    """Call `work` in a transaction in a thread."""

    def run():
        with transaction.atomic():
            return work()

    return InThreads(run)


def execute(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def wait_until_blocked(by, count=1):
    """Return when `count` transactions wait for a lock of the kind `by`: ROWS or ADVISORY."""

    def is_blocked():
        with connection.cursor() as cursor:
            cursor.execute(WAITING, [by])
            return cursor.fetchone()[0] == count

    wait_until(is_blocked)
