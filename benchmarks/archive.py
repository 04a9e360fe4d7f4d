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
BYTES_PER_POST = 9_000  # approximate size on disk, with indexes and write-ahead log

COMMON_TAG = "common-1"  # on a quarter of the posts of every site
AUTHOR = "author"  # of all posts of a site
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
    # Each site has tags 1 to 8, which are common, OLD_TAG, and ten special tags. Ids begin with the id of the site.
    """
    INSERT INTO blogs_tag (id, site_id, slug, name)
    SELECT site_id * 1000 + n, site_id, slug || n, name || n
    FROM generate_series(%(first)s, %(last)s) site_id, LATERAL (
        SELECT n, 'common-' AS slug, 'Common ' AS name FROM generate_series(1, 8) n
        UNION ALL SELECT n, 'special-', 'Special ' FROM generate_series(100, 109) n
    ) tag
    UNION ALL SELECT site_id * 1000 + 9, site_id, 'old', 'Old' FROM generate_series(%(first)s, %(last)s) site_id
    """,
    """
    INSERT INTO blogs_author (id, site_id, slug, name, bio)
    SELECT site_id * 10 + 1, site_id, 'author', 'Author of site ' || site_id, ''
    FROM generate_series(%(first)s, %(last)s) site_id
    UNION ALL
    SELECT site_id * 10 + 2, site_id, 'guest', 'A Guest', '' FROM generate_series(%(first)s, %(last)s) site_id
    """,
    # Every twentieth post is also placed on a second site, the site of the next row.
    "DROP TABLE IF EXISTS shown",
    """
    CREATE TEMP TABLE shown AS
    SELECT number, post_id, turn, is_page, published_at, site_id, '' AS prefix FROM plan
    UNION ALL SELECT plan.number, plan.post_id, plan.turn, false, plan.published_at, other.site_id, 'shared-'
    FROM plan JOIN plan other ON other.number = plan.number + 1
    WHERE other.site_id <> plan.site_id AND plan.turn %% 20 = 0 AND NOT plan.is_page
    """,
    "CREATE INDEX ON shown (number)",
    "ANALYZE shown",
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
    """
    INSERT INTO blogs_placement (post_id, site_id, slug, published_at, pinned)
    SELECT post_id, site_id, prefix || texts.slug || '-' || turn, published_at, is_page
    FROM shown JOIN texts ON texts.number = turn %% %(texts)s
    WHERE shown.number > %(done)s AND shown.number <= %(until)s
    ORDER BY shown.number
    """,
    """
    INSERT INTO blogs_post_tags (post_id, tag_id)
    SELECT post_id, site_id * 1000 + tag
    FROM shown, LATERAL (
        SELECT 1 + turn %% 4
        UNION ALL SELECT 5 + turn / 4 %% 4
        UNION ALL SELECT 100 + turn %% 10
        UNION ALL SELECT 9 WHERE turn > %(old)s
    ) tagged (tag)
    WHERE NOT is_page AND number > %(done)s AND number <= %(until)s
    ORDER BY number
    """,
    """
    INSERT INTO blogs_post_authors (post_id, author_id)
    SELECT post_id, site_id * 10 + author
    FROM shown, LATERAL (SELECT 1 UNION ALL SELECT 2 WHERE turn %% 5 = 0) written (author)
    WHERE NOT is_page AND number > %(done)s AND number <= %(until)s
    ORDER BY number
    """,
    """
    INSERT INTO blogs_taglisting (site_id, tag_id, published_at, placement_id, post_id)
    SELECT shown.site_id, t.tag_id, shown.published_at, p.id, p.post_id
    FROM shown
    JOIN blogs_placement p ON p.post_id = shown.post_id AND p.site_id = shown.site_id
    JOIN blogs_post_tags t ON t.post_id = p.post_id AND t.tag_id / 1000 = p.site_id
    WHERE NOT is_page AND number > %(done)s AND number <= %(until)s
    ORDER BY number
    """,
    """
    INSERT INTO blogs_authorlisting (site_id, author_id, published_at, placement_id, post_id)
    SELECT shown.site_id, a.author_id, shown.published_at, p.id, p.post_id
    FROM shown
    JOIN blogs_placement p ON p.post_id = shown.post_id AND p.site_id = shown.site_id
    JOIN blogs_post_authors a ON a.post_id = p.post_id AND a.author_id / 10 = p.site_id
    WHERE NOT is_page AND number > %(done)s AND number <= %(until)s
    ORDER BY number
    """,
]
