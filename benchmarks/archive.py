"""Adds sites and posts to an installation by SQL, so that a million posts take minutes.

All sites use the same texts in the same order, so that their pages have the same length. The rows of all sites are
stored together in the order of publication, as in a database where many sites publish at the same time.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString, NamedTuple

import psycopg

from benchmarks import sites
from benchmarks.posts import text, texts
from blogs import markdown

TEXTS = 200
PAGES = 2  # per site, in its menu
BATCH_SIZE = 100_000  # rows per INSERT and line of progress
BYTES_PER_POST = 8_000  # approximate size on disk, with indexes and write-ahead log

COMMON_TAG = "common-1"  # on a quarter of the posts of every site
OLD_TAG = "old"  # on the oldest OLD_POSTS posts of every site
OLD_POSTS = 15  # more than one page of a list


class Batch(NamedTuple):
    """Sites with the same number of posts."""

    sites: range
    posts: int  # per site
    days: float  # between one post and the next

    @property
    def rows(self) -> int:
        return len(self.sites) * (self.posts + PAGES)


def slug(turn: int) -> str:
    """The slug of the `turn`th newest post of any site, counted from 1."""
    return f"{text(turn % TEXTS).slug}-{turn}"


def check_space(folder: Path, posts: int) -> None:
    """Raise OSError when the folder has no space for `posts` posts."""
    needed, free = posts * BYTES_PER_POST, shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(
            f"{posts:,} posts need {needed / 1e9:.0f} GB, but {folder} has {free / 1e9:.1f} GB free."
            " Free some space, or set TMPDIR to another folder."
        )


def add(url: str, *batches: Batch) -> None:
    """Add sites to the migrated PostgreSQL at `url`. The sites are not served before all their posts exist."""
    with _without_triggers(url) as connection:
        _store_texts(connection)
        for batch in batches:
            _add_posts(connection, batch)
        with connection.transaction():
            for batch in batches:
                sites.add(connection, batch.sites)
        # Autovacuum and the checkpointer would do this later, during a measurement.
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _add_posts(connection: psycopg.Connection, batch: Batch) -> None:
    plan = {"first": batch.sites[0], "last": batch.sites[-1], "posts": batch.posts, "days": batch.days, "pages": PAGES}
    for statement in PLAN:
        connection.execute(statement, plan)
    for done in range(0, batch.rows, BATCH_SIZE):
        until = min(done + BATCH_SIZE, batch.rows)
        rows = {"done": done, "until": until, "posts": batch.posts, "texts": TEXTS, "old": batch.posts - OLD_POSTS}
        for statement in ROWS:
            connection.execute(statement, rows)
        print(f"  {len(batch.sites):,} sites: {until:,} of {batch.rows:,} posts", flush=True)


def size(url: str) -> int:
    """The size of the database on disk, in bytes."""
    return _number(url, "SELECT pg_database_size(current_database())")


def last_page_placement(url: str, site: int) -> int:
    """The key of a placement of this site that exactly one page of older posts follows."""
    below = (
        "SELECT id FROM blogs_placement WHERE site_id = %s AND NOT pinned ORDER BY published_at, id OFFSET 11 LIMIT 1"
    )
    return _number(url, below, site)


def _number(url: str, query: LiteralString, *parameters: int) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise LookupError(f"The query returned no row: {query}")
    return int(row[0])


@contextmanager
def _without_triggers(url: str) -> Iterator[psycopg.Connection]:
    """A connection that runs no triggers. For a million rows, triggers of foreign keys and generations take an hour."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        yield connection


def _store_texts(connection: psycopg.Connection) -> None:
    connection.execute(
        "CREATE TEMP TABLE texts"
        " (number int PRIMARY KEY, slug text, title text, summary text, body text, body_html text)"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO texts VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (number, each.slug, each.title, each.excerpt, each.body, markdown.render(each.body))
                for number, each in enumerate(texts(TEXTS))
            ],
        )
    connection.execute("ANALYZE texts")


# `turn` counts the posts of a site from the newest, which is 1, and then its pages. `number` counts all rows.
PLAN: list[LiteralString] = [
    "DROP TABLE IF EXISTS plan",
    """
    CREATE TEMP TABLE plan AS
    SELECT
        row_number() OVER (ORDER BY published_at, site_id) AS number, site_id, turn, turn > posts AS is_page,
        published_at, last_post.id + row_number() OVER (ORDER BY published_at, site_id) AS post_id
    FROM (
        SELECT
            site_id, turn, %(posts)s AS posts,
            now() - turn * %(days)s * interval '1 day' - site_id %% 3600 * interval '1 second' AS published_at
        FROM generate_series(%(first)s, %(last)s) site_id, generate_series(1, %(posts)s + %(pages)s) turn
    ) planned, (SELECT coalesce(max(id), 0) AS id FROM blogs_post) last_post
    """,
    "CREATE INDEX ON plan (number)",
    "ANALYZE plan",
    # Tags 1 to 8 are used on every site, and each of another 900 tags on a few sites. Tag 9 is OLD_TAG.
    """
    INSERT INTO blogs_tag (id, slug, name)
    SELECT n, 'common-' || n, 'Common ' || n FROM generate_series(1, 8) n
    UNION ALL SELECT n, 'special-' || n, 'Special ' || n FROM generate_series(100, 999) n
    UNION ALL SELECT 9, 'old', 'Old'
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO blogs_author (id, slug, name, bio)
    SELECT n, 'author-' || n, 'Author of site ' || n, '' FROM generate_series(%(first)s, %(last)s) n
    UNION ALL SELECT 1000000, 'guest', 'A Guest', ''
    ON CONFLICT DO NOTHING
    """,
]

ROWS: list[LiteralString] = [
    """
    INSERT INTO blogs_post
        (id, uuid, home_id, kind, title, excerpt, body, body_html, summary, cover_alt, updated_at, saved_at, version)
    SELECT
        plan.post_id, gen_random_uuid(), plan.site_id, CASE WHEN plan.is_page THEN 'page' ELSE 'post' END, texts.title,
        texts.summary, texts.body, texts.body_html, texts.summary, '', plan.published_at,
        plan.published_at, 1
    FROM plan JOIN texts ON texts.number = plan.turn %% %(texts)s
    WHERE plan.number > %(done)s AND plan.number <= %(until)s
    ORDER BY plan.number
    """,
    # Every twentieth post is also placed on a second site, the site of the next row.
    """
    INSERT INTO blogs_placement (post_id, site_id, slug, published_at, pinned)
    SELECT plan.post_id, shown.site_id, shown.slug || texts.slug || '-' || plan.turn, plan.published_at, plan.is_page
    FROM plan
    JOIN texts ON texts.number = plan.turn %% %(texts)s,
    LATERAL (
        SELECT plan.site_id, '' AS slug
        UNION ALL SELECT other.site_id, 'shared-' FROM plan other
            WHERE other.number = plan.number + 1 AND other.site_id <> plan.site_id
            AND plan.turn %% 20 = 0 AND NOT plan.is_page
    ) shown
    WHERE plan.number > %(done)s AND plan.number <= %(until)s
    ORDER BY plan.number
    """,
    """
    INSERT INTO blogs_post_tags (post_id, tag_id)
    SELECT plan.post_id, tag_id
    FROM plan, LATERAL (
        SELECT 1 + plan.turn %% 4
        UNION ALL SELECT 5 + plan.turn / 4 %% 4
        UNION ALL SELECT 100 + (plan.site_id * 10 + plan.turn %% 10) %% 900
        UNION ALL SELECT 9 WHERE plan.turn > %(old)s
    ) tagged (tag_id)
    WHERE NOT plan.is_page AND plan.number > %(done)s AND plan.number <= %(until)s
    ORDER BY plan.number
    """,
    """
    INSERT INTO blogs_post_authors (post_id, author_id)
    SELECT plan.post_id, author_id
    FROM plan, LATERAL (SELECT plan.site_id UNION ALL SELECT 1000000 WHERE plan.turn %% 5 = 0) written (author_id)
    WHERE NOT plan.is_page AND plan.number > %(done)s AND plan.number <= %(until)s
    ORDER BY plan.number
    """,
]
