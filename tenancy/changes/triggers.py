"""The database triggers that give a site a new generation in the transaction of a change.

On PostgreSQL, a row trigger records each change in `tenancy_change`. A deferred trigger, which runs last before COMMIT,
determines the affected sites and writes their generations. An advisory lock lets one transaction at a time do this, so
each transaction sees the changes that the previous ones committed. If one transaction edits a post while another places
it on a site, the later one finds both changes. The lock is held for milliseconds, so a long import does not delay other
transactions.

SQLite has one writer at a time, so its triggers write the generations at once.
"""

from collections.abc import Sequence

from django.db import router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenancy.changes.watches import Watch, all_watches


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
    make = _postgresql_statements if connection.vendor == "postgresql" else _sqlite_statements
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


def _postgresql_statements(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> list[str]:
    write = _WRITE_GENERATIONS.format(last=_LAST)
    statements = [_CHANGES, _recorded_sites(watches, connection), write, _WRITE_AT_COMMIT]
    for table in sorted({watch.table for watch in watches}):
        body = "".join(
            f"""
            IF TG_OP = 'INSERT' THEN {_record(watch, "NEW")}
            ELSIF TG_OP = 'DELETE' THEN {_record(watch, "OLD")}
            ELSIF {watch.differs("IS DISTINCT FROM")} THEN {_record(watch, "OLD")} {_record(watch, "NEW")}
            END IF;"""
            for watch in watches
            if watch.table == table
        )
        statements.append(_RECORD_FUNCTION.format(table=table, body=body))
        create = _RECORD_TRIGGER.format(table=table)
        statements.append(_IF_MISSING.format(trigger="newsstand_record", table=table, create=create))
    return statements


def _record(watch: Watch, row: str) -> str:
    """Record the affected sites, or the columns that determine them if the query reads other tables as well.

    The trigger reads other tables at COMMIT, because another transaction may change them until then.
    """
    if not watch.depends_on_other_tables:
        return _RECORD.format(watch=_SITE, query=watch.affected_by(row), columns="'site_id', affected.site_id")
    columns = ", ".join(f"'{column}', {row}.{column}" for column in watch.columns)
    return _RECORD.format(watch=watch.key, query="SELECT 0", columns=columns)


def _recorded_sites(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> str:
    """The SQL function that returns the sites affected by the changes that this transaction recorded."""
    queries = {_SITE: _AFFECTED.format(watch=_SITE, columns="site_id integer", query="SELECT recorded.site_id")}
    for watch in watches:
        if watch.depends_on_other_tables:
            columns = ", ".join(f"{column} {watch.type_of(column, connection)}" for column in watch.columns)
            query = watch.affected_by("recorded")
            queries[watch.key] = _AFFECTED.format(watch=watch.key, columns=columns, query=query)
    known = ", ".join(f"'{watch}'" for watch in [*queries, _LAST])
    return _RECORDED_SITES.format(known=known, queries=" UNION ".join(queries.values()))


def _sqlite_statements(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS newsstand_record_{watch.key}_{event} AFTER {event} ON {watch.table}"
        f" WHEN {condition} BEGIN {_SQLITE_WRITE.format(site_ids=site_ids)} END"
        for watch in watches
        for event, condition, site_ids in (
            ("insert", "true", watch.affected_by("NEW")),
            ("delete", "true", watch.affected_by("OLD")),
            ("update", watch.differs("IS NOT"), f"{watch.affected_by('OLD')} UNION {watch.affected_by('NEW')}"),
        )
    ]


# Values of tenancy_change.watch that are not the key of a watch.
_SITE = "site"  # `columns` holds the id of an affected site
_LAST = "last"  # the last row that a transaction records; its trigger writes the generations

# The changes of transactions that have not ended. `watch` is the key of the watch whose query reads `columns`.
_CHANGES = """
    CREATE UNLOGGED TABLE IF NOT EXISTS tenancy_change
    (transaction bigint, watch text, columns jsonb, PRIMARY KEY (transaction, watch, columns))
"""

_RECORD = """
    PERFORM set_config('newsstand.recorded', 'yes', true);
    INSERT INTO tenancy_change (transaction, watch, columns)
    SELECT DISTINCT pg_current_xact_id()::text::bigint, '{watch}', jsonb_build_object({columns})
    FROM ({query}) AS affected (site_id)
    ON CONFLICT DO NOTHING;
"""

_RECORD_FUNCTION = """
    CREATE OR REPLACE FUNCTION newsstand_record_by_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {body}
        RETURN NULL;
    END $$
"""

_RECORD_TRIGGER = (
    "CREATE TRIGGER newsstand_record AFTER INSERT OR UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION newsstand_record_by_{table}()"
)

# CREATE TRIGGER has no IF NOT EXISTS, and OR REPLACE would lock the table against writers at every migrate.
_IF_MISSING = """
    DO $do$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = '{trigger}' AND tgrelid = '{table}'::regclass) THEN
            {create};
        END IF;
    END $do$
"""

# The sites that this transaction affects, determined from the rows that are committed now.
_RECORDED_SITES = """
    CREATE OR REPLACE FUNCTION newsstand_recorded_sites() RETURNS SETOF integer LANGUAGE plpgsql AS $$
    DECLARE
        own CONSTANT bigint := pg_current_xact_id_if_assigned()::text::bigint;
    BEGIN
        IF EXISTS (SELECT FROM tenancy_change WHERE transaction = own AND watch NOT IN ({known})) THEN
            RAISE 'Newsstand was upgraded during this transaction. Run the transaction again.';
        END IF;
        RETURN QUERY
        WITH changes AS (SELECT watch, columns FROM tenancy_change WHERE transaction = own)
        {queries};
    END $$
"""

_AFFECTED = """
        SELECT affected.site_id::integer
        FROM changes, jsonb_to_record(columns) AS recorded ({columns}), LATERAL ({query}) AS affected (site_id)
        WHERE watch = '{watch}'
"""

# At COMMIT the trigger runs once for each recorded row, among checks of foreign keys, which may wait for another
# transaction. The first run records one more row (_LAST). The trigger of that row runs after all others and writes the
# generations.
_WRITE_GENERATIONS = """
    CREATE OR REPLACE FUNCTION newsstand_write_generations() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        own CONSTANT bigint := pg_current_xact_id()::text::bigint;
    BEGIN
        IF NEW.watch <> '{last}' THEN
            IF current_setting('newsstand.recorded', true) = 'yes' THEN
                PERFORM set_config('newsstand.recorded', 'no', true);
                INSERT INTO tenancy_change (transaction, watch, columns) VALUES (own, '{last}', '{{}}')
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NULL;
        END IF;
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE 'At this isolation level cached pages may stay outdated. Use READ COMMITTED.';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('newsstand_write_generations', 0));
        INSERT INTO tenancy_generation (site_id, transaction, value)
        SELECT site_id, own, gen_random_uuid() FROM newsstand_recorded_sites() AS affected (site_id)
        ON CONFLICT (site_id) DO UPDATE SET transaction = excluded.transaction, value = excluded.value;
        DELETE FROM tenancy_change WHERE transaction = own;
        RETURN NULL;
    END $$
"""

_WRITE_AT_COMMIT = _IF_MISSING.format(
    trigger="newsstand_write_generations",
    table="tenancy_change",
    create="CREATE CONSTRAINT TRIGGER newsstand_write_generations AFTER INSERT ON tenancy_change"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION newsstand_write_generations()",
)

# SQLite runs one writer at a time, so a counter gives the order of commits. It starts at the clock's microseconds, so
# that it never falls below a number that a process has read, even if the table is emptied.
_SQLITE_WRITE = """
    INSERT INTO tenancy_generation (site_id, "transaction", value)
    SELECT
        affected.site_id,
        max(
            1 + coalesce((SELECT max("transaction") FROM tenancy_generation), 0),
            CAST((julianday('now') - 2440587.5) * 86400000 AS integer) * 1000
        ),
        lower(hex(randomblob(16)))
    FROM (SELECT 0 AS site_id WHERE false UNION {site_ids}) AS affected WHERE true
    ON CONFLICT (site_id) DO UPDATE SET "transaction" = excluded."transaction", value = excluded.value;
"""
