"""A change writes itself down in the same transaction: database triggers give each site it touches a new generation.

Triggers and not signals, because `QuerySet.update()`, `bulk_create()` and an operator's SQL send none. Apps say with
`watch()` which sites a row concerns, and with `watch_moments()` when sites change by themselves; `migrate` installs
what they said.

PostgreSQL: a row's trigger notes the site in `tenancy_touch`; a deferred trigger, the last thing before COMMIT, moves
what the transaction noted to `tenancy_generation` in the order of the site ids. So two writers cannot deadlock there,
and a long import keeps nobody waiting. SQLite has one writer at a time and writes the generation at once.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


class Watch(NamedTuple):
    """The changes of a table that concern sites, and which."""

    model: type[models.Model]
    site_ids: str
    fields: Sequence[str]

    def of(self, row: str) -> str:
        return self.site_ids.format(row=row)

    def differs(self, is_not: str) -> str:
        """A condition that holds for an update that counts."""
        columns = [field.column for field in self.model._meta.concrete_fields if field.name in self.fields]
        return " OR ".join(f"OLD.{column} {is_not} NEW.{column}" for column in columns) or "true"


_watches: list[Watch] = []
_moments: list[str] = []


def watch(model: type[models.Model], site_ids: str, fields: Sequence[str] = ()) -> None:
    """For each row of the model that changes, give the sites that the query `site_ids` yields a new generation.

    `{row}` in it stands for the row before and after the change, e.g. "SELECT {row}.site_id". With `fields` only an
    update of one of these counts.
    """
    _watches.append(Watch(model, site_ids, fields))


def watched() -> Iterable[type[models.Model]]:
    return {watch.model for watch in _watches}


def watch_moments(query: str) -> None:
    """`query` yields (site_id, moment) for each moment in the future at which a site changes without a row that does.

    `{now}` in it stands for the database's time.
    """
    _moments.append(query)


def moments(vendor: str) -> str:
    """The query for what was said with `watch_moments`."""
    return " UNION ALL ".join(_moments).format(now=_NOW[vendor])


def mark() -> int:
    """A place in the count of changes, from which on `touched` looks."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT coalesce(max("transaction"), 0) FROM tenancy_generation')
        return int(cursor.fetchone()[0])


def touched(since: int) -> list[int]:
    """Ids of the sites that this transaction has touched, since `mark()` at its begin."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT site_id FROM tenancy_touch WHERE transaction = pg_current_xact_id_if_assigned()::text::bigint"
                " ORDER BY 1"
            )
        else:  # one writer at a time: what was counted since is ours
            cursor.execute('SELECT site_id FROM tenancy_generation WHERE "transaction" > %s ORDER BY 1', [since])
        return [site_id for (site_id,) in cursor.fetchall()]


def install(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing. On a running PostgreSQL no trigger goes away meanwhile, only functions are replaced."""
    make = _postgresql_statements if connection.vendor == "postgresql" else _sqlite_statements
    tables = set(connection.introspection.table_names())
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in make(tables):
            cursor.execute(statement)


def remove_from_sqlite(connection: BaseDatabaseWrapper) -> None:
    """Before a migration: SQLite rebuilds a table to alter it, which loses its triggers and trips over others'."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'newsstand_%'")
        for (trigger,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{trigger}"')


def _watches_by_table(tables: set[str]) -> dict[str, list[Watch]]:
    """For the tables that exist: a migration may have stopped half way."""
    by_table: dict[str, list[Watch]] = {}
    for watch in _watches:
        by_table.setdefault(watch.model._meta.db_table, []).append(watch)
    return {table: watches for table, watches in by_table.items() if table in tables}


def _postgresql_statements(tables: set[str]) -> list[str]:
    statements = list(_POSTGRESQL)
    for table, watches in _watches_by_table(tables).items():
        body = "".join(
            f"""
            IF TG_OP = 'INSERT' THEN {_NOTE.format(site_ids=watch.of("NEW"))}
            ELSIF TG_OP = 'DELETE' THEN {_NOTE.format(site_ids=watch.of("OLD"))}
            ELSIF {watch.differs("IS DISTINCT FROM")} THEN
                {_NOTE.format(site_ids=f"{watch.of('OLD')} UNION {watch.of('NEW')}")}
            END IF;"""
            for watch in watches
        )
        statements.append(_TOUCH.format(table=table, body=body))
        create = _CREATE_TOUCH.format(table=table)
        statements.append(_IF_MISSING.format(trigger="newsstand_touch", table=table, create=create))
    return statements


def _sqlite_statements(tables: set[str]) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS newsstand_touch_by_{table}_{number}_{event} AFTER {event} ON {table}"
        f" WHEN {condition} BEGIN {_WRITE.format(site_ids=site_ids)} END"
        for table, watches in _watches_by_table(tables).items()
        for number, watch in enumerate(watches)
        for event, condition, site_ids in (
            ("insert", "true", watch.of("NEW")),
            ("delete", "true", watch.of("OLD")),
            ("update", watch.differs("IS NOT"), f"{watch.of('OLD')} UNION {watch.of('NEW')}"),
        )
    ]


# As Django's Now() has it.
_NOW = {"postgresql": "statement_timestamp()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}

_NOTE = """
    INSERT INTO tenancy_touch (transaction, site_id)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, touched.site_id FROM ({site_ids}) AS touched (site_id)
    ON CONFLICT DO NOTHING;
    PERFORM set_config('newsstand.noted', 'yes', true);
"""

_TOUCH = """
    CREATE OR REPLACE FUNCTION newsstand_touch_by_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {body}
        RETURN NULL;
    END $$
"""

_CREATE_TOUCH = (
    "CREATE TRIGGER newsstand_touch AFTER INSERT OR UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION newsstand_touch_by_{table}()"
)

# CREATE TRIGGER has no IF NOT EXISTS, and OR REPLACE would lock the table against writers each time.
_IF_MISSING = """
    DO $do$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = '{trigger}' AND tgrelid = '{table}'::regclass) THEN
            {create};
        END IF;
    END $do$
"""

_POSTGRESQL = [
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
]

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
