"""The triggers by which a change writes itself down, in SQL.

PostgreSQL: a row's trigger notes in `tenancy_touch` what changed; a deferred trigger, the last thing before COMMIT,
concludes which sites that concerns, and writes their generations. One transaction at a time does that, and sees what
all before it committed: of two that overlap, one that edits a post and one that places it on a site, the later one
knows of the other. It is a matter of milliseconds, so a long import keeps nobody waiting.

SQLite has one writer at a time, and its triggers write the generations at once.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenancy import changes
from tenancy.changes import Watch


def install(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing. On a running PostgreSQL no trigger goes away meanwhile, only functions are replaced."""
    make = _postgresql_statements if connection.vendor == "postgresql" else _sqlite_statements
    existing = set(connection.introspection.table_names())  # a migration may have stopped half way
    watches = [watch for watch in changes.watches() if watch.table in existing]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in make(watches, connection):
            cursor.execute(statement)


def remove_from_sqlite(connection: BaseDatabaseWrapper) -> None:
    """Before a migration: SQLite rebuilds a table to alter it, which loses its triggers and trips over others'."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'newsstand_%'")
        for (trigger,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{trigger}"')


def _postgresql_statements(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> list[str]:
    statements = [_TOUCH_TABLE, _touched(watches, connection), _WRITE_GENERATIONS, _WRITE_AT_COMMIT]
    for table in sorted({watch.table for watch in watches}):
        body = "".join(
            f"""
            IF TG_OP = 'INSERT' THEN {_note(watch, "NEW")}
            ELSIF TG_OP = 'DELETE' THEN {_note(watch, "OLD")}
            ELSIF {watch.differs("IS DISTINCT FROM")} THEN {_note(watch, "OLD")} {_note(watch, "NEW")}
            END IF;"""
            for watch in watches
            if watch.table == table
        )
        statements.append(_TOUCH.format(table=table, body=body))
        create = _CREATE_TOUCH.format(table=table)
        statements.append(_IF_MISSING.format(trigger="newsstand_touch", table=table, create=create))
    return statements


def _note(watch: Watch, row: str) -> str:
    """Note the sites that the row concerns, or, where other tables decide that, the columns by which they do."""
    if not watch.depends_on_other_tables:
        return _NOTE.format(watch=_A_SITE, query=watch.of(row), columns="'site_id', touched.site_id")
    columns = ", ".join(f"'{column}', {row}.{column}" for column in watch.columns)
    return _NOTE.format(watch=watch.number, query="SELECT 0", columns=columns)


def _touched(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> str:
    """The function that concludes from what was noted."""
    queries = [_CONCLUDE.format(watch=_A_SITE, columns="site_id integer", query="SELECT noted_row.site_id")]
    for watch in watches:
        if watch.depends_on_other_tables:
            columns = ", ".join(f"{column} {watch.type_of(column, connection)}" for column in watch.columns)
            queries.append(_CONCLUDE.format(watch=watch.number, columns=columns, query=watch.of("noted_row")))
    return _TOUCHED.format(queries=" UNION ".join(queries))


def _sqlite_statements(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS newsstand_touch_{watch.number}_{event} AFTER {event} ON {watch.table}"
        f" WHEN {condition} BEGIN {_WRITE.format(site_ids=site_ids)} END"
        for watch in watches
        for event, condition, site_ids in (
            ("insert", "true", watch.of("NEW")),
            ("delete", "true", watch.of("OLD")),
            ("update", watch.differs("IS NOT"), f"{watch.of('OLD')} UNION {watch.of('NEW')}"),
        )
    ]


_A_SITE = -1  # in the place of a watch's number: the note is a site

# What a transaction that has not ended yet has changed. `watch` is the number of the one that decides about `columns`.
_TOUCH_TABLE = """
    CREATE UNLOGGED TABLE IF NOT EXISTS tenancy_touch
    (transaction bigint, watch integer, columns jsonb, PRIMARY KEY (transaction, watch, columns))
"""

_NOTE = """
    INSERT INTO tenancy_touch (transaction, watch, columns)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, {watch}, jsonb_build_object({columns})
    FROM ({query}) AS touched (site_id)
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

# The sites that this transaction has touched so far, by what is committed now.
_TOUCHED = """
    CREATE OR REPLACE FUNCTION newsstand_touched() RETURNS SETOF integer LANGUAGE plpgsql AS $$
    BEGIN
        RETURN QUERY
        WITH noted AS (
            SELECT watch, columns FROM tenancy_touch
            WHERE transaction = pg_current_xact_id_if_assigned()::text::bigint
        )
        {queries};
    END $$
"""

_CONCLUDE = """
        SELECT concerned.site_id::integer
        FROM noted, jsonb_to_record(columns) AS noted_row ({columns}), LATERAL ({query}) AS concerned (site_id)
        WHERE watch = {watch}
"""

_WRITE_GENERATIONS = """
    CREATE OR REPLACE FUNCTION newsstand_write_generations() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- Fires once for each note; the first time does it all, and the others must not search again.
        IF current_setting('newsstand.noted', true) = 'yes' THEN
            PERFORM set_config('newsstand.noted', 'no', true);
            -- Foreign keys that are checked at COMMIT may wait for another transaction; not so behind the next line.
            SET CONSTRAINTS ALL IMMEDIATE;
            PERFORM pg_advisory_xact_lock(hashtextextended('newsstand_write_generations', 0));
            INSERT INTO tenancy_generation (site_id, transaction, value)
            SELECT site_id, pg_current_xact_id()::text::bigint, gen_random_uuid()
            FROM newsstand_touched() AS touched (site_id)
            ON CONFLICT (site_id) DO UPDATE SET transaction = excluded.transaction, value = excluded.value;
            DELETE FROM tenancy_touch WHERE transaction = pg_current_xact_id()::text::bigint;
        END IF;
        RETURN NULL;
    END $$
"""

_WRITE_AT_COMMIT = _IF_MISSING.format(
    trigger="newsstand_write_generations",
    table="tenancy_touch",
    create="CREATE CONSTRAINT TRIGGER newsstand_write_generations AFTER INSERT ON tenancy_touch"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION newsstand_write_generations()",
)

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
