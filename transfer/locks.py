"""Lets one import at a time write to a site. Two imports at the same moment would store each post twice."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import monotonic, sleep

from django.contrib.sites.models import Site
from django.db import connection

from lib.files import lock_if_free

# The first key of the advisory lock; the second is the id of the site. Keys are local to a database; no other program
# in this database may use this number.
LOCK = 639778264
TIMEOUT = 600.0  # seconds to wait for another import
RETRY_INTERVAL = 0.5  # seconds


class StillRunning(Exception):
    """Another import into the site did not end in time."""


@contextmanager
def import_lock(site: Site, say: Callable[[str], object]) -> Iterator[None]:
    """Hold the lock of the site. If another import holds it, `say` so and wait. Raises StillRunning."""
    with ExitStack() as stack:
        take = _on_postgresql(stack, site) if connection.vendor == "postgresql" else _on_sqlite(stack, site)
        deadline = monotonic() + TIMEOUT
        is_held = take()
        if not is_held:
            say(f"Another import into {site.domain} is running; this one waits for its end.")
        while not is_held:
            if monotonic() >= deadline:
                raise StillRunning(
                    f"Another import into {site.domain} is still running after {TIMEOUT:.0f} s, so this one did not"
                    " start and changed nothing. Start it again when the other one has ended, or end the other one."
                )
            sleep(RETRY_INTERVAL)
            is_held = take()
        yield


def _on_postgresql(stack: ExitStack, site: Site) -> Callable[[], bool]:
    """A function that takes an advisory lock, on a connection of its own because `connection` may be replaced.

    PostgreSQL releases the lock when the connection ends, even if this process is killed.
    """
    lock_connection = stack.enter_context(closing(connection.copy()))

    def take() -> bool:
        with lock_connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, site.pk])
            return bool(cursor.fetchone()[0])

    return take


def _on_sqlite(stack: ExitStack, site: Site) -> Callable[[], bool]:
    """A function that locks a file beside the database."""
    database = Path(connection.settings_dict["NAME"])
    if not database.is_file():
        return lambda: True  # No other process can open a database in memory.
    file = stack.enter_context(database.with_name(f"{database.name}-import-{site.pk}.lock").open("w"))
    return lambda: lock_if_free(file)
