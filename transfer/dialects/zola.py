"""Zola: content/, TOML with taxonomies, links such as @/blog/two.md, shortcodes as function calls."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.text import slugify

from transfer.dialects import config, permalinks
from transfer.dialects.base import Dialect, Sign
from transfer.dialects.config import text_of
from transfer.dialects.page import Page
from transfer.markdown.source.front_matter import FrontMatter

_DATED_PATH = re.compile(r"/?(?:[^/]+/)*?(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})(?:/|\Z)")


class Zola(Dialect):
    name = "zola"
    title = "Zola"
    shows_expressions = True
    static_folders = ("static",)
    content_folders = ("content",)
    text_signs = (
        Sign(r"\]\(@/[^()\s]*\.md", "links such as @/blog/two.md", 4),
        Sign(r"^\[(?:taxonomies|extra)\]\s*$", "the tables [taxonomies] and [extra]", 3),
        Sign(r"^(?:taxonomies|sort_by|in_search_index|paginate_by)\s*[:=]", "fields of Zola", 2),
        Sign(r"\{%-?\s*end\s*-?%\}|\{\{\s*\w+\(\w*\s*=", "shortcodes of Zola", 2),
    )
    own_fields = frozenset(
        {"extra", "generatefeeds", "insearchindex", "path", "sortby", "taxonomies", "template", "weight"}
    )

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        found = config.read_first(folder, ("zola.toml", "config.toml"))
        return found if found and "base_url" in found[1] else None

    def reason_to_skip(self, name: str) -> str:
        place = self.project.place(name)
        if PurePosixPath(place).name.startswith("_index."):
            return "the file describes a section and is not a post"
        if self.project.is_known and self.content_path(place) == place:
            return "the file is not in content/, so it is not a page of the site"
        return super().reason_to_skip(name)

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        fields = {**config.table(head.fields, "extra"), **head.fields}
        taxonomies = config.table(head.fields, "taxonomies")
        for field in ("tags", "categories", "authors"):
            if taxonomies.get(field) and not fields.get(field):
                fields[field] = taxonomies[field]
        dated = _DATED_PATH.match(text_of(fields.get("path"))[: permalinks.MAX_PATTERN])
        if dated and not fields.get("date"):
            fields["date"] = "{}-{:0>2}-{:0>2}".format(*dated.groups())
        if fields.get("path") and not fields.get("slug"):
            fields["slug"] = text_of(fields["path"]).rstrip("/").rpartition("/")[2]
        if "/" not in self.content_path(self.project.place(name)) and self.project.is_known and not fields.get("date"):
            fields.setdefault("type", "page")
        if self.sections.is_of_pages(name):
            fields["type"] = "page"
        return head._replace(fields=fields)

    def own_addresses(self, page: Page) -> Iterator[str]:
        written = text_of(page.fields.get("path"))
        if written:
            yield f"/{written.strip('/')}/"
            return
        path = PurePosixPath(self.content_path(page.place))
        folder = page.file.folder_of(path)
        slug = text_of(page.fields.get("slug")) or page.file.stem
        for parts in ([*folder.parts, slugify(slug[: permalinks.MAX_SEGMENT]) or slug], [*folder.parts, slug]):
            yield f"/{'/'.join(parts)}/"
