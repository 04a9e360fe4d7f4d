"""Installs the database triggers that give a site a new generation in the transaction of a change."""

from django.db import router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenancy.changes import postgresql, sqlite
from tenancy.changes.watches import all_watches


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the missing triggers on the watched tables of this database, and replace their functions.

    On PostgreSQL existing triggers stay in place, so no concurrent change goes unseen. A database for which the
    database router holds no watched model gets no triggers, functions or tables.
    """
    existing = set(connection.introspection.table_names())  # `migrate app name` may not have created all tables yet
    watched = [
        watch
        for watch in all_watches()
        if watch.table in existing and router.allow_migrate_model(connection.alias, watch.model)
    ]
    if not watched:
        return
    make = postgresql.statements if connection.vendor == "postgresql" else sqlite.statements
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in make(watched, connection):
            cursor.execute(statement)


def remove_from_sqlite(connection: BaseDatabaseWrapper) -> None:
    """Drop our triggers before a migration. SQLite alters a table by rebuilding it, which fails if triggers name it."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'newsstand_%'")
        for (trigger,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{trigger}"')
