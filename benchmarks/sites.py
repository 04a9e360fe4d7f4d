"""Adds sites by SQL alone, a hundred thousand in seconds: site-1.localhost, site-2.localhost …, without a post."""

from collections.abc import Mapping
from typing import LiteralString, Protocol


class Cursor(Protocol):
    """One of psycopg or of Django, or a connection of psycopg."""

    def execute(self, query: LiteralString, parameters: Mapping[str, int], /) -> object: ...


def host(site: int) -> str:
    return f"site-{site}.localhost"


def add(cursor: Cursor, ids: range) -> None:
    """A live site for each of these ids, which must be free. Processes that run learn of them, triggers or not."""
    for statement in _SITES:
        cursor.execute(statement, {"first": ids[0], "last": ids[-1]})


_SITES: list[LiteralString] = [
    """
    INSERT INTO django_site (id, domain, name)
    SELECT n, 'site-' || n || '.localhost', 'Site ' || n FROM generate_series(%(first)s::int, %(last)s::int) n
    """,
    """
    INSERT INTO tenancy_domain (site_id, name, "primary")
    SELECT id, domain, true FROM django_site WHERE id BETWEEN %(first)s AND %(last)s
    """,
    """
    INSERT INTO tenancy_sitesettings
        (site_id, uuid, tagline, language, time_zone, theme, accent, logo, posts_per_page, robots, state)
    SELECT id, gen_random_uuid(), 'One of many', 'en', 'UTC', 'terminal', '#0b6e4f', '', 10, 'allow', 'live'
    FROM django_site WHERE id BETWEEN %(first)s AND %(last)s
    """,
    # Where triggers are at work they have written it.
    """
    INSERT INTO tenancy_generation (site_id, transaction, value)
    SELECT id, pg_current_xact_id()::text::bigint, gen_random_uuid()
    FROM django_site WHERE id BETWEEN %(first)s AND %(last)s
    ON CONFLICT DO NOTHING
    """,
]
