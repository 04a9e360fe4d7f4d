"""Hexo: source/_posts/, tag plugins, the asset folder of a post, permalinks of _config.yml."""

import hashlib
import html
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from transfer.dialects import config, permalinks, shortcodes
from transfer.dialects.base import TAGS, VERBATIM_TAGS, Dialect, Sign
from transfer.dialects.config import text_of
from transfer.dialects.page import Page
from transfer.dialects.shortcodes import Call
from transfer.markdown.source.front_matter import FrontMatter

DEFAULT_PERMALINK = ":year/:month/:day/:title/"
_KEYS = {"default_category", "new_post_name", "permalink_defaults", "post_asset_folder", "skip_render", "source_dir"}
POSTS, DRAFTS = "_posts", "_drafts"


def _with_suffix(values: list[str]) -> int | None:
    """The position of the first argument that is the name of a file."""
    return next((number for number, value in enumerate(values) if "." in value.strip(".")), None)


def asset_img(call: Call) -> str | None:
    """{% asset_img [class names] picture.png [width] [height] ["title" ["alt"]] %}"""
    position = _with_suffix(call.positional)
    if position is None:
        return None
    words = [value for value in call.positional[position + 1 :] if not value.isdigit()]
    return shortcodes.image(call, call.positional[position], " ".join(words))


def asset_path(call: Call) -> str | None:
    return shortcodes.path_to(call.positional[0]) if call.positional else None


def asset_link(call: Call) -> str | None:
    """{% asset_link file.pdf Words %}"""
    return _link_to(call, call.positional[0]) if call.positional else None


def post_link(call: Call) -> str | None:
    """{% post_link two "Words" %}"""
    return _link_to(call, f"/{call.positional[0].lstrip('/')}") if call.positional else None


def post_path(call: Call) -> str | None:
    return shortcodes.path_to(f"/{call.positional[0].lstrip('/')}") if call.positional else None


def link(call: Call) -> str | None:
    """{% link Words https://… [external] [title] %}"""
    values = call.positional
    position = next((number for number, value in enumerate(values) if "://" in value or value.startswith("/")), None)
    return shortcodes.link(call, values[position], " ".join(values[:position])) if position is not None else None


def codeblock(call: Call) -> str:
    """{% codeblock [title] lang:python [url] %}: fenced code after its title."""
    title = " ".join(value for value in call.positional if "://" not in value)
    code = shortcodes.code_block(call.value("lang", "language"), call.content)
    return f"{shortcodes.escaped(title)}\n\n{code}" if title else code


def _link_to(call: Call, path: str) -> str:
    words = " ".join(call.positional[1:]).removesuffix(" false").removesuffix(" true")
    words = words or PurePosixPath(path).stem.replace("-", " ")
    return f'<a href="{html.escape(shortcodes.path_to(path))}">{html.escape(words, quote=False)}</a>'


class Hexo(Dialect):
    name = "hexo"
    title = "Hexo"
    content_folders = ("source", "source/_posts", "_posts")
    text_signs = (
        Sign(r"\{%\s*(?:asset_\w+|post_link|post_path|endcodeblock|codeblock|img|iframe|endnote)\b", "tag plugins", 3),
        Sign(r"^date: ['\"]?[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}['\"]?$", "dates with seconds"),
        Sign(r"^(?:categories|tags):[ \t]*\n\s*- \[", "categories as paths"),
    )
    name_signs = (
        Sign(r"(?:^|/)source/_posts/", "the folder source/_posts/", 4),
        Sign(r"(?:^|/)_posts/(?![0-9]{4}-)[^/]+\.md\Z", "files without a date in _posts/", 2),
    )
    tags = {
        **TAGS,
        "/pullquote": shortcodes.quote_end,
        "asset_img": asset_img,
        "asset_link": asset_link,
        "asset_path": asset_path,
        "img": asset_img,
        "link": link,
        "post_link": post_link,
        "post_path": post_path,
        "pullquote": shortcodes.quote_begin,
        "url_for": asset_path,
    }
    verbatim_tags = {**VERBATIM_TAGS, "code": codeblock, "codeblock": codeblock}

    @classmethod
    def config_of(cls, folder: Path) -> tuple[str, Mapping[str, Any]] | None:
        found = config.read_first(folder, ("_config.yml", "_config.yaml", "_config.json"))
        if found and ((folder / "source" / POSTS).is_dir() or _KEYS & {str(key) for key in found[1]}):
            return found
        return None

    @property
    def variables(self) -> Mapping[str, str]:
        return config.texts(self.project.config, "config.")

    def reason_to_skip(self, name: str) -> str:
        place = self.project.place(name)
        folder = text_of(self.project.config.get("source_dir")).strip("/") or "source"
        if self.project.is_known and place.split("/")[0] not in (folder, POSTS, DRAFTS):
            return f"the file is not in {folder}/, so it is not a page of the site"
        parts = PurePosixPath(place).parts[:-1]
        hidden = next((part for part in parts if part.startswith("_") and part not in (POSTS, DRAFTS)), "")
        return f"the folder {hidden}/ has no pages of the site" if hidden else super().reason_to_skip(name)

    def common_fields(self, name: str, head: FrontMatter) -> FrontMatter:
        fields = dict(head.fields)
        parts = PurePosixPath(self.project.place(name)).parts[:-1]
        if DRAFTS in parts:
            fields["draft"] = True
        elif POSTS not in parts and self.project.is_known:
            fields.setdefault("type", "page")
        categories = fields.get("categories")
        if isinstance(categories, list):  # a list within the list is a path in the tree of categories
            fields["categories"] = [
                name for each in categories for name in (each if isinstance(each, list) else [each])
            ]
        return head._replace(fields=fields)

    def own_addresses(self, page: Page) -> Iterator[str]:
        root = f"/{text_of(self.project.config.get('root')).strip('/')}".rstrip("/")
        own = text_of(page.fields.get("permalink"))
        if f"/{POSTS}/" in f"/{page.place}" or not self.project.is_known:
            pattern = own or text_of(self.project.config.get("permalink")) or DEFAULT_PERMALINK
            yield from (f"{root}{address}" for address in permalinks.filled(pattern, page, self.values))
            if page.file.day:  # The default name of a file has no date, so a date in it is part of the title.
                undated = page._replace(file=page.file.undated())
                yield from (f"{root}{address}" for address in permalinks.filled(pattern, undated, self.values))
        else:
            path = PurePosixPath(self.content_path(page.place))
            folder = page.file.folder_of(path)
            address = (folder / page.file.name).as_posix()
            yield f"{root}/{address}/" if page.file.is_index else f"{root}/{address}.html"

    def values(self, page: Page, moment: date | datetime | None) -> dict[str, str]:
        known = super().values(page, moment)
        below = page.place.partition(f"{POSTS}/")[2] or self.content_path(page.place)
        title = (PurePosixPath(below).parent / page.file.stem).as_posix() if not page.file.is_index else page.file.stem
        category = known["categories"] or text_of(self.project.config.get("default_category")) or "uncategorized"
        defaults = {
            key: text_of(value) for key, value in config.table(self.project.config, "permalink_defaults").items()
        }
        fields = {key: text_of(value) for key, value in page.fields.items() if text_of(value)}
        own = {"title": title, "name": page.file.stem, "category": category}
        if isinstance(moment, datetime):
            own["timestamp"] = str(int(moment.timestamp()))
            digest = hashlib.sha1(f"{title}{own['timestamp']}".encode(), usedforsecurity=False)
            own["hash"] = digest.hexdigest()[:12]
        return {**defaults, **fields, **known, **own}
