"""What templates show of posts, as plain dictionaries: templates read these much faster than objects.

All of it is in the language and the time zone that are active, the site's.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language

from blogs.models.names import Named
from blogs.models.rows import ListRow, PostRow
from blogs.paths import public_path

Shown = dict[str, Any]


def in_list(row: ListRow) -> Shown:
    return {
        "path": public_path("post", row.slug),
        "title": row.post__title,
        "summary": row.post__summary,
        "pinned": row.pinned,
        "published": _day(localtime(row.published_at)),
        "authors": _linked("author", row.authors),
        "cover": _cover(row),
    }


def on_page(row: PostRow) -> Shown:
    published, updated = localtime(row.published_at), localtime(row.post__updated_at)
    return {
        "path": public_path("post", row.slug),
        "title": row.post__title,
        "excerpt": row.post__excerpt,
        "summary": row.post__summary,
        "body_html": mark_safe(row.post__body_html),  # sanitised when it was stored
        "published": _day(published) | {"exact": exact(published)},
        "changed": exact(max(published, updated)),
        "updated": _day(updated) if updated.date() > published.date() else None,
        "month": {
            "path": public_path("month", f"{published:%Y}", f"{published:%m}"),
            "name": _written(published.date(), "YEAR_MONTH_FORMAT", get_language()),
        },
        "authors": _linked("author", row.authors),
        "tags": _linked("tag", row.tags),
        "cover": _cover(row),
    }


def exact(moment: datetime) -> str:
    """2026-03-14T09:30:00+01:00, with the offset of its time zone."""
    return moment.isoformat(timespec="seconds")


def _day(moment: datetime) -> Shown:
    day = moment.date()
    return {"iso": day.isoformat(), "written": _written(day, "DATE_FORMAT", get_language())}


@lru_cache(maxsize=10_000)
def _written(day: date, form: str, language: str) -> str:
    """`language` is the active one, which decides how it is written."""
    return date_format(day, form)


def _linked(page: str, named: Named) -> list[Shown]:
    """Authors or tags with the address of their `page`."""
    return [{"name": name, "path": public_path(page, slug)} for slug, name in named]


def _cover(row: ListRow | PostRow) -> Shown | None:
    if row.post__cover__name is None:
        return None
    return {
        "path": public_path("media", row.post__cover__name),
        "width": row.post__cover__width,
        "height": row.post__cover__height,
        "alt": row.post__cover_alt,
    }
