"""Pages of a list by key, so that the hundredth costs what the first does and nothing counts rows."""

from typing import NamedTuple

from django.contrib.sites.models import Site
from django.http import Http404, HttpRequest

from blogs.models import Placement, PlacementQuerySet
from blogs.showing import Shown, in_list
from tenancy.keys import is_key


class Page(NamedTuple):
    posts: list[Shown]
    before: int | None  # key of the next page, of older posts; None on the last one
    is_first: bool


def page_of(placements: PlacementQuerySet, request: HttpRequest, *, pinned_on_top: bool = False) -> Page:
    """The page of `placements`, all of `request.site`, that ?before=<id of a placement> asks for, else the first.

    Raises Http404 for a key that is none.
    """
    size = request.site.settings.posts_per_page
    key = request.GET.get("before")
    last = None if key is None else _placement(request.site, key)
    ordered = placements.pinned_first() if pinned_on_top else placements.newest_first()
    if last is not None:
        ordered = ordered.below(last) if pinned_on_top else ordered.older_than(last)
    rows = ordered.for_list(size + 1)
    posts = [in_list(row) for row in rows[:size]]
    return Page(posts, before=rows[size - 1].pk if len(rows) > size else None, is_first=last is None)


def page_or_404(placements: PlacementQuerySet, request: HttpRequest) -> Page:
    """The same, but a tag, an author or a month without posts does not exist to the site's readers: Http404."""
    page = page_of(placements, request)
    if not page.posts:
        raise Http404("Nothing stands in this list.")
    return page


def _placement(site: Site, key: str) -> Placement:
    if not is_key(key):
        raise Http404(f"before={key[:50]!a} is no page of this list.")
    placement = Placement.objects.on(site).live().only("pinned", "published_at").filter(pk=int(key)).first()
    if placement is None:
        raise Http404(f"before={key} is no page of this list.")
    return placement
