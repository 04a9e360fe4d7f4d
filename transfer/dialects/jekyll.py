"""Jekyll: _posts/2015-10-26-name.md, Liquid tags, kramdown, permalinks of _config.yml."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from transfer.dialects import config, permalinks, shortcodes
from transfer.dialects.base import TAGS, Dialect, Sign
from transfer.dialects.config import text_of
from transfer.dialects.page import Page
from transfer.dialects.shortcodes import Call
from transfer.markdown.outcomes import Note
from transfer.markdown.source import code
from transfer.markdown.source.front_matter import FrontMatter, key_of

STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
}
# Tried if the configuration is not part of the import.
_COMMON_STYLES = ("date", "pretty")
# A comment of kramdown, and the list item in whose place it writes the table of contents.
_KRAMDOWN = re.compile(
    r"\{::comment\}(?:(?!\{:/?:?comment\}).)*+\{:/comment\}|^(?:[*+-]|1\.)[ \t]++[^\n]*+\n\{:toc\b[^}\n]*+\}",
    re.DOTALL | re.MULTILINE,
)
POSTS, DRAFTS = "_posts", "_drafts"


def post_url(call: Call) -> str | None:
    """{% post_url 2015-10-26-name %}: a link to the file with this name."""
    if not call.positional:
        return None
    return shortcodes.path_to(f"/{POSTS}/{call.positional[0].lstrip('/')}")


def link(call: Call) -> str | None:
    """{% link _posts/2015-10-26-name.md %}"""
    return shortcodes.path_to(f"/{call.positional[0].lstrip('/')}") if call.positional else None


def include(call: Call) -> str | None:
    """{% include figure.html src="…" %}: a figure, or an embedded page if the file is named after its service."""
    stem = PurePosixPath(call.positional[0]).stem.lower() if call.positional else ""
    rest = call._replace(positional=call.positional[1:])
    service = next((name for name in ("youtube", "vimeo", "gist", "codepen", "tweet") if name in stem), "")
    return shortcodes.EMBEDS[service](rest) if service else shortcodes.unknown_figure(rest)


class Jekyll(Dialect):
    name = "jekyll"
    title = "Jekyll"
    name_signs = (Sign(r"(?:^|/)_posts/(?:.+/)?[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}-[^/]+\Z", "files in _posts/", 3),)
    text_signs = (
        Sign(r"\{%-?\s*(?:post_url|link\s+_|include\s+[\w/-]+\.html|endhighlight)", "tags of Jekyll", 3),
        Sign(r"\{\{\s*site\.(?:baseurl|url)", "{{ site.baseurl }}", 2),
        Sign(r"\{:\s*[.#\w]", "attribute lists of kramdown"),
        Sign(r"^(?:redirect_from|layout: post)\b", "fields of Jekyll"),
    )
    tags = {**TAGS, "include": include, "include_relative": include, "link": link, "post_url": post_url}
    own_fields = frozenset({"excerptseparator", "layout"})

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        found = config.read_first(folder, ("_config.yml", "_config.yaml", "_config.toml"))
        if found is None and (folder / POSTS).is_dir() and (folder / "Gemfile").is_file():
            return "Gemfile", {}
        return found

    @property
    def variables(self) -> Mapping[str, str]:
        return config.texts(self.project.config, "site.")

    @property
    def excerpt_separator(self) -> str:
        return text_of(self.project.config.get("excerpt_separator"))

    def reason_to_skip(self, name: str) -> str:
        parts = PurePosixPath(self.project.place(name)).parts[:-1]
        known = {POSTS, DRAFTS, *(f"_{collection}" for collection in self._collections())}
        hidden = next((part for part in parts if part.startswith("_") and part not in known), "")
        if hidden and self.project.is_known:
            return f"the folder {hidden}/ has no pages of the site"
        if self._is_excluded(self.project.place(name)):
            return "the configuration excludes the file"
        return super().reason_to_skip(name)

    def _is_excluded(self, place: str) -> bool:
        excluded = self.project.config.get("exclude")
        patterns = [text_of(pattern)[:200].strip("/") for pattern in excluded] if isinstance(excluded, list) else []
        return any(place.startswith(f"{each}/") or fnmatchcase(place, each) for each in patterns if each)

    def _collections(self) -> Iterable[str]:
        collections = self.project.config.get("collections")
        return map(str, collections) if isinstance(collections, dict | list) else ()

    def _collection_of(self, place: str) -> str:
        """The collection other than the posts to which the file belongs."""
        parts = PurePosixPath(place).parts[:-1]
        return next(
            (name for name in self._collections() if name not in ("posts", "drafts") and f"_{name}" in parts), ""
        )

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        place = self.project.place(name)
        fields = {**self._defaults(place, head.fields), **head.fields}
        parts = PurePosixPath(place).parts[:-1]
        is_hidden = any(part.startswith("_") for part in parts)  # the folder of a collection
        if DRAFTS in parts:
            fields["draft"] = True
        if POSTS in parts:
            above = [part for part in parts[: parts.index(POSTS)] if not part.startswith("_")]
            if above and not (fields.get("categories") or fields.get("category")):
                fields["categories"] = above
        elif self.project.is_known and DRAFTS not in parts and not (is_hidden and fields.get("date")):
            fields.setdefault("type", "page")
        for key in ("tags", "categories"):
            if isinstance(fields.get(key), str):
                fields[key] = _separated(fields[key])
        return head._replace(fields=fields)

    def _defaults(self, place: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The values of `defaults` in the configuration for this file. A longer path is more specific."""
        found: list[tuple[int, Mapping[str, Any]]] = []
        defaults = self.project.config.get("defaults")
        for default in defaults if isinstance(defaults, list) else []:
            scope = config.table(default, "scope") if isinstance(default, dict) else {}
            path, kind = text_of(scope.get("path")).strip("/"), text_of(scope.get("type"))
            own_kind = "posts" if f"{POSTS}/" in f"/{place}" else self._collection_of(place) or "pages"
            if kind and kind != own_kind:
                continue
            if not path or place.startswith(f"{path}/") or place == path or fnmatchcase(place, path[:200]):
                found.append((len(path), config.table(default, "values")))
        found.sort(key=lambda each: each[0])
        return {key_of(key): value for _, values in found for key, value in values.items() if key_of(key) not in fields}

    def markdown(self, text: str, name: str, first_line: int) -> tuple[str, list[Note]]:
        text, notes = super().markdown(text, name, first_line)
        inside = code.membership(text)
        return _KRAMDOWN.sub(
            lambda found: found[0] if inside(found.start()) else "\n" * found[0].count("\n"), text
        ), notes

    def own_addresses(self, page: Page) -> Iterator[str]:
        base = text_of(self.project.config.get("baseurl")).strip("/")
        for address in self._addresses_below_base(page):
            if base:
                yield f"/{base}{address}"
            yield address

    def _addresses_below_base(self, page: Page) -> Iterator[str]:
        own = text_of(page.fields.get("permalink"))
        collection = self._collection_of(page.place)
        is_post = not collection and bool(page.file.day or f"{POSTS}/" in f"/{page.place}")
        configured = text_of(config.table(self.project.config, "collections", collection or "posts").get("permalink"))
        if collection and not own:
            yield from permalinks.filled(configured or "/:collection/:path:output_ext", page, self.values)
            return
        configured = (configured if is_post else "") or text_of(self.project.config.get("permalink"))
        if not is_post and not own:
            yield from self._page_addresses(page, configured)
        elif own:
            yield from permalinks.filled(STYLES.get(own, own), page, self.values)
        elif configured or self.project.is_known:
            yield from permalinks.filled(STYLES.get(configured or "date", configured), page, self.values)
        if page.file.day and not configured:
            for style in _COMMON_STYLES:
                yield from permalinks.filled(STYLES[style], page, self.values)
        # Links with {% post_url %} in older archives, and pages without categories, have this form.
        if page.file.day:
            yield from permalinks.filled("/:year/:month/:day/:stem/", page, self.values)
            yield from permalinks.filled("/:year/:month/:day/:stem.html", page, self.values)

    def _page_addresses(self, page: Page, configured: str) -> Iterator[str]:
        path = PurePosixPath(page.place)
        folder = page.file.folder_of(path)
        address = f"/{(folder / page.file.name).as_posix()}"
        yield f"{address}/"
        if not configured.endswith("/") and configured != "pretty":
            yield f"{address}.html"

    def values(self, page: Page, moment: date | datetime | None) -> dict[str, str]:
        known = super().values(page, moment)
        slug = text_of(page.fields.get("slug"))
        names = {"title": slug or page.file.stem, "slug": permalinks.segment(slug or page.file.stem)}
        collection = self._collection_of(page.place)
        if collection:
            path = PurePosixPath(page.place.partition(f"_{collection}/")[2]).with_suffix("").as_posix()
            names |= {"collection": collection, "path": path}
        return {**known, **names}

    def linked_places(self, path: str, place: str) -> Iterator[str]:
        yield from super().linked_places(path, place)
        name = PurePosixPath(path).name
        if name and _has_date(name):
            yield from permalinks.files_at(f"{POSTS}/{name}")
            yield from permalinks.files_at(name)


def _has_date(name: str) -> bool:
    return name[:4].isdigit() and name[4:5] == "-"


def _separated(names: str) -> list[str]:
    """Jekyll separates names by spaces. Names with commas come from other tools."""
    return [name.strip() for name in (names.split(",") if "," in names else names.split())]
