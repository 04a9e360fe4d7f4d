"""Keyset pagination for lists of posts: every page of a list costs the same, and no query counts rows."""

from django.http import Http404, HttpRequest

from blogs.models import PlacementQuerySet
from blogs.models.rows import LastRow, ListRow
from blogs.pages.contexts import PostList
from blogs.pages.presenters import present_in_list
from blogs.queries import home_page_last_row, home_page_rows
from lib.keys import is_key


def home_page_list(request: HttpRequest) -> PostList:
    """One page of the list of all posts of `request.site`, with the pinned posts on top.

    `?before=<id>` is the id of the last placement on the previous page. Without this parameter, returns the first page.
    Raises Http404 if the list has no such placement.
    """
    limit, key = _limit(request), _before(request)
    last = None if key is None else _last_or_404(home_page_last_row(request.site, key))
    return _post_list(home_page_rows(request.site, limit, last), limit, last)


def post_list_or_404(placements: PlacementQuerySet, request: HttpRequest) -> PostList:
    """One page of `placements`, newest first. All placements must be on `request.site`.

    Raises Http404 as `home_page_list` does, and also if the list is empty: a tag, an author or a month has no page on a
    site without posts for it.
    """
    limit, key = _limit(request), _before(request)
    last = None if key is None else _last_or_404(next(iter(placements.filter(pk=key).rows(LastRow, 1)), None))
    ordered = placements.newest_first() if last is None else placements.newest_first().older_than(last)
    rows = [row._replace(pinned=False) for row in ordered.rows(ListRow, limit)]  # only the home page shows pins
    if not rows:
        raise Http404("The list has no posts.")
    return _post_list(rows, limit, last)


def _limit(request: HttpRequest) -> int:
    """The number of rows to read: one more than the page shows, to find out whether a next page exists."""
    return int(request.site.settings.posts_per_page) + 1


def _before(request: HttpRequest) -> int | None:
    key = request.GET.get("before")
    if key is not None and not is_key(key):
        raise Http404(f"before={key[:50]!a} is not the id of a post in this list.")
    return None if key is None else int(key)


def _last_or_404(last: LastRow | None) -> LastRow:
    """Refuse ids of other rows, with which the same page would have many addresses and entries in the page cache."""
    if last is None:
        raise Http404("The post that ?before names is not in this list.")
    return last


def _post_list(rows: list[ListRow], limit: int, last: LastRow | None) -> PostList:
    shown, is_last = rows[: limit - 1], len(rows) < limit
    return {
        "posts": [present_in_list(row) for row in shown],
        "before": None if is_last else shown[-1].pk,
        "is_first": last is None,
    }
