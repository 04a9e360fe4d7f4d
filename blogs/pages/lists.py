"""Pages of a list by key, so that the hundredth costs what the first does and nothing counts rows."""

from typing import NamedTuple

from django.http import Http404, HttpRequest

from blogs.models import PlacementQuerySet
from blogs.models.rows import LastRow, ListRow
from blogs.pages.presenters import Shown, in_list
from blogs.queries import last_on_home_page, on_home_page
from lib.keys import is_key


class PostList(NamedTuple):
    posts: list[Shown]
    before: int | None  # key of the next page, of older posts; None on the last one
    is_first: bool


def home_page(request: HttpRequest) -> PostList:
    """The page of the posts of `request.site`, the pinned ones on top, that ?before=<id of a placement> asks for, else
    the first. Raises Http404 for a key that is none.
    """
    most, key = _most(request), _key(request)
    last = None if key is None else _in_list(last_on_home_page(request.site, key))
    return _page(on_home_page(request.site, most, last), most, last)


def page_or_404(placements: PlacementQuerySet, request: HttpRequest) -> PostList:
    """The same of `placements`, all of `request.site`, newest first.

    A tag, an author or a month without posts does not exist to the site's readers: Http404.
    """
    most, key = _most(request), _key(request)
    last = None if key is None else _in_list(next(iter(placements.filter(pk=key).rows(LastRow, 1)), None))
    ordered = placements.newest_first() if last is None else placements.newest_first().older_than(last)
    rows = [row._replace(pinned=False) for row in ordered.rows(ListRow, most)]  # which they are on the home page alone
    page = _page(rows, most, last)
    if not page.posts:
        raise Http404("Nothing stands in this list.")
    return page


def _most(request: HttpRequest) -> int:
    """Rows to be read: one more than stand on a page tells whether there is another one."""
    return int(request.site.settings.posts_per_page) + 1


def _key(request: HttpRequest) -> int | None:
    """Of the last placement of the page before; None for the first page. Raises Http404."""
    key = request.GET.get("before")
    if key is not None and not is_key(key):
        raise Http404(f"before={key[:50]!a} is no page of this list.")
    return None if key is None else int(key)


def _in_list(last: LastRow | None) -> LastRow:
    """Raises Http404 for one that is not in the list: others would only multiply the addresses of its pages."""
    if last is None:
        raise Http404("There is no such page of this list.")
    return last


def _page(rows: list[ListRow], most: int, last: LastRow | None) -> PostList:
    shown, is_last = rows[: most - 1], len(rows) < most
    return PostList([in_list(row) for row in shown], None if is_last else shown[-1].pk, is_first=last is None)
