"""The triggers of SQLite. It has one writer at a time, so they write the generations at once."""

from collections.abc import Iterator, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from tenancy.changes.watches import Watch


def statements(watches: Sequence[Watch], connection: BaseDatabaseWrapper) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS newsstand_record_{watch.key}_{event} AFTER {event} ON {watch.table}"
        f" WHEN {condition} BEGIN {_WRITE.format(site_ids=site_ids)} END"
        for watch in watches
        for event, condition, site_ids in _events(watch)
    ]


def _events(watch: Watch) -> Iterator[tuple[str, str, str]]:
    """(Event, condition, query for the affected sites) of each trigger."""
    if watch.inserts:
        yield "insert", "true", watch.affected_by("NEW")
    yield "delete", "true", watch.affected_by("OLD")
    yield "update", watch.differs("IS NOT"), f"{watch.affected_by('OLD')} UNION {watch.affected_by('NEW')}"


# SQLite runs one writer at a time, so a counter gives the order of commits. It starts at the clock's microseconds, so
# that it never falls below a number that a process has read, even if the table is emptied.
_WRITE = """
    INSERT INTO tenancy_generation (site_id, "transaction", value, changed_at)
    SELECT
        affected.site_id,
        max(
            1 + coalesce((SELECT max("transaction") FROM tenancy_generation), 0),
            CAST((julianday('now') - 2440587.5) * 86400000 AS integer) * 1000
        ),
        lower(hex(randomblob(16))),
        strftime('%Y-%m-%d %H:%M:%f', 'now')
    FROM (SELECT 0 AS site_id WHERE false UNION {site_ids}) AS affected WHERE true
    ON CONFLICT (site_id) DO UPDATE SET
        "transaction" = excluded."transaction",
        value = excluded.value,
        changed_at = max(excluded.changed_at, changed_at);
"""
