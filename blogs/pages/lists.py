"""Keyset pagination for lists of posts: every page of a list costs the same, and no query counts rows."""

from django.http import Http404, HttpRequest

from blogs.models.rows import LastRow, ListRow
from blogs.pages.contexts import PostList
from blogs.pages.presenters import present_in_list
from blogs.queries import Posts
from lib.keys import is_key


def post_list(posts: Posts, request: HttpRequest) -> PostList:
    """One page of a list of posts of `request.site`.

    `?before=<id>` is the id of the last placement on the previous page. Without this parameter, returns the first page.
    Raises Http404 if the list has no such placement.
    """
    limit, key = _limit(request), _before(request)
    last = None if key is None else _last_or_404(posts.last_row(key))
    return _post_list(posts.rows(limit, last), limit, last)


def post_list_or_404(posts: Posts, request: HttpRequest) -> PostList:
    """One page of a list without pins, because only the home page shows these.

    Raises Http404 as `post_list` does, and also if the list is empty: a tag, an author or a month has no page on a site
    without posts for it.
    """
    page = post_list(posts, request)
    if not page["posts"]:
        raise Http404("The list has no posts.")
    for post in page["posts"]:
        post["pinned"] = False
    return page


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
