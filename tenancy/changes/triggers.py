"""The triggers by which a change writes itself down, in SQL.

PostgreSQL: a row's trigger notes in `tenancy_note` what changed; a deferred trigger, the last thing before COMMIT,
concludes which sites that concerns, and writes their generations. One transaction at a time does that, and sees what
all before it committed: of two that overlap, one that edits a post and one that places it on a site, the later one
knows of the other. That is a matter of milliseconds, so a long import keeps nobody waiting.

SQLite has one writer at a time, and its triggers write the generations at once.
"""

from collections.abc import Sequence

from django.db import router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenancy.changes.watches import Watch, all_watches


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the missing triggers on the watched tables of this database, and replace their functions.

    On PostgreSQL existing triggers stay in place, so no concurrent change goes unseen. A database for which the
    database router holds no watched model stays without triggers, functions and tables of ours.
    """
    existing = set(connection.introspection.table_names())  # `migrate app name` may not have created all tables yet
    watched = [
        watch
        for watch in all_watches()
        if watch.table in existing and router.allow_migrate_model(connection.alias, watch.model)
    ]
    if not watched:
        return
    make = _postgresql_statements if connection.vendor == "postgresql" else _sqlite_statements
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in make(watched, connection):
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
    conclude = _CONCLUDE.format(all_noted=_ALL_NOTED)
    statements = [_NOTES, _noted_sites(watches, connection), conclude, _CONCLUDE_AT_COMMIT]
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
        return _NOTE.format(watch=_A_SITE, query=watch.affected_by(row), columns="'site_id', touched.site_id")
    columns = ", ".join(f"'{column}', {row}.{column}" for column in watch.columns)
    return _NOTE.format(watch=watch.key, query="SELECT 0", columns=columns)


def _noted_sites(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> str:
    """The function that concludes from what was noted."""
    queries = {_A_SITE: _CONCERNED.format(watch=_A_SITE, columns="site_id integer", query="SELECT noted_row.site_id")}
    for watch in watches:
        if watch.depends_on_other_tables:
            columns = ", ".join(f"{column} {watch.type_of(column, connection)}" for column in watch.columns)
            query = watch.affected_by("noted_row")
            queries[watch.key] = _CONCERNED.format(watch=watch.key, columns=columns, query=query)
    known = ", ".join(f"'{watch}'" for watch in [*queries, _ALL_NOTED])
    return _NOTED_SITES.format(known=known, queries=" UNION ".join(queries.values()))


def _sqlite_statements(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS newsstand_touch_{watch.key}_{event} AFTER {event} ON {watch.table}"
        f" WHEN {condition} BEGIN {_WRITE.format(site_ids=site_ids)} END"
        for watch in watches
        for event, condition, site_ids in (
            ("insert", "true", watch.affected_by("NEW")),
            ("delete", "true", watch.affected_by("OLD")),
            ("update", watch.differs("IS NOT"), f"{watch.affected_by('OLD')} UNION {watch.affected_by('NEW')}"),
        )
    ]


# In the place of a watch's key.
_A_SITE = "site"  # the note is a site
_ALL_NOTED = "all noted"  # the last note of a transaction

# What a transaction that has not ended yet has changed. `watch` is the key of the one that decides about `columns`.
_NOTES = """
    CREATE UNLOGGED TABLE IF NOT EXISTS tenancy_note
    (transaction bigint, watch text, columns jsonb, PRIMARY KEY (transaction, watch, columns))
"""

_NOTE = """
    PERFORM set_config('newsstand.noted', 'yes', true);
    INSERT INTO tenancy_note (transaction, watch, columns)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, '{watch}', jsonb_build_object({columns})
    FROM ({query}) AS touched (site_id)
    ON CONFLICT DO NOTHING;
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
_NOTED_SITES = """
    CREATE OR REPLACE FUNCTION newsstand_noted_sites() RETURNS SETOF integer LANGUAGE plpgsql AS $$
    DECLARE
        own CONSTANT bigint := pg_current_xact_id_if_assigned()::text::bigint;
    BEGIN
        IF EXISTS (SELECT FROM tenancy_note WHERE transaction = own AND watch NOT IN ({known})) THEN
            RAISE 'Newsstand was upgraded since this transaction began. Begin it again.';
        END IF;
        RETURN QUERY
        WITH noted AS (SELECT watch, columns FROM tenancy_note WHERE transaction = own)
        {queries};
    END $$
"""

_CONCERNED = """
        SELECT concerned.site_id::integer
        FROM noted, jsonb_to_record(columns) AS noted_row ({columns}), LATERAL ({query}) AS concerned (site_id)
        WHERE watch = '{watch}'
"""

# At COMMIT it fires for each note, together with checks of foreign keys, which may wait for another transaction. The
# first time makes one note more, for which it fires when all that is done.
_CONCLUDE = """
    CREATE OR REPLACE FUNCTION newsstand_conclude() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        own CONSTANT bigint := pg_current_xact_id()::text::bigint;
    BEGIN
        IF NEW.watch <> '{all_noted}' THEN
            IF current_setting('newsstand.noted', true) = 'yes' THEN
                PERFORM set_config('newsstand.noted', 'no', true);
                INSERT INTO tenancy_note (transaction, watch, columns) VALUES (own, '{all_noted}', '{{}}')
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NULL;
        END IF;
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE 'In a transaction at this isolation level pages may stay as they were. Use READ COMMITTED.';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('newsstand_conclude', 0));
        INSERT INTO tenancy_generation (site_id, transaction, value)
        SELECT site_id, own, gen_random_uuid() FROM newsstand_noted_sites() AS noted (site_id)
        ON CONFLICT (site_id) DO UPDATE SET transaction = excluded.transaction, value = excluded.value;
        DELETE FROM tenancy_note WHERE transaction = own;
        RETURN NULL;
    END $$
"""

_CONCLUDE_AT_COMMIT = _IF_MISSING.format(
    trigger="newsstand_conclude",
    table="tenancy_note",
    create="CREATE CONSTRAINT TRIGGER newsstand_conclude AFTER INSERT ON tenancy_note"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION newsstand_conclude()",
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
