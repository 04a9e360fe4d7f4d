"""A change writes itself down in the same transaction: database triggers give each site it touches a new generation.

Triggers and not signals, because `QuerySet.update()`, `bulk_create()` and an operator's SQL send none. Apps say with
`watch()` which sites a row concerns; `migrate` installs what they said.

PostgreSQL: a row's trigger notes the site in `tenancy_touch`; a deferred trigger, the last thing before COMMIT, moves
what the transaction noted to `tenancy_generation` in the order of the site ids. So two writers cannot deadlock there,
and a long import keeps nobody waiting. SQLite has one writer at a time and writes the generation at once.
"""

from collections.abc import Iterable

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_watched: dict[type[models.Model], str] = {}


def watch(model: type[models.Model], site_ids: str) -> None:
    """For each row of the model that changes, give the sites that the query `site_ids` yields a new generation.

    `{row}` in it stands for the row before and after the change, e.g. "SELECT {row}.site_id".
    """
    _watched[model] = site_ids


def watched() -> Iterable[type[models.Model]]:
    return _watched.keys()


def install(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing. On a running PostgreSQL no trigger goes away meanwhile, only functions are replaced."""
    statements = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements["once"]:
            cursor.execute(statement)
        for model, site_ids in _watched.items():
            old, new = (site_ids.format(row=row) for row in ("OLD", "NEW"))
            for statement in statements["table"]:
                cursor.execute(statement.format(table=model._meta.db_table, old=old, new=new))


def remove_from_sqlite(connection: BaseDatabaseWrapper) -> None:
    """Before a migration: SQLite rebuilds a table to alter it, which loses its triggers and trips over others'."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'newsstand_%'")
        for (trigger,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{trigger}"')


_NOTE = """
    INSERT INTO tenancy_touch (transaction, site_id)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, touched.site_id FROM ({site_ids}) AS touched (site_id)
    ON CONFLICT DO NOTHING;
    PERFORM set_config('newsstand.noted', 'yes', true);
"""

# CREATE TRIGGER has no IF NOT EXISTS, and OR REPLACE would lock the table against writers each time.
_IF_MISSING = """
    DO $do$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = '{trigger}' AND tgrelid = '{table}'::regclass) THEN
            {create};
        END IF;
    END $do$
"""

_POSTGRESQL = {
    "once": [
        "CREATE UNLOGGED TABLE IF NOT EXISTS tenancy_touch"
        " (transaction bigint, site_id integer, PRIMARY KEY (transaction, site_id))",
        """
        CREATE OR REPLACE FUNCTION newsstand_write_generations() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- Fires once for each noted row; the first time does it all, and the others must not search again.
            IF current_setting('newsstand.noted', true) = 'yes' THEN
                PERFORM set_config('newsstand.noted', 'no', true);
                WITH noted AS (
                    DELETE FROM tenancy_touch WHERE transaction = pg_current_xact_id()::text::bigint RETURNING *
                )
                INSERT INTO tenancy_generation (site_id, transaction, value)
                SELECT site_id, transaction, gen_random_uuid() FROM noted ORDER BY site_id
                ON CONFLICT (site_id) DO UPDATE SET transaction = excluded.transaction, value = excluded.value;
            END IF;
            RETURN NULL;
        END $$
        """,
        _IF_MISSING.format(
            trigger="newsstand_write_generations",
            table="tenancy_touch",
            create="CREATE CONSTRAINT TRIGGER newsstand_write_generations AFTER INSERT ON tenancy_touch"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION newsstand_write_generations()",
        ),
    ],
    "table": [
        f"""
        CREATE OR REPLACE FUNCTION newsstand_touch_by_{{table}}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' THEN {_NOTE.format(site_ids="{old}")} END IF;
            IF TG_OP <> 'DELETE' THEN {_NOTE.format(site_ids="{new}")} END IF;
            RETURN NULL;
        END $$
        """,
        _IF_MISSING.format(
            trigger="newsstand_touch",
            table="{table}",
            create="CREATE TRIGGER newsstand_touch AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION newsstand_touch_by_{table}()",
        ),
    ],
}

# Writers come one after the other, so counting up gives the order of commits; from the clock's microseconds on, so that
# the count never falls back behind what a process has seen, not even when the table is emptied.
_WRITE = """
    INSERT INTO tenancy_generation (site_id, "transaction", value)
    SELECT
        touched.site_id,
        max(
            1 + coalesce((SELECT max("transaction") FROM tenancy_generation), 0),
            CAST((julianday('now') - 2440587.5) * 86400000 AS integer) * 1000
        ),
        lower(hex(randomblob(16)))
    FROM (SELECT 0 AS site_id WHERE false UNION {site_ids}) AS touched WHERE true
    ON CONFLICT (site_id) DO UPDATE SET "transaction" = excluded."transaction", value = excluded.value;
"""

_SQLITE = {
    "once": [],
    "table": [
        f"CREATE TRIGGER IF NOT EXISTS newsstand_touch_by_{{table}}_{event} AFTER {event} ON {{table}}"
        f" BEGIN {_WRITE.format(site_ids=site_ids)} END"
        for event, site_ids in (("insert", "{new}"), ("delete", "{old}"), ("update", "{old} UNION {new}"))
    ],
}
