"""The interface of a dialect: what a static site generator makes of a folder of Markdown files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, NamedTuple

from transfer.dialects import mdx, permalinks, shortcodes
from transfer.dialects.page import FileName, Page
from transfer.dialects.sections import Sections
from transfer.markdown.outcomes import Note
from transfer.markdown.source.front_matter import FrontMatter

Handler = Callable[[shortcodes.Call], str | None]

TAGS: Mapping[str, Handler] = {
    **shortcodes.EMBEDS,
    "/blockquote": shortcodes.quote_end,
    "/details": shortcodes.details_end,
    "/quote": shortcodes.quote_end,
    "blockquote": shortcodes.quote_begin,
    "details": shortcodes.details_begin,
    "figure": shortcodes.figure_tag,
    "img": shortcodes.figure_tag,
    "quote": shortcodes.quote_begin,
    "toc": shortcodes.removed,
}
VERBATIM_TAGS: Mapping[str, Handler] = {
    "comment": shortcodes.removed,
    "highlight": shortcodes.highlight,
    "raw": shortcodes.as_written,
    "verbatim": shortcodes.as_written,
}

# Files beside the configuration that describe the project.
_ABOUT_THE_PROJECT = {"changelog", "code_of_conduct", "contributing", "license", "readme", "security", "todo"}
_SPECIAL = {
    "404": "the file is the error page of the old site",
    "index": "the file is the home page of the old site",
    "search": "the file is the search page of the old site",
}
_NO_CONTENT = {"_includes", "_layouts", "_sass", "node_modules"}
_NO_CONTENT_AT_ROOT = _NO_CONTENT | {"archetypes", "layouts", "scaffolds", "themes"}


# Names of folders that are often the first part of the addresses of their files.
_USUAL_MOUNTS = {"articles", "blog", "journal", "news", "notes", "posts", "weblog", "writing"}
MAX_MOUNT = 3  # folders


@dataclass(frozen=True)
class Project:
    """The project of a generator. `below` is the path of the imported folder within the project."""

    folder: Path = Path()
    below: PurePosixPath = field(default_factory=PurePosixPath)
    config: Mapping[str, Any] = field(default_factory=dict)
    is_known: bool = False  # Whether `below` is certain, because of a configuration file or the name of the folder.

    @property
    def mounts(self) -> Sequence[str]:
        """Paths that the imported folder can have had on the old site: blog, news/blog."""
        parts = self.folder.resolve().parts[1:]
        return ["/".join(parts[-length:]) for length in range(1, min(len(parts), MAX_MOUNT) + 1)]

    def place(self, name: str) -> str:
        """The path in the project of the imported file `name`."""
        return (self.below / name).as_posix()


class Sign(NamedTuple):
    """A pattern in file names or texts that suggests a dialect, if no configuration file decides."""

    pattern: str
    words: str  # for the message that gives the reason
    weight: int = 1


class Dialect:
    """The rules that all generators share. Subclasses are the generators, and `Plain` for archives of an unknown one.

    An instance belongs to one import.
    """

    name: ClassVar[str] = "plain"
    title: ClassVar[str] = "plain Markdown"
    name_signs: ClassVar[tuple[Sign, ...]] = ()
    text_signs: ClassVar[tuple[Sign, ...]] = ()
    # Folders of the project whose files a page can link to from the root: /img/a.png is static/img/a.png.
    static_folders: ClassVar[tuple[str, ...]] = ()
    content_folders: tuple[str, ...] = ("content", "source", "src/content", "src", "docs")
    tags: ClassVar[Mapping[str, Handler]] = TAGS
    # Tags with an end tag whose content is not Markdown.
    verbatim_tags: ClassVar[Mapping[str, Handler]] = VERBATIM_TAGS
    # Fields of the generator that `common_fields` reads, or that concern its templates. `_` and `-` are left out.
    own_fields: ClassVar[frozenset[str]] = frozenset({"layout"})
    # Whether {{ x }} in a text means itself. Then readers see it as code.
    shows_expressions: ClassVar[bool] = False

    def __init__(self, project: Project | None = None, patterns: Sequence[str] = ()) -> None:
        self.project = project or Project()
        self.patterns = tuple(patterns)
        self.sections = Sections(self)

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        """The name and the content of the generator's configuration in `folder`, or None."""
        return None

    # -- files ---------------------------------------------------------------------------------------------------------

    def reason_to_skip(self, name: str) -> str:
        """Why the file is not a page of the old site. Empty if it is one."""
        place = PurePosixPath(self.project.place(name))
        if self.project.is_known:
            if len(place.parts) == 1 and place.stem.lower() in _ABOUT_THE_PROJECT:
                return "the file describes the project and is not a page of the site"
            folders = place.parts[:-1]
            hidden = (part for part in folders if part in _NO_CONTENT)
            folder = folders[0] if folders and folders[0] in _NO_CONTENT_AT_ROOT else next(hidden, "")
            if folder:
                return f"the folder {folder}/ has no pages of the site"
            return _SPECIAL.get(PurePosixPath(self.content_path(place.as_posix())).with_suffix("").as_posix(), "")
        return ""

    def file_name(self, name: str) -> FileName:
        """The parts of the file's name."""
        return FileName.of(self.project.place(name))

    def content_path(self, place: str) -> str:
        """The path of a file below the folder of the content, such as posts/a.md for content/posts/a.md."""
        for folder in self.content_folders:
            if place.startswith(f"{folder}/"):
                return place[len(folder) + 1 :]
        return place

    # -- front matter and text -----------------------------------------------------------------------------------------

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        """The front matter with the field names that `drafts` knows."""
        return head

    def markdown(self, text: str, name: str, first_line: int) -> tuple[str, list[Note]]:
        """The text as Markdown. Template tags stay, because `template_tags` converts them."""
        return mdx.as_markdown(text, name, first_line)

    @property
    def variables(self) -> Mapping[str, str]:
        """Values of the configuration that template tags may use."""
        return {}

    @property
    def excerpt_separator(self) -> str:
        """A text that ends the excerpt, beside <!--more-->."""
        return ""

    # -- addresses -----------------------------------------------------------------------------------------------------

    def old_addresses(self, page: Page) -> Iterator[str]:
        """The addresses that the page had on the old site. The first one is the most probable."""
        yield from self.own_addresses(page)
        if not self.project.is_known and self.project.mounts[0] in _USUAL_MOUNTS:
            yield from (f"/{self.project.mounts[0]}{address}" for address in self.own_addresses(page))
        for pattern in self.patterns:
            yield from permalinks.filled(pattern, page, self.values)

    def own_addresses(self, page: Page) -> Iterator[str]:
        """The addresses that the generator gave to the page."""
        if page.file.day:
            yield from permalinks.filled("/:year/:month/:day/:stem/", page, self.values)
            yield from permalinks.filled("/:year/:month/:day/:stem.html", page, self.values)
        path = PurePosixPath(self.content_path(page.place))
        folder = page.file.folder_of(path)
        yield f"/{(folder / (page.file.name)).as_posix()}/"
        yield f"/{(folder / (page.file.stem)).as_posix()}/"

    def values(self, page: Page, moment: date | datetime | None) -> dict[str, str]:
        """The values of placeholders in patterns of addresses."""
        return permalinks.values(page, moment, self.content_path(page.place))

    def linked_places(self, path: str, place: str) -> Iterable[str]:
        """Places in the project that a link to `path` in the file `place` can mean, most probable first."""
        folder = PurePosixPath(place).parent
        if not path.startswith("/"):
            yield from permalinks.files_at(permalinks.joined(folder, path))
        rest = path.lstrip("/")
        yield from permalinks.files_at(permalinks.joined(PurePosixPath(), rest))
        for content in self.content_folders:
            yield from permalinks.files_at(permalinks.joined(PurePosixPath(content), rest))
        if self.project.below.parts:
            yield from permalinks.files_at(permalinks.joined(self.project.below, rest))
        if path.startswith("/"):
            for mount in self.project.mounts:
                if rest.startswith(f"{mount}/"):
                    yield from permalinks.files_at(permalinks.joined(self.project.below, rest[len(mount) + 1 :]))
