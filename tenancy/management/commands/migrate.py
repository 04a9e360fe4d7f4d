"""Django's `migrate`. On PostgreSQL only one runs at a time, however many processes start it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic, sleep
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# The key of an advisory lock. Keys are local to a database; no other program in this database may use this number.
LOCK = 639778263
TIMEOUT = 600.0  # seconds to wait for another migration
RETRY_INTERVAL = 1.0  # seconds


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        is_read_only = options["plan"] or options["check_unapplied"]
        if connection.vendor != "postgresql" or is_read_only:
            super().handle(*args, **options)
            return
        with self._lock_held(connection), _without_timeouts(connection):
            super().handle(*args, **options)

    @contextmanager
    def _lock_held(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        """Hold the lock on a separate connection, because a migration may close `connection`."""
        with closing(connection.copy()) as lock_connection:
            self._wait_for_lock(lock_connection)
            yield

    def _wait_for_lock(self, lock_connection: BaseDatabaseWrapper) -> None:
        deadline = monotonic() + TIMEOUT
        if _locked(lock_connection):
            return
        self.stderr.write("Another migration is running; waiting.")
        while not _locked(lock_connection):
            if monotonic() >= deadline:
                raise CommandError(
                    f"Another migration is still running after {TIMEOUT:.0f} s, so this one did not start."
                    " Look in pg_stat_activity for the statement it executes, and run migrate again when it has ended."
                )
            sleep(RETRY_INTERVAL)


def _locked(lock_connection: BaseDatabaseWrapper) -> bool:
    """Take the lock if it is free. PostgreSQL releases it when the connection ends, even if this process is killed."""
    with lock_connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


@contextmanager
def _without_timeouts(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Remove the time limits of statements. `lock_timeout` stays: a statement that waits for a lock blocks others."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    try:
        yield
    finally:
        with (
            suppress(Error),
            connection.cursor() as cursor,
        ):  # after a lost connection the error of the migration is reported, not this one
            cursor.execute("RESET statement_timeout; RESET idle_in_transaction_session_timeout")
