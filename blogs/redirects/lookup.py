"""Finds where an old address leads. The views call it when the site has no page there."""

from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.contrib.sites.models import Site
from django.utils.encoding import iri_to_uri

from blogs.models import Redirect
from blogs.paths import old_path_key, public_path, target_key
from blogs.redirects.taken import pages_at
from lib.paths import MEDIA_PREFIX
from lib.query_strings import MAX_URL
from tenancy import dynamic

MAX_DEPTH = 12  # segments of a pattern; a lookup compares this number of prefixes at most
# Where blogs of other systems had their feeds.
OLD_FEEDS = frozenset({"/feed.atom", "/feed.xml", "/index.xml", "/rss.xml", "/atom.xml", "/rss/", "/atom/"})


class OldAddress(NamedTuple):
    """Where an old address leads. Without a `location` it was removed on purpose.

    `redirect_id` is None for an old address that all sites have, and `is_exact` is false if a pattern covers it.
    """

    location: str
    redirect_id: int | None
    is_exact: bool


def find(site: Site, path: str) -> OldAddress | None:
    """Where the decoded path of a request leads, for a path without a page. None if the site never had the address.

    Takes one query, and one more for a path that differs from the stored spelling.
    """
    key = old_path_key(path)
    # A text in PostgreSQL cannot contain NUL. `/` is never moved, and gets here only with an invalid query string.
    if "\0" in key or key == "/" or is_reserved(key):
        return None
    candidates = [key, *patterns_for(key)]
    found = {
        old: (pk, new)
        for pk, old, new in Redirect.objects.filter(site=site, old_path__in=candidates)
        .order_by()
        .values_list("pk", "old_path", "new_path")
    }
    old = next((candidate for candidate in candidates if candidate in found), None)
    if old is None:
        return OldAddress(public_path("feed"), None, True) if key in OLD_FEEDS else None
    if path != key and pages_at(site, [key]):
        return None  # the page exists, at an address with another spelling
    pk, new = found[old]
    location = iri_to_uri(new) if not old.endswith("/*") else _below(old, new, path)
    # A pattern without `*` in its target may cover its own target.
    if location is None or target_key(location) == key:
        return None
    return OldAddress(location, pk, not old.endswith("/*"))


def patterns_for(key: str) -> list[str]:
    """The patterns that cover an address, the longest first. An address covers itself: /blog/* covers /blog/."""
    segments = key.strip("/").split("/")
    depth = min(len(segments), MAX_DEPTH)
    return [f"/{'/'.join([*segments[:count], '*'])}" for count in range(depth, -1, -1)]


def is_reserved(key: str) -> bool:
    """Whether the address is below a prefix that is not for posts, on any site."""
    return f"{key}/".startswith((dynamic.PREFIX, MEDIA_PREFIX, settings.STATIC_URL))


def _below(old: str, new: str, path: str) -> str | None:
    """The target of a pattern for this path, or None if it is too long."""
    if not new.endswith("/*"):
        return iri_to_uri(new)
    # The rest keeps its case, because the target may be on a server that distinguishes it. The number of segments of
    # the prefix is the same in each spelling.
    rest = "/".join(path.lstrip("/").split("/")[old.count("/") - 1 :])
    # Browsers read `//` at the start of a target as the start of another host.
    location = iri_to_uri(new[:-1]) + quote(rest.lstrip("/"), safe="/:@!$&'()*+,;=~-._")
    return location if len(location) <= MAX_URL else None
