"""The database triggers that keep the lists of tags and authors (blogs/models/listings.py).

A row of a list depends on a placement, on a tag or author of its post, and on the kind of the post. The site of a tag
or author never changes. On PostgreSQL a row trigger records the changed post, and a deferred trigger computes the lists
of the recorded posts again.

The deferred trigger runs at COMMIT, after the trigger that writes generations (tenancy/changes/postgresql.py). That
trigger has locked the changed posts until the commit is visible, because blogs/watches.py watches the same rows with
`lock_by`. So if one transaction adds a tag to a post while another places the post, the later one sees both rows.

SQLite has one writer at a time, so its triggers write the lists at once.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from blogs.models import AuthorListing, Listing, Placement, Post, TagListing

LISTINGS: tuple[type[Listing], ...] = (TagListing, AuthorListing)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the missing triggers in the database of these tables. If any was missing, fill the lists."""
    if not _has_tables(connection):
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for statement in (_CHANGES, _WRITE_FUNCTION.format(write=_write_postgresql())):
                cursor.execute(statement)
        missing = False
        for name, table, statements in _triggers(connection.vendor):
            cursor.execute(_EXISTS[connection.vendor], [name, table])
            is_missing = cursor.fetchone() is None
            missing = missing or is_missing
            for statement, only_if_missing in statements:
                if is_missing or not only_if_missing:
                    cursor.execute(statement)
        if missing:
            for statement in fill():
                cursor.execute(statement)


def fill() -> list[str]:
    """SQL that empties the lists and computes all their rows. For databases in which triggers did not run."""
    return [
        statement
        for listing in LISTINGS
        for statement in (f"DELETE FROM {listing._meta.db_table}", _insert(listing, "true"))  # noqa: S608
    ]


def computed(listing: type[Listing]) -> str:
    """SQL for the rows that the list should have, with the columns of `_columns`."""
    field: Any = Post._meta.get_field(f"{listing.NAME}s")
    return f"""
        SELECT p.site_id, t.{_key(listing)}, p.published_at, p.id AS placement_id, p.post_id
        FROM blogs_post q
        JOIN blogs_placement p ON p.post_id = q.id AND p.published_at IS NOT NULL
        JOIN {field.m2m_db_table()} t ON t.post_id = q.id
        JOIN {field.related_model._meta.db_table} o ON o.id = t.{_key(listing)} AND o.site_id = p.site_id
        WHERE q.kind = '{Post.Kind.POST.value}'"""  # noqa: S608


def _has_tables(connection: BaseDatabaseWrapper) -> bool:
    existing = connection.introspection.table_names()  # `migrate app name` may not have created all tables yet
    return all(
        listing._meta.db_table in existing and router.allow_migrate_model(connection.alias, listing)
        for listing in LISTINGS
    )


def _key(listing: type[Listing]) -> str:
    return f"{listing.NAME}_id"


def _columns(listing: type[Listing]) -> str:
    return f"site_id, {_key(listing)}, published_at, placement_id, post_id"


def _insert(listing: type[Listing], condition: str) -> str:
    table = listing._meta.db_table
    return f"INSERT INTO {table} ({_columns(listing)}) {computed(listing)} AND {condition}"


class _Source:
    """A table on whose rows lists depend."""

    def __init__(self, table: str, post: str, columns: Sequence[str], listings: Sequence[type[Listing]]) -> None:
        """`post` is the column with the id of the post. An update counts only if it changes one of `columns`."""
        self.table, self.post, self.columns, self.listings = table, post, columns, listings


def _sources() -> Iterator[_Source]:
    yield _Source(Placement._meta.db_table, "post_id", ("id", "post_id", "site_id", "published_at"), LISTINGS)
    yield _Source(Post._meta.db_table, "id", ("kind",), LISTINGS)
    for listing in LISTINGS:
        field: Any = Post._meta.get_field(f"{listing.NAME}s")
        yield _Source(field.m2m_db_table(), "post_id", ("post_id", _key(listing)), [listing])


def _triggers(vendor: str) -> Iterator[tuple[str, str, list[tuple[str, bool]]]]:
    """Yield (name, table, statements) for each trigger, each statement with "only if the trigger is missing"."""
    for source in _sources():
        if vendor == "postgresql":
            name, values = "newsstand_relist", {"table": source.table, "post": source.post}
            changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in source.columns)
            function = _RECORD_FUNCTION.format(**values, changed=changed)
            yield name, source.table, [(function, False), (_RECORD_TRIGGER.format(**values), True)]
            continue
        for event, condition, rows in (
            ("insert", "true", ["NEW"]),
            ("delete", "true", ["OLD"]),
            ("update", " OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in source.columns), ["OLD", "NEW"]),
        ):
            name = f"newsstand_relist_{source.table}_{event}"
            posts = ", ".join(f"{row}.{source.post}" for row in rows)
            body = " ".join(
                f"DELETE FROM {listing._meta.db_table} WHERE post_id IN ({posts});"  # noqa: S608
                f" {_insert(listing, f'q.id IN ({posts})')};"
                for listing in source.listings
            )
            create = f"CREATE TRIGGER {name} AFTER {event} ON {source.table} WHEN {condition} BEGIN {body} END"
            yield name, source.table, [(create, True)]
    if vendor == "postgresql":
        yield "newsstand_write_listings", "blogs_listing_change", [(_WRITE_TRIGGER, True)]


def _write_postgresql() -> str:
    """SQL that makes the lists of the posts in the array `posts` equal to the computed ones, row by row."""
    statements = []
    for listing in LISTINGS:
        table, key = listing._meta.db_table, _key(listing)
        statements.append(f"""
        DELETE FROM {table} l WHERE l.post_id = ANY(posts) AND NOT EXISTS (
            SELECT FROM ({computed(listing)} AND q.id = l.post_id) c
            WHERE c.site_id = l.site_id AND c.{key} = l.{key} AND c.placement_id = l.placement_id
                AND c.published_at = l.published_at);
        {_insert(listing, "q.id = ANY(posts)")} ON CONFLICT DO NOTHING;""")  # noqa: S608
    return "".join(statements)


_EXISTS = {
    "postgresql": "SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = to_regclass(%s)",
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = %s AND tbl_name = %s",
}

# The posts whose lists transactions that have not ended must compute again.
_CHANGES = """
    CREATE UNLOGGED TABLE IF NOT EXISTS blogs_listing_change
    (transaction bigint, post_id bigint, PRIMARY KEY (transaction, post_id))
"""

_RECORD_FUNCTION = """
    CREATE OR REPLACE FUNCTION newsstand_relist_by_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND NOT ({changed}) THEN
            RETURN NULL;
        END IF;
        INSERT INTO blogs_listing_change (transaction, post_id)
        SELECT pg_current_xact_id()::text::bigint, post_id
        FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.{post} END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.{post} END
        ]) AS changed (post_id)
        WHERE post_id IS NOT NULL
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
"""

# PostgreSQL runs the triggers of a row in the order of their names: this one after newsstand_record.
_RECORD_TRIGGER = (
    "CREATE TRIGGER newsstand_relist AFTER INSERT OR UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION newsstand_relist_by_{table}()"
)

# At COMMIT the trigger runs once for each recorded post. The first run records the row -1, whose run follows all
# triggers of the statements of the transaction. That run records the row -2, whose run also follows the trigger that
# writes generations.
_WRITE_FUNCTION = """
    CREATE OR REPLACE FUNCTION newsstand_write_listings() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        own CONSTANT bigint := pg_current_xact_id()::text::bigint;
        posts bigint[];
    BEGIN
        IF NEW.post_id <> -2 THEN
            INSERT INTO blogs_listing_change (transaction, post_id)
            VALUES (own, CASE WHEN NEW.post_id = -1 THEN -2 ELSE -1 END)
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END IF;
        posts := ARRAY(SELECT post_id FROM blogs_listing_change WHERE transaction = own AND post_id > 0);
        {write}
        DELETE FROM blogs_listing_change WHERE transaction = own;
        RETURN NULL;
    END $$
"""

_WRITE_TRIGGER = (
    "CREATE CONSTRAINT TRIGGER newsstand_write_listings AFTER INSERT ON blogs_listing_change"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION newsstand_write_listings()"
)
