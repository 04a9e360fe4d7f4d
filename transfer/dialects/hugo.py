"""Hugo: content/, page bundles, shortcodes, permalinks and aliases."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from transfer.dialects import config, permalinks, shortcodes
from transfer.dialects.base import TAGS, Dialect, Project, Sign
from transfer.dialects.config import text_of
from transfer.dialects.page import FileName, Page
from transfer.dialects.shortcodes import Call
from transfer.markdown.source.front_matter import FrontMatter

_SUFFIXES = (".toml", ".yaml", ".yml", ".json")
_NAMES = (
    *(f"hugo{suffix}" for suffix in _SUFFIXES),
    *(f"config/_default/{name}{suffix}" for name in ("hugo", "config") for suffix in _SUFFIXES),
)
_OLD_NAMES = tuple(f"config{suffix}" for suffix in _SUFFIXES)
# A config.toml belongs to Hugo if it has one of these keys. Other generators have files of this name as well.
_KEYS = {"baseurl", "contentdir", "languagecode", "markup", "menu", "menus", "params", "permalinks", "publishdir"}
_PARTS = ("languages", "params", "permalinks")


def _lowered(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with keys in lower case, because Hugo ignores the letter case of keys."""
    return {str(key).lower(): value for key, value in table.items()}


def ref(call: Call) -> str | None:
    """{{< ref "b/two.md" >}}: the path of another page, which `links` replaces by its address."""
    path = call.value("path", position=0)
    return shortcodes.path_to(path) if path else None


def param(call: Call) -> str | None:
    """{{% param x %}}: a value of the front matter or of the configuration."""
    key = call.value("name", position=0).lower().replace("-", "_")
    return call.variables.get(key, call.variables.get(f"params.{key}"))


def qr(call: Call) -> str:
    """{{< qr text="…" />}}: the text, as a link if it is an address."""
    text = call.value("text", position=0)
    return shortcodes.words_of(call._replace(name="qr", positional=[text], named={})) or shortcodes.escaped(text)


class Hugo(Dialect):
    name = "hugo"
    title = "Hugo"
    shows_expressions = True
    static_folders = ("static", "assets")
    text_signs = (
        Sign(r"\{\{[<%]\s*/?[\w-]+", "shortcodes of Hugo", 3),
        Sign(r"\A\+{3}[ \t]*\n(?!(?:.*\n)*?\[(?:taxonomies|extra)\])", "front matter in TOML"),
        Sign(r"^(?:publishDate|expiryDate|lastmod|isCJKLanguage|linkTitle)\b", "fields of Hugo", 2),
    )
    name_signs = (Sign(r"(?:^|/)_index\.md\Z", "sections with an _index.md"),)
    tags = {
        **TAGS,
        "param": param,
        "qr": qr,
        "ref": ref,
        "relref": ref,
        "vimeo_simple": shortcodes.EMBEDS["vimeo"],
        "twitter_simple": shortcodes.tweet,
        "x_simple": shortcodes.tweet,
    }
    own_fields = frozenset(
        {"cascade", "headless", "layout", "linktitle", "markup", "outputs", "params", "type", "weight"}
    )

    def __init__(self, project: Project | None = None, patterns: Sequence[str] = ()) -> None:
        super().__init__(project, patterns)
        values = self.project.config
        languages = [_lowered(each) for each in config.table(values, "languages").values() if isinstance(each, dict)]
        mounts = config.table(values, "module").get("mounts")
        mounted = [each for each in mounts if isinstance(each, dict)] if isinstance(mounts, list) else []
        named = [text_of(each.get("source")).strip("/") for each in mounted if each.get("target") == "content"]
        named += [text_of(each.get("contentdir")).strip("/") for each in (*languages, values)]
        self.content_folders = tuple(filter(None, named)) or ("content",)

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        found = config.read_first(folder, _NAMES)
        if found is None:
            found = config.read_first(folder, _OLD_NAMES)
            if found is None or not _KEYS & {str(key).lower() for key in found[1]}:
                return None
        values = _lowered(found[1])
        for name in _PARTS:  # tables with a file of their own
            part = config.read_first(folder, (f"config/_default/{name}{suffix}" for suffix in _SUFFIXES))
            if part:
                values[name] = part[1]
        return found[0], values

    @property
    def variables(self) -> Mapping[str, str]:
        return {
            **config.texts(self.project.config, "site."),
            **config.texts(config.table(self.project.config, "params"), "params."),
        }

    def reason_to_skip(self, name: str) -> str:
        place = self.project.place(name)
        if PurePosixPath(place).name.startswith("_index."):
            return "the file describes a section and is not a post"
        if self.project.is_known and self.content_path(place) == place:
            return f"the file is not in {self.content_folders[0]}/, so it is not a page of the site"
        return super().reason_to_skip(name)

    def file_name(self, name: str) -> FileName:
        place = PurePosixPath(self.project.place(name))
        if self._language(place):
            place = place.with_name(f"{place.stem.rpartition('.')[0]}{place.suffix}")
        return FileName.of(place.as_posix())

    def _language(self, place: PurePosixPath) -> str:
        """Names of translations end with a language of the configuration: index.de.md."""
        languages = {str(code).lower() for code in config.table(self.project.config, "languages")}
        _, dot, language = place.stem.lower().rpartition(".")
        return language if dot and language in languages else ""

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        fields = {**config.table(head.fields, "params"), **head.fields}
        if "/" not in self.content_path(self.project.place(name)) and self.project.is_known:
            fields.setdefault("type", "page")
        if language := self._language(PurePosixPath(self.project.place(name))):
            fields.setdefault("lang", language)
        if self.sections.is_of_pages(name):
            fields["type"] = "page"
        return head._replace(fields=fields)

    def own_addresses(self, page: Page) -> Iterator[str]:
        path = PurePosixPath(self.content_path(page.place))
        folder = page.file.folder_of(path)
        base = self._base()
        url = text_of(page.fields.get("url"))
        if url:
            yield f"{base}/{url.lstrip('/')}"
        pattern = self._pattern(page)
        if pattern:
            yield from (f"{base}{address}" for address in permalinks.filled(pattern, page, self.values))
        last = text_of(page.fields.get("slug")) or page.file.name
        parts = [*folder.parts, last]
        address = "/".join(map(permalinks.segment, parts))
        yield f"{base}/{address}.html" if self.project.config.get("uglyurls") is True else f"{base}/{address}/"
        for alias in permalinks.names(page.fields, "aliases"):
            if not alias.startswith("/") and "://" not in alias:  # relative to the folder of the page
                yield f"{base}/{permalinks.joined(PurePosixPath(address).parent, alias)}"

    def _base(self) -> str:
        """The path of the base address: the site may have been published below a folder of its host."""
        address = text_of(self.project.config.get("baseurl")).rstrip("/")
        path = address.partition("://")[2].partition("/")[2]
        return f"/{path}" if path else ""

    def _pattern(self, page: Page) -> str:
        section = PurePosixPath(self.content_path(page.place)).parts[0]
        tables = config.table(self.project.config, "permalinks")
        pattern = text_of(config.table(tables, "page").get(section)) or text_of(tables.get(section))
        return f"/{pattern.lstrip('/')}" if pattern else ""

    def values(self, page: Page, moment: date | datetime | None) -> dict[str, str]:
        known = super().values(page, moment)
        title = permalinks.segment(page.title)
        slug = permalinks.segment(text_of(page.fields.get("slug")))
        lowered = {key: known[key].lower() for key in ("filename", "contentbasename", "slugorfilename", "section")}
        return {**known, **lowered, "title": title, "slug": slug or title}

    def linked_places(self, path: str, place: str) -> Iterator[str]:
        yield from super().linked_places(path, place)
        # In a page bundle a relative path can start at the folder around the bundle, as its address does.
        if PurePosixPath(place).stem.startswith("index") and not path.startswith("/"):
            yield from permalinks.files_at(permalinks.joined(PurePosixPath(place).parent.parent, path))
