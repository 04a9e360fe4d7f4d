"""Eleventy: data files of folders, Nunjucks and Liquid tags, permalinks as templates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.text import slugify

from transfer.dialects import config, permalinks, shortcodes
from transfer.dialects.base import TAGS, Dialect, Project, Sign
from transfer.dialects.config import text_of
from transfer.dialects.page import Page
from transfer.dialects.shortcodes import Call
from transfer.markdown.source.front_matter import FrontMatter, key_of

_NAMES = tuple(
    f"{name}{suffix}" for name in (".eleventy", "eleventy.config") for suffix in (".js", ".mjs", ".cjs", ".ts")
)
_EXPRESSION = re.compile(r"\{\{-?\s*+(?P<value>[\w.]+)(?P<filters>[^{}]*+)\}\}")
_DATE_FILTER = re.compile(r"""date\w*\s*[:(]\s*["'](?P<form>[^"']{1,50})["']""")
# Forms of moment.js and Luxon, the longest first.
_FORMS = (("YYYY", "%Y"), ("yyyy", "%Y"), ("MM", "%m"), ("LL", "%m"), ("DD", "%d"), ("dd", "%d"))
MAX_LEVELS = 20


def image(call: Call) -> str | None:
    """{% image "path", "alt" %}: the path starts at the root of the project."""
    path = call.value("src", position=0)
    return shortcodes.image(call, shortcodes.from_root(path), call.value("alt", position=1)) if path else None


def image_with_class(call: Call) -> str | None:
    """{% image_with_class "path" "class" "alt" %}"""
    path = call.value("src", position=0)
    return shortcodes.image(call, shortcodes.from_root(path), call.value("alt", position=2)) if path else None


class Eleventy(Dialect):
    name = "eleventy"
    title = "Eleventy"
    static_folders = ("public", "src", "static")
    content_folders = ("content", "src", "src/content", "src/posts", "posts")
    name_signs = (Sign(r"\.11tydata\.(?:js|json|cjs|mjs)\Z", "data files of Eleventy", 4),)
    text_signs = (
        Sign(r"^eleventy[A-Z]\w*:", "fields of Eleventy", 4),
        Sign(r"\{%-?\s*(?:image|image_with_class|endset)\b", "tags of Nunjucks", 2),
        Sign(r"^permalink:.*\{\{", "a permalink that is a template", 3),
        Sign(r"\{\{[^{}]*\|\s*(?:url|slugify|slug)\s*\}\}", "filters of Eleventy", 2),
    )
    tags = {**TAGS, "image": image, "image_with_class": image_with_class}
    own_fields = frozenset({"eleventycomputed", "eleventyexcludefromcollections", "eleventynavigation", "layout"})

    def __init__(self, project: Project | None = None, patterns: Sequence[str] = ()) -> None:
        super().__init__(project, patterns)
        self._data_files: dict[Path, dict[str, Any]] = {}

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        return next(((name, {}) for name in _NAMES if (folder / name).is_file()), None)

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        fields = {**self._folder_data(PurePosixPath(name)), **head.fields}
        if fields.get("eleventyexcludefromcollections") is True and "type" not in fields:
            fields["type"] = "page"  # lists of posts do not contain it
        if self.sections.is_of_pages(name):
            fields["type"] = "page"
        if fields.get("permalink") is False:  # the old site did not show it
            fields["draft"] = True
        if isinstance(fields.get("tags"), str) and fields["tags"]:
            fields["tags"] = [fields["tags"]]
        collections = {"all", "post", "posts", "blog", "page", "pages", "nav"}
        if isinstance(fields.get("tags"), list):
            fields["tags"] = [tag for tag in fields["tags"] if str(tag).lower() not in collections]
        return head._replace(fields=fields)

    def _folder_data(self, name: PurePosixPath) -> dict[str, Any]:
        """The data of all folders around the file and of the file itself, from general to specific."""
        found: dict[str, Any] = {}
        for folder in [*reversed(name.parents)][:MAX_LEVELS]:
            title = folder.name or self.project.folder.name
            for suffix in (".json", ".11tydata.json"):
                found |= self._data(self.project.folder / folder / f"{title}{suffix}")
        return found | self._data(self.project.folder / name.parent / f"{name.stem}.11tydata.json")

    def _data(self, path: Path) -> dict[str, Any]:
        """The fields of a data file in JSON, with the names that front matter gets."""
        if path not in self._data_files:
            found = config.read(path, self.project.folder) or {}
            self._data_files[path] = {key_of(key): value for key, value in found.items()}
        return self._data_files[path]

    def own_addresses(self, page: Page) -> Iterator[str]:
        template = page.fields.get("permalink")
        if isinstance(template, str) and template.strip():
            for moment in page.moments:
                path = _filled(template, page, moment, self.content_path(page.place))
                if path:
                    yield path.removesuffix("index.html")
            return
        for place in dict.fromkeys([self.content_path(page.place), page.place]):
            file = PurePosixPath(place)
            folder = page.file.folder_of(file)
            if page.file.stem == folder.name:  # posts/name/name.md is /posts/name/
                folder = folder.parent
            yield f"/{(folder / page.file.stem).as_posix()}/"
        if page.file.day:
            yield from permalinks.filled("/:year/:month/:day/:stem/", page, self.values)


def _filled(template: str, page: Page, moment: date | datetime | None, content_path: str) -> str:
    """The address that a template gives, or "" if it contains an expression that is not a simple one."""
    if len(template) > permalinks.MAX_PATTERN:
        return ""
    stem = PurePosixPath(content_path).parent / page.file.stem
    known = {
        "page.fileslug": page.file.stem,
        "page.filepathstem": f"/{stem.as_posix()}",
        "slug": text_of(page.fields.get("slug")),
        "title": page.title,
    }

    def value_of(match: re.Match[str]) -> str:
        name, filters = match["value"].lower(), match["filters"]
        if name in ("date", "page.date"):
            form = _DATE_FILTER.search(filters)
            return _formatted(moment, form["form"]) if form and moment else ""
        value = known.get(name) or text_of(page.fields.get(name))
        return slugify(value[: permalinks.MAX_SEGMENT]) if "slug" in filters else value

    path = _EXPRESSION.sub(lambda match: value_of(match) or "{", template)
    return "" if "{" in path else f"/{path.lstrip('/')}"


def _formatted(moment: date | datetime, form: str) -> str:
    for name, code in _FORMS:
        form = form.replace(name, code)
    return moment.strftime(form)
