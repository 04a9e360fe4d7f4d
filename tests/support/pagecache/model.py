"""A model of the correct responses in plain Python, without Django and without a cache.

Each name, title, text, slug, domain and colour is a unique word. The words of a response therefore tell from which site
and from which of its states they come.
"""

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs

WORD = re.compile(r"[Zz]q[0-9]{6}xk(?:\.test|-old)?|(?<=--accent:)#[0-9a-f]{6}")
FEED_ENTRIES = 20

_numbers = itertools.count(1)


def new_word():
    return f"Zq{next(_numbers):06}xk"


def new_slug():
    return new_word().lower()


def new_domain():
    return f"{new_slug()}.test"


def new_accent():
    return f"#{next(_numbers):06x}"


@dataclass
class Name:
    """A tag or an author of a site. The tags of a post have equal slugs on all sites, and a name on each."""

    site: int
    name: str
    slug: str
    bio: str = ""


@dataclass
class Site:
    key: int
    domain: str
    name: str
    tagline: str
    accent: str
    size: int  # posts per page
    further: set[str] = field(default_factory=set)
    redirects: dict[str, str] = field(default_factory=dict)
    suspended: bool = False

    def moved(self, old, new):
        """Record that a path changed: redirect the old path, and all paths that redirect to it, to the new path."""
        self.redirects.pop(new, None)
        self.redirects.update({path: new for path, target in self.redirects.items() if target == old})
        self.redirects[old] = new


@dataclass
class Place:
    """A placement, which publishes a post on a site."""

    key: int
    site: int
    slug: str
    moment: float | None  # the publication time as Unix time
    pinned: bool = False

    def is_live(self, at):
        return self.moment is not None and self.moment <= at

    @property
    def path(self):
        return f"/{self.slug}/"


@dataclass
class Post:
    key: int
    home: int
    title: str
    text: str
    is_page: bool
    tags: set[int] = field(default_factory=set)
    authors: set[int] = field(default_factory=set)
    places: dict[int, Place] = field(default_factory=dict)  # site id → placement


class Seen(NamedTuple):
    """The parts of a response that the model predicts."""

    status: int
    location: str | None = None
    words: frozenset[str] = frozenset()

    def __str__(self):
        return f"{self.status} {self.location or ''} {' '.join(sorted(self.words))}"


def newest(entry):
    return entry[1].moment, entry[1].key


def pinned_first(entry):
    return entry[1].pinned, *newest(entry)


class World:
    def __init__(self):
        self.sites, self.posts, self.tags, self.authors = {}, {}, {}, {}

    def places(self):
        return [place for post in self.posts.values() for place in post.places.values()]

    def response(self, host, address, at):
        site = next((site for site in self.sites.values() if host in (site.domain, *site.further)), None)
        if site is None:
            return Seen(404)
        if site.suspended:
            return Seen(503)
        if host != site.domain:
            return Seen(308, f"http://{site.domain}{address}")
        path, _, query = address.partition("?")
        words = self._words(site, path, parse_qs(query).get("before", [None])[-1], at)
        if words is not None:
            return Seen(200, None, frozenset(words))
        if path in site.redirects:
            return Seen(301, f"{site.redirects[path]}?{query}" if query else site.redirects[path])
        return Seen(404, None, frozenset(self._frame(site, at)))

    def _words(self, site, path, before, at):
        """The words of a page. None if the page does not exist."""
        live = self._live(site, at)
        posts = [entry for entry in live if not entry[0].is_page]
        match path.strip("/").split("/"):
            case [""]:
                return self._list(site, posts, before, at, pinned_first)
            case ["feed"]:
                return self._feed(site, posts)
            case ["robots.txt"]:
                return {site.domain}
            case ["sitemap.xml"]:
                here = [place.slug for post, place in live if self._canonical(post, place, at) == (site, place)]
                return {site.domain, *here}
            case ["tag", slug, *feed]:
                key = _by_slug(self.tags, site, slug)
                tagged = [entry for entry in posts if key in entry[0].tags]
                if feed:
                    return self._feed(site, tagged, self.tags[key]) if tagged else None
                return self._named(site, tagged, before, at, self.tags.get(key))
            case ["author", slug]:
                key = _by_slug(self.authors, site, slug)
                written = [entry for entry in posts if key in entry[0].authors]
                return self._named(site, written, before, at, self.authors.get(key))
            case [_, _]:
                return self._named(site, [entry for entry in posts if month(entry[1]) == path], before, at)
            case [slug]:
                found = [entry for entry in live if entry[1].slug == slug]
                return self._post(site, *found[0], at) if found else None

    def _live(self, site, at):
        placed = [(post, post.places[site.key]) for post in self.posts.values() if site.key in post.places]
        return [(post, place) for post, place in placed if place.is_live(at)]

    def _frame(self, site, at):
        """The words on every page of a site: its settings and its menu."""
        menu = [(post, place) for post, place in self._live(site, at) if post.is_page and place.pinned]
        return {site.name, site.tagline, site.accent} | {word for p, q in menu for word in (p.title, q.slug)}

    def _named(self, site, entries, before, at, name=None):
        """The words of the list of a tag, an author or a month; None for an empty list, because it has no page."""
        words = self._list(site, entries, before, at)
        if not words or not words & {place.slug for _, place in entries}:
            return None
        return words | ({name.name, name.slug} | ({name.bio} - {""}) if name else set())

    def _list(self, site, entries, before, at, order=newest):
        if before is not None:
            last = next((entry for entry in entries if entry[1].key == int(before)), None)
            if last is None:
                return None
            entries = [entry for entry in entries if order(entry) < order(last)]
        words = self._frame(site, at) | {site.domain}
        for post, place in sorted(entries, key=order, reverse=True)[: site.size]:
            words |= {post.title, post.text, place.slug} | self._shown(site, self.authors, post.authors)
        return words

    def _feed(self, site, entries, tag=None):
        words = {site.name, site.tagline, site.domain} | ({tag.name, tag.slug} if tag else set())
        for post, place in sorted(entries, key=newest, reverse=True)[:FEED_ENTRIES]:
            names = [*on_site(site.key, self.tags, post.tags), *on_site(site.key, self.authors, post.authors)]
            words |= {post.title, post.text, place.slug, *(name.name for name in names)}
        return words

    def _post(self, site, post, place, at):
        home, canonical = self._canonical(post, place, at)
        words = self._frame(site, at) | {site.domain, post.title, post.text, home.domain, canonical.slug}
        if not post.is_page:
            words |= self._shown(site, self.authors, post.authors) | self._shown(site, self.tags, post.tags)
        return words

    def _shown(self, site, names, keys):
        return {word for name in on_site(site.key, names, keys) for word in (name.name, name.slug)}

    def keep_in_step(self, post, kind, slugs):
        """Give the post the tags or authors with these slugs on its home and on each site that has a placement."""
        sites = {post.home, *post.places}
        names = getattr(self, kind)
        keys = {key for key, name in names.items() if name.slug in slugs and name.site in sites}
        setattr(post, kind, keys)

    def slugs_on(self, site, post, kind):
        return {name.slug for name in on_site(site, getattr(self, kind), getattr(post, kind))}

    def _canonical(self, post, place, at):
        """The (site, placement) of the canonical URL: on the home while the post is live there, otherwise here."""
        at_home = post.places.get(post.home)
        shown = at_home is not None and at_home.is_live(at) and not self.sites[post.home].suspended
        return (self.sites[post.home], at_home) if shown else (self.sites[place.site], place)


def month(place):
    """The path of the archive for the month of the placement. All sites of the model use UTC."""
    return f"/{datetime.fromtimestamp(place.moment, UTC):%Y/%m}/"


def on_site(site, names, keys):
    return [names[key] for key in keys if names[key].site == site]


def _by_slug(names, site, slug):
    return next((key for key, name in names.items() if (name.site, name.slug) == (site.key, slug)), None)


def difference(seen, correct):
    """A text on what is wrong with `seen`; "" if it is a correct response.

    A mixture of successive correct responses is correct, too.
    """
    fitting = [each.words for each in correct if each[:2] == seen[:2]]
    missing = frozenset.intersection(*fitting) - seen.words if fitting else ()
    foreign = seen.words - frozenset.union(*fitting) if fitting else ()
    if fitting and not missing and not foreign:
        return ""
    expected = "\n          or ".join(map(str, correct))
    return f"seen {seen}\n    expected {expected}\n     missing {sorted(missing)}\n     foreign {sorted(foreign)}"
