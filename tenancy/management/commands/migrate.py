"""Django's `migrate`, of which on PostgreSQL only one runs at a time."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic, sleep
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Locks of this kind are a database's own, so any number will do that no other program takes: "newsstand" on a dial.
LOCK = 639778263
PATIENCE = 600.0  # seconds to wait for another migration
PAUSE = 1.0  # seconds between two attempts


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        only_looks = options["plan"] or options["check_unapplied"]
        if connection.vendor != "postgresql" or only_looks:
            super().handle(*args, **options)
            return
        with self._alone(connection), _unhurried(connection):
            super().handle(*args, **options)

    @contextmanager
    def _alone(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        """Hold the lock, on a connection of its own: a migration may close the other one."""
        with closing(connection.copy()) as guard:
            self._wait_for_lock(guard)
            yield

    def _wait_for_lock(self, guard: BaseDatabaseWrapper) -> None:
        deadline = monotonic() + PATIENCE
        if _locked(guard):
            return
        self.stderr.write("Another migration is running; waiting.")
        while not _locked(guard):
            if monotonic() >= deadline:
                raise CommandError(
                    f"Another migration is still running after {PATIENCE:.0f} s; nothing was done."
                    " Look what it does (pg_stat_activity shows it), and start again."
                )
            sleep(PAUSE)


def _locked(guard: BaseDatabaseWrapper) -> bool:
    """Take the lock if it is free. It ends with the connection, however this process ends."""
    with guard.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


@contextmanager
def _unhurried(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A migration takes the time it needs. It still waits briefly for locks: everyone else queues up behind it."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:  # it may be broken, which is then what is reported
            cursor.execute("RESET statement_timeout; RESET idle_in_transaction_session_timeout")
