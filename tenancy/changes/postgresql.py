"""The triggers of PostgreSQL. They write generations at COMMIT, and changes of different posts can commit together.

A row trigger records each change in `tenancy_change`. A deferred trigger, which runs last before COMMIT, determines the
affected sites and writes their generations. If one transaction edits a post while another places it on a site, the
later one must find both changes. Advisory locks, which are held until the commit is visible, let such transactions run
this last step one after the other:

- A transaction takes one lock in shared mode, and then one for each value of `Watch.lock_by` that it recorded. So
  transactions on different posts commit together, and PostgreSQL flushes their commits to disk together.
- A transaction that recorded a change without such a value, or more than MAX_KEYS values, takes the first lock in
  exclusive mode. It waits for all others and then commits alone.

These transactions do not deadlock. The last step takes only these locks and rows of `tenancy_generation`, and each
transaction takes them in the same order: the first lock, the keys by number, the rows by site. `SET CONSTRAINTS ALL
IMMEDIATE` breaks this order, because each statement then runs the last step. PostgreSQL detects a deadlock of such a
transaction and aborts one of those involved.

An upgrade replaces the functions while transactions run. `statements` ends with the exclusive lock, so no last step is
between its locks and its commit when the new functions become visible. The key of a watch contains `lock_by`, so the
new functions refuse a change that was recorded for another lock. The numbers of the locks must never change.
"""

import json
from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from tenancy.changes.watches import Watch

# Each key takes an entry in PostgreSQL's lock table, which has 64 entries for each connection by default.
MAX_KEYS = 16


def statements(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> list[str]:
    write = _WRITE_GENERATIONS.format(last=_LAST)
    made = [_CHANGES, _recorded_sites(watches, connection), _lock_changes(watches), write, _WRITE_AT_COMMIT]
    for table in sorted({watch.table for watch in watches}):
        body = "".join(
            f"""
            IF TG_OP = 'INSERT' THEN {_record(watch, "NEW") if watch.inserts else "NULL;"}
            ELSIF TG_OP = 'DELETE' THEN {_record(watch, "OLD")}
            ELSIF {watch.differs("IS DISTINCT FROM")} THEN {_record(watch, "OLD")} {_record(watch, "NEW")}
            END IF;"""
            for watch in watches
            if watch.table == table
        )
        made.append(_RECORD_FUNCTION.format(table=table, body=body))
        create = _RECORD_TRIGGER.format(table=table)
        made.append(_IF_MISSING.format(trigger="newsstand_record", table=table, create=create))
    return [*made, f"SELECT pg_advisory_xact_lock({_LOCK})"]


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
            columns = columns or "nothing text"  # a list of columns cannot be empty
            query = watch.affected_by("recorded")
            queries[watch.key] = _AFFECTED.format(watch=watch.key, columns=columns, query=query)
    known = ", ".join(f"'{watch}'" for watch in [*queries, _LAST])
    return _RECORDED_SITES.format(known=known, queries=" UNION ".join(queries.values()))


def _lock_changes(watches: Sequence[Watch]) -> str:
    """The SQL function that takes the locks for the changes that this transaction recorded."""
    lock_by = {watch.key: watch.lock_by for watch in watches if watch.depends_on_other_tables and watch.lock_by}
    return _LOCK_CHANGES.format(
        lock=_LOCK, lock_by=json.dumps(lock_by), not_watches=f"'{_SITE}', '{_LAST}'", max_keys=MAX_KEYS
    )


# The lock that each transaction takes first.
_LOCK = "hashtextextended('newsstand_write_generations', 0)"

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

# The statement after this function reads the rows that other transactions committed until the locks were granted.
_LOCK_CHANGES = """
    CREATE OR REPLACE FUNCTION newsstand_lock_changes() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        key bigint;
        keys CONSTANT bigint[] := ARRAY(  -- contains NULL for a change that has no key
            SELECT DISTINCT hashtextextended('newsstand ' || (columns ->> ('{lock_by}'::jsonb ->> watch)), 0) AS key
            FROM tenancy_change
            WHERE transaction = pg_current_xact_id()::text::bigint AND watch NOT IN ({not_watches})
            ORDER BY key NULLS FIRST
            LIMIT {max_keys} + 1
        );
    BEGIN
        IF array_position(keys, NULL) IS NOT NULL OR cardinality(keys) > {max_keys} THEN
            PERFORM pg_advisory_xact_lock({lock});
            RETURN;
        END IF;
        PERFORM pg_advisory_xact_lock_shared({lock});
        FOREACH key IN ARRAY keys LOOP
            PERFORM pg_advisory_xact_lock(key);
        END LOOP;
    END $$
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
        PERFORM newsstand_lock_changes();
        INSERT INTO tenancy_generation AS before (site_id, transaction, value, changed_at)
        SELECT site_id, own, gen_random_uuid(), clock_timestamp()
        FROM newsstand_recorded_sites() AS affected (site_id) ORDER BY site_id
        ON CONFLICT (site_id) DO UPDATE SET
            transaction = excluded.transaction,
            value = excluded.value,
            changed_at = greatest(clock_timestamp(), before.changed_at);
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
