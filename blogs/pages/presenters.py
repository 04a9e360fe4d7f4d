"""Converts rows to the dictionaries that templates read, in the active language and time zone of the site."""

from datetime import date, datetime

from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language

from blogs.models import Post
from blogs.models.names import SlugsAndNames
from blogs.models.rows import AuthorRow, ListRow, PostRow, TagRow
from blogs.pages.contexts import (
    AuthorContext,
    CoverContext,
    DateContext,
    LinkContext,
    ListedPost,
    PostContext,
    TagContext,
)
from blogs.paths import public_path
from lib.languages import NO_ATTRIBUTES, attributes, attributes_if_other, with_territory
from lib.languages.dates import day_text, month_text


def present_in_list(row: ListRow) -> ListedPost:
    return {
        "path": public_path("post", row.slug),
        "title": row.post__title,
        "summary": row.post__summary,
        "pinned": row.pinned,
        "published": _present_date(localtime(row.published_at).date()),
        "authors": _links("author", row.authors),
        "cover": _cover(row),
        "lang": attributes_if_other(row.language, get_language()),
    }


def present_post(row: PostRow) -> PostContext:
    published, updated = localtime(row.published_at), localtime(row.post__updated_at)
    is_page = row.post__kind == Post.Kind.PAGE
    here = get_language()
    language = "" if row.language in (None, here) else row.language
    return {
        "path": public_path("post", row.slug),
        "title": row.post__title,
        "excerpt": row.post__excerpt,
        "summary": row.post__summary,
        "body_html": mark_safe(row.post__body_html),  # sanitised before it was stored
        "published": _present_date(published.date()),
        "published_at": _timestamp(published),
        "modified_at": _timestamp(max(published, updated)),
        "updated": _present_date(updated.date()) if updated.date() > published.date() else None,
        "month": {
            "path": public_path("month", f"{published:%Y}", f"{published:%m}"),
            "name": month_name(published.date()),
        },
        # A change of a name refreshes only sites whose lists contain it (blogs/watches.py), and pages are in no list.
        "authors": [] if is_page else _links("author", row.authors),
        "tags": [] if is_page else _links("tag", row.tags),
        "cover": _cover(row),
        "lang": attributes_if_other(language, here),
        "site_lang": attributes(here) if language else NO_ATTRIBUTES,
        "language": language,
        "territory": with_territory(language) if language else "",
    }


def present_tag(tag: TagRow) -> TagContext:
    return {"name": tag.name, "path": public_path("tag", tag.slug), "feed": public_path("tag-feed", tag.slug)}


def present_author(author: AuthorRow) -> AuthorContext:
    return {"name": author.name, "path": public_path("author", author.slug), "bio": author.bio}


def month_name(day: date) -> str:
    """The month and year in the active language, such as “March 2026”."""
    return month_text(day, get_language())


def _present_date(day: date) -> DateContext:
    return {"iso": day.isoformat(), "text": day_text(day, get_language())}


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _links(page: str, names: SlugsAndNames) -> list[LinkContext]:
    """Links to the pages of the given authors or tags. `page` is the name of their URL pattern."""
    return [{"name": name, "path": public_path(page, slug)} for slug, name in names]


def _cover(row: ListRow | PostRow) -> CoverContext | None:
    if row.post__cover__name is None:
        return None
    return {
        "path": public_path("media", row.post__cover__name),
        "width": row.post__cover__width,
        "height": row.post__cover__height,
        "alt": row.post__cover_alt,
    }
