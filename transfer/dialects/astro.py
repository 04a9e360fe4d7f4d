"""Astro: src/content/blog/, MDX, pubDate and heroImage."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from transfer.dialects import permalinks
from transfer.dialects.base import Dialect, Sign
from transfer.dialects.config import text_of
from transfer.dialects.page import Page
from transfer.markdown.source.front_matter import FrontMatter

_NAMES = tuple(f"astro.config{suffix}" for suffix in (".mjs", ".js", ".ts", ".mts", ".cjs"))
_PAGES = "src/pages/"


class Astro(Dialect):
    name = "astro"
    title = "Astro"
    shows_expressions = True
    static_folders = ("public", "src")
    content_folders = ("src/content", "src/pages", "src/data", "content")
    name_signs = (
        Sign(r"\.mdx\Z", "files in MDX", 2),
        Sign(r"(?:^|/)src/content/(?:config\.[mc]?[jt]s\Z|[^/]+/)", "the folder src/content/", 4),
        Sign(r"(?:^|/)content\.config\.[mc]?[jt]s\Z", "content.config.ts", 4),
    )
    text_signs = (Sign(r"^(?:pubDate|heroImage|updatedDate|pubDatetime|modDatetime)\s*:", "fields of Astro", 3),)
    own_fields = frozenset({"layout", "moddatetime", "pubdatetime"})

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        return next(((name, {}) for name in _NAMES if (folder / name).is_file()), None)

    def reason_to_skip(self, name: str) -> str:
        place = self.project.place(name)
        path = PurePosixPath(place)
        if any(part.startswith("_") for part in path.parts):
            return "Astro ignores files and folders whose name begins with _"
        if self.project.is_known and path.parts[0] in ("public", "node_modules"):
            return f"the folder {path.parts[0]}/ has no pages of the site"
        return super().reason_to_skip(name)

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        fields = dict(head.fields)
        for own, common in (("pubdatetime", "pubdate"), ("moddatetime", "updateddate")):
            if fields.get(own):
                fields.setdefault(common, fields[own])
        if self.project.place(name).startswith(_PAGES):
            fields.setdefault("type", "page")
        if self.sections.is_of_pages(name):
            fields["type"] = "page"
        return head._replace(fields=fields)

    def own_addresses(self, page: Page) -> Iterator[str]:
        path = PurePosixPath(self.content_path(page.place))
        folder = page.file.folder_of(path)
        slug = text_of(page.fields.get("slug"))
        if slug and len(folder.parts) > 0:
            yield f"/{folder.parts[0]}/{slug.strip('/')}/"
        last = "/".join(permalinks.segment(part) for part in (*folder.parts, page.file.name))
        yield f"/{last}/"
        if page.file.day:
            yield f"/{(folder / page.file.stem).as_posix()}/"
