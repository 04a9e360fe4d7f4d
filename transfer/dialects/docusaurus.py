"""Docusaurus: blog/2015-10-26-name.md, docs/, authors.yml, MDX."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from transfer.dialects import config, permalinks
from transfer.dialects.base import Dialect, Project, Sign
from transfer.dialects.config import text_of
from transfer.dialects.page import Page
from transfer.markdown.outcomes import Note
from transfer.markdown.source.front_matter import FrontMatter

_NAMES = tuple(f"docusaurus.config{suffix}" for suffix in (".js", ".ts", ".mjs", ".cjs", ".mts"))
_BASE = re.compile(r"""^\s*["']?baseUrl["']?\s*:\s*["'](?P<path>[^"'\n]{1,200})["']""", re.MULTILINE)
_NUMBERED = re.compile(r"[0-9]+\s*[-_.]+\s*(?=[^-_.\s])")
_FROM_ROOT = "site/"  # `@site/`, without the @
BLOG, DOCS, PAGES = "blog", "docs", "src/pages"
_AUTHORS_FILES = ("authors.yml", "authors.yaml", "authors.json")


class Docusaurus(Dialect):
    name = "docusaurus"
    title = "Docusaurus"
    shows_expressions = True
    static_folders = ("static",)
    content_folders = (BLOG, DOCS, PAGES)
    name_signs = (Sign(r"(?:^|/)sidebars\.[jt]s\Z", "sidebars.js", 4), Sign(r"(?:^|/)authors\.yml\Z", "authors.yml"))
    text_signs = (
        Sign(r"^import .* from ['\"]@(?:theme|site|docusaurus)/", "imports of @theme or @site", 4),
        Sign(r"^sidebar_(?:position|label):", "fields of Docusaurus", 3),
        Sign(r"<!--\s*truncate\s*-->|\{/\*\s*truncate\s*\*/\}", "the comment truncate", 3),
    )
    own_fields = frozenset(
        {
            "displayedsidebar", "hidetableofcontents", "hidetitle", "id", "paginationnext", "paginationprev",
            "sidebarclassname", "sidebarlabel", "sidebarposition", "tocmaxheadinglevel", "tocminheadinglevel",
        }
    )  # fmt: skip

    def __init__(self, project: Project | None = None, patterns: Sequence[str] = ()) -> None:
        super().__init__(project, patterns)
        self._authors: Mapping[str, Any] | None = None

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        path = next((folder / name for name in _NAMES if (folder / name).is_file()), None)
        if path is None:
            return None
        base = _BASE.search(config.source(path, folder))
        return path.name, {"baseurl": base["path"] if base else "/"}

    def reason_to_skip(self, name: str) -> str:
        place = PurePosixPath(self.project.place(name))
        if place.name.startswith("_"):
            return "Docusaurus ignores files whose name begins with _"
        if self.project.is_known and not place.as_posix().startswith((f"{BLOG}/", f"{DOCS}/", f"{PAGES}/")):
            return "the file is not in blog/, docs/ or src/pages/, so it is not a page of the site"
        # docs/index.md is the first page of the documentation, and not the home page of the site.
        return super().reason_to_skip(name) if place.as_posix().startswith(PAGES) else ""

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        fields = dict(head.fields)
        place = self.project.place(name)
        if place.startswith((f"{DOCS}/", f"{PAGES}/")):
            fields.setdefault("type", "page")
        authors = fields.get("authors")
        if authors:
            fields["authors"] = [self._author(each) for each in (authors if isinstance(authors, list) else [authors])]
        slug = text_of(fields.get("slug")).strip("/")
        if "slug" in fields:
            fields["slug"] = slug.rpartition("/")[2]
            fields["path"] = slug
        return head._replace(fields=fields)

    def markdown(self, text: str, name: str, first_line: int) -> tuple[str, list[Note]]:
        """Docusaurus reads all files as MDX."""
        return super().markdown(text, str(PurePosixPath(name).with_suffix(".mdx")), first_line)

    def _author(self, key: Any) -> Any:
        """The author with this key in authors.yml, or what the file itself says."""
        known = config.table(self.authors, str(key)).get("name") if isinstance(key, str) else None
        return known or key

    @property
    def authors(self) -> Mapping[str, Any]:
        """The authors of the blog, by the keys that its posts use."""
        if self._authors is None:
            root = self.project.folder.resolve()
            for _ in self.project.below.parts:
                root = root.parent
            found = config.read_first(root / BLOG, _AUTHORS_FILES)
            found = found or config.read_first(self.project.folder, _AUTHORS_FILES)
            self._authors = found[1] if found else {}
        return self._authors

    def own_addresses(self, page: Page) -> Iterator[str]:
        base = text_of(self.project.config.get("baseurl")).strip("/")
        for address in self._addresses_below_base(page):
            yield f"/{base}/{address}" if base else f"/{address}"

    def _addresses_below_base(self, page: Page) -> Iterator[str]:
        folder = "" if page.place.startswith(f"{PAGES}/") else page.place.partition("/")[0]
        own = text_of(page.fields.get("path"))
        if own:
            yield f"{folder}/{own}"
            return
        path = PurePosixPath(self.content_path(page.place))
        parts = page.file.folder_of(path).parts
        if folder == BLOG and page.file.day:
            year, month, day = page.file.day.split("-")
            yield "/".join([folder, f"{year}/{month:0>2}/{day:0>2}", *parts, page.file.stem])
            return
        last = text_of(page.fields.get("id")) or page.file.name
        names = [_NUMBERED.sub("", part, count=1) if _NUMBERED.match(part) else part for part in (*parts, last)]
        yield "/".join(filter(None, [folder, *names]))
        if folder == DOCS and names[-1].lower() in ("readme", names[-2].lower() if len(names) > 1 else ""):
            yield "/".join([folder, *names[:-1]])

    def linked_places(self, path: str, place: str) -> Iterator[str]:
        if path.startswith(_FROM_ROOT):
            yield from permalinks.files_at(permalinks.joined(PurePosixPath(), path.removeprefix(_FROM_ROOT)))
        yield from super().linked_places(path, place)
