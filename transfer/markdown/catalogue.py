"""The addresses of all files of an import, before the first of them is stored, and the destinations of their links."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.utils import timezone

from blogs.markdown import SCHEMES
from blogs.paths import normal_path, old_path_key, public_path
from blogs.redirects.lookup import OLD_FEEDS, patterns_for
from lib.paths import MEDIA_PREFIX
from transfer.dialects import Dialect
from transfer.dialects.page import FileName
from transfer.markdown.drafts import Draft
from transfer.markdown.source.files import SUFFIXES

_NOT_A_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#|\{\{|\?")
_PAGE_SUFFIXES = {"", ".htm", ".html", ".php", ".aspx", *SUFFIXES}
_INDEX = re.compile(r"/_?index(?:\.(?:html?|mdx?|markdown|php))?\Z")
_FEEDS = frozenset({"/feed", *(path.rstrip("/") for path in OLD_FEEDS)})
_TAG_PATH = re.compile(r"/(?:blog/)?(?:tags?|categor(?:y|ies)|topics?)/(?P<slug>[^/]+)/?")
_FIXED = frozenset({"/", "/robots.txt", "/sitemap.xml"})
MAX_ADDRESS = 2_000


class Destination(NamedTuple):
    """What a link leads to. Either a file of the archive, or an address of the site, or nothing."""

    file: str = ""  # name of the file
    address: str = ""
    suffix: str = ""  # query and fragment
    dead: str = ""  # why the link leads nowhere
    is_hidden: bool = False  # Readers do not see its post yet.


class _Entry(NamedTuple):
    address: str
    is_hidden: bool


@dataclass
class SiteAddresses:
    """The addresses that the site already has."""

    slugs: set[str] = field(default_factory=set)  # of posts
    tags: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)
    old_paths: set[str] = field(default_factory=set)  # with a redirect


class Catalogue:
    """Knows the address of the post of each file."""

    def __init__(self, dialect: Dialect, site: SiteAddresses | None = None) -> None:
        self.dialect = dialect
        self.site = site or SiteAddresses()
        self.now = timezone.now()
        self._files: dict[str, _Entry] = {}
        self._by_place: dict[str, str] = {}  # place in the project → name of the file
        self._by_stem: dict[str, set[str]] = {}
        self._by_address: dict[str, str] = {}  # old address → name of the file
        self._sections = {_key(f"/{folder}") for folder in dialect.project.mounts}
        self._months: set[str] = set()

    def add(self, draft: Draft, address: str) -> None:
        """Add a file whose post will be at `address`."""
        name = draft.name
        is_hidden = draft.is_draft or bool(draft.date and draft.date > self.now)
        place = self.dialect.project.place(name)
        path = PurePosixPath(place)
        self._files[name] = _Entry(address, is_hidden)
        self._by_place.setdefault(place.casefold(), name)
        stem = self.dialect.file_name(name)
        for each in {stem.name.casefold(), stem.stem.casefold()}:
            self._by_stem.setdefault(each, set()).add(name)
        for old in draft.old_addresses:
            self._by_address.setdefault(_key(old), name)
        for parent in PurePosixPath(self.dialect.content_path(place)).parents:
            self._sections.add(_key(f"/{parent.as_posix()}"))
        self._sections.add(_key(f"/{path.parent.as_posix()}"))
        if not is_hidden:
            self.site.slugs.add(address.strip("/"))
            self.site.tags |= draft.tags.keys()
            self.site.authors |= draft.authors.keys()
            if draft.date:
                self._months.add(f"/{draft.date:%Y/%m}")

    def address_of(self, name: str) -> str:
        """The address of the post of the file `name`."""
        return self._files[name].address

    def address_on_site(self, destination: Destination) -> str:
        """The address of the destination of a link, with its query and fragment."""
        address = self.address_of(destination.file) if destination.file else destination.address
        return f"{address}{destination.suffix}"

    def destination(self, address: str, draft: Draft) -> Destination | None:
        """Where a link in the text of the draft leads. None if the link is not one within the old site."""
        scheme = _NOT_A_PATH.match(address)
        if len(address) > MAX_ADDRESS or (scheme and not _is_refused(scheme[0])):
            return None
        if scheme:
            return Destination(dead=f"begins with {scheme[0]}, which is not allowed in links")
        try:
            parts = urlsplit(address)
        except ValueError:
            return Destination(dead="is not a valid address")
        path = unquote(parts.path).removeprefix("@")  # @/ is the root of the content in Zola
        suffix = f"?{parts.query}" if parts.query else ""
        suffix += f"#{parts.fragment}" if parts.fragment else ""
        if not path:
            return None if suffix else Destination(dead="has no destination")
        if not path.strip("/"):
            return Destination(address="/", suffix=suffix)
        found = self._file_at(path, draft)
        if found:
            # The fragment alone is kept: queries such as ?p=12 chose a page of the old site.
            fragment = f"#{parts.fragment}" if parts.fragment else ""
            return Destination(file=found, suffix=fragment, is_hidden=self._files[found].is_hidden)
        return self._on_site(path, suffix)

    def _file_at(self, path: str, draft: Draft) -> str | None:
        place = self.dialect.project.place(draft.name)
        for candidate in self.dialect.linked_places(path, place):
            found = self._by_place.get(candidate.casefold())
            if found:
                return found
        if path.startswith("/"):
            return self._by_address.get(_key(path)) or self._by_name(path)
        for old in draft.old_addresses:
            folder = old if old.endswith("/") else old.rpartition("/")[0]
            found = self._by_address.get(_key(_resolved(folder, path)))
            if found:
                return found
        return self._by_address.get(_key(f"/{path}")) or self._by_name(path)

    def _by_name(self, path: str) -> str | None:
        """The only file with this name, for references such as two.md or a bare two."""
        last = PurePosixPath(path)
        is_file = last.suffix in SUFFIXES or FileName.of(last.name).day
        if not is_file and "/" in path.strip("/"):
            return None
        names = self._by_stem.get((last.stem if last.suffix in _PAGE_SUFFIXES else last.name).casefold(), set())
        return next(iter(names)) if len(names) == 1 else None

    def _on_site(self, path: str, suffix: str) -> Destination:
        """A page of the site that is not a file of the archive, or else a dead link."""
        key = _key(path if path.startswith("/") else f"/{path}")
        if key in _FEEDS:
            return Destination(address=public_path("feed"), suffix=suffix)
        tag = _TAG_PATH.fullmatch(key)
        slug = re.sub("[ _]", "-", tag["slug"]) if tag else ""
        if slug in self.site.tags:
            return Destination(address=public_path("tag", slug), suffix=suffix)
        if path.startswith("/") and self._is_alive(path, key):
            return Destination(address=path, suffix=suffix)
        if key in self._sections:
            return Destination(address="/", suffix=suffix)
        kind = PurePosixPath(path).suffix.lower()
        if kind not in _PAGE_SUFFIXES:
            return Destination(dead=f"leads to a {kind} file, which is not imported")
        return Destination(dead="leads to no page of the site")

    def _is_alive(self, path: str, key: str) -> bool:
        if key in _FIXED or path.startswith(MEDIA_PREFIX) or key in self._months:
            return True
        parts = key.strip("/").split("/")
        if len(parts) == 1 and parts[0] in self.site.slugs:
            return True
        if len(parts) == 2 and parts[0] == "author" and parts[1] in self.site.authors:
            return True
        old = old_path_key(path)
        return not self.site.old_paths.isdisjoint([old, *patterns_for(old)])


def _key(path: str) -> str:
    """A path without letter case, index file, final slash and suffix of pages, so that all spellings agree."""
    path = normal_path(path[:MAX_ADDRESS])
    path = _INDEX.sub("/", path)
    for suffix in (".html", ".htm", *SUFFIXES):
        path = path.removesuffix(suffix)
    return f"/{path.strip('/').removesuffix('/.').removeprefix('.')}"


def _is_refused(scheme: str) -> bool:
    """Whether pages show no link with this scheme, such as `javascript:` or the misspelt `ttps:`."""
    return scheme.endswith(":") and scheme[:-1].lower() not in SCHEMES


def _resolved(folder: str, path: str) -> str:
    """A relative path in a folder. As in a browser, `..` above the root stays at the root."""
    parts = folder.strip("/").split("/")
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
