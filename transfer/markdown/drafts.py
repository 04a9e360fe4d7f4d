"""Parses a Markdown file into a draft of a post."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from blogs import markdown
from blogs.models import Post
from blogs.models.placements import SLUG_LENGTH
from blogs.slugs import slug_from
from lib.text_fields import one_line
from transfer.markdown import code, dates, front_matter
from transfer.markdown.front_matter import FrontMatter
from transfer.markdown.outcomes import Note, Subject

_DATED_NAME = re.compile(r"(?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})[-_ ](?P<stem>.+)")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t](?P<title>[^\n]*)\n?", re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
NAME_LENGTH = 100  # Maximum characters of the name of a tag or author, and of its slug.
# Names that Jekyll, Hugo, Eleventy, Pelican and others use for the same field. The first field with a value is used.
_EXCERPT = ("excerpt", "summary", "description")
_DATE = ("date", "publishdate", "publish_date", "pubdate", "published_at")
_COVER = ("image", "cover", "cover_image", "featured_image")
_COVER_ALT = ("image_alt", "cover_alt", "cover_image_alt", "featured_image_alt")
_OLD_ADDRESSES = ("redirect_from", "aliases", "permalink")


@dataclass(frozen=True)
class Draft:
    """A parsed file. `body` and `cover` are copied unchanged. `cover` is empty if the file names no cover."""

    title: str
    slug: str
    kind: Post.Kind
    body: str
    body_line: int
    excerpt: str
    is_draft: bool
    date: datetime | None
    pinned: bool
    authors: dict[str, str]  # slug → name
    tags: dict[str, str]
    cover: str
    cover_alt: str
    old_addresses: tuple[str, ...]
    variables: dict[str, str]  # Fields of the front matter that template tags in the text may use.
    notes: tuple[Note, ...]


def read(text: str, name: str, zone: tzinfo) -> Draft:
    """Parse the text of the file with the path `name`. Raises Broken if the file cannot be imported."""
    return _Parser(front_matter.split(text), name, zone).draft()


class _Parser:
    def __init__(self, head: FrontMatter, name: str, zone: tzinfo) -> None:
        self.head = head
        self.zone = zone
        self.notes: list[Note] = []
        path = PurePath(name)
        # In Hugo, a folder with an index.md is one post and has the folder's name.
        stem = path.parent.name if path.stem in ("index", "_index") and path.parent.name else path.stem
        dated = _DATED_NAME.fullmatch(stem)
        self.stem = dated["stem"] if dated else stem
        self.name_date = dated["date"] if dated else None

    def draft(self) -> Draft:
        title, body = self._title()
        kind, when = self._kind(), self._date()
        return Draft(
            title=title,
            slug=self._slug(title) or str(kind),
            kind=kind,
            body=body,
            body_line=self.head.body_line,
            excerpt=self._excerpt(),
            is_draft=self._is_draft(kind, when),
            date=when,
            pinned=self.head.fields.get("pinned") is True,
            authors=self._by_slug("author", _items(self._first(("authors", "author")))),
            tags=self._by_slug("tag", self._tags()),
            cover=self._cover(),
            cover_alt=self.cut(self.first_text(_COVER_ALT) or self._from_cover(("alt", "caption")), 1000, "image_alt"),
            old_addresses=tuple(self._old_addresses(when)),
            variables={key: _text(value) for key, value in self.head.fields.items() if _text(value)},
            notes=tuple(self.notes),
        )

    # -- reading fields ---------------------------------------------------------------------------------------------

    def note(self, message: str, field: str = "", subject: Subject = Subject.FIELD) -> None:
        self.notes.append(Note(subject, message, self.head.lines.get(field)))

    def text(self, field: str) -> str:
        return _text(self.head.fields.get(field))

    def first_text(self, fields: Iterable[str]) -> str:
        return next(filter(None, map(self.text, fields)), "")

    def _first(self, fields: Iterable[str]) -> Any:
        return next((self.head.fields[field] for field in fields if self.head.fields.get(field)), None)

    def cut(self, text: str, length: int, field: str) -> str:
        if len(text) <= length:
            return text
        self.note(f"the {field} has {len(text):,} characters; it is cut to {length:,}", field)
        return f"{text[: length - 1].rstrip()}…"

    # -- one field each ---------------------------------------------------------------------------------------------

    def _title(self) -> tuple[str, str]:
        """The title, and the body. If the first heading of the body repeats the title, it is removed."""
        body = self.head.body
        heading = code.search(_HEADING, body)
        title = _plain(self.text("title"))
        leads = heading is not None and not body[: heading.start()].strip()
        heading_text = _markdown_as_text(heading["title"].rstrip(" \t#")) if heading and (leads or not title) else ""
        if heading and leads and title in ("", heading_text):
            # Empty lines replace the heading, so that the line numbers in notes stay correct.
            body = "\n" * heading[0].count("\n") + body[heading.end() :]
        title = title or heading_text or self.stem.replace("-", " ").replace("_", " ").strip().capitalize()
        return self.cut(title, 200, "title"), body

    def _slug(self, title: str) -> str:
        slugs = (slug_from(text, SLUG_LENGTH) for text in (self.text("slug") or self.stem, title))
        return next(filter(None, slugs), "")

    def _kind(self) -> Post.Kind:
        is_page = "page" in (self.text("layout").lower(), self.text("type").lower())
        return Post.Kind.PAGE if is_page else Post.Kind.POST

    def _is_draft(self, kind: Post.Kind, when: datetime | None) -> bool:
        fields = self.head.fields
        if fields.get("draft") is True or fields.get("published") is False or self.text("status") == "draft":
            return True
        if when is None and kind == Post.Kind.POST:
            self.note("neither the front matter nor the file name has a date; the post becomes a draft")
            return True
        return False

    def _date(self) -> datetime | None:
        field = next((field for field in _DATE if self.head.fields.get(field)), "")
        for value in (self.head.fields.get(field), self.name_date):
            try:
                if value is not None:
                    return dates.parse(value, self.zone)
            except ValueError as error:
                self.note(f"{error}; the value is ignored", field)
        return None

    def _excerpt(self) -> str:
        text = self.first_text(_EXCERPT)
        return markdown.plain_text(markdown.render(text), 1000).strip() if text else ""

    def _tags(self) -> list[str]:
        tags = self.head.fields.get("tags") or self.head.fields.get("tag")
        both = (tags, self._first(("categories", "category")))
        return [tag for value in both for tag in (value.split(",") if isinstance(value, str) else _items(value))]

    def _by_slug(self, what: str, names: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in filter(None, (" ".join(_plain(name).split()) for name in names)):
            slug = slug_from(name, NAME_LENGTH)
            if slug:
                found.setdefault(slug, name[:NAME_LENGTH])
            else:
                self.note(
                    f"the {what} {name[:NAME_LENGTH]!r} has no letters or digits for a slug; this {what} is left out",
                    f"{what}s",
                )
        return found

    def _cover(self) -> str:
        return self.first_text(_COVER) or self._from_cover(("image", "path", "src", "url"))

    def _from_cover(self, keys: Iterable[str]) -> str:
        cover = self._first(_COVER)
        values = (cover.get(key) for key in keys) if isinstance(cover, dict) else ()
        return next(filter(None, map(_text, values)), "")

    def _old_addresses(self, when: datetime | None) -> Iterable[str]:
        """Addresses in the front matter, and /2014/03/12/slug/, which Jekyll and Eleventy derive from the file name."""
        written = [address for field in _OLD_ADDRESSES for address in _items(self.head.fields.get(field))]
        days: list[date] = [] if when is None else [when, when.astimezone(UTC)]
        if self.name_date:
            year, month, day = self.name_date.split("-")
            written.append(f"/{year}/{month:0>2}/{day:0>2}/{self.stem}/")
            written += [f"/{day:%Y/%m/%d}/{self.stem}/" for day in days]
        paths = (_path(address) for address in written if "/:" not in address and "{{" not in address)
        return dict.fromkeys(path for path in paths if path)


def _text(value: Any) -> str:
    """A scalar of the front matter as text. Lists, mappings and missing values become empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "ignore").decode().strip()


def _items(value: Any) -> list[str]:
    """A list of texts from a value that is a text, a mapping with the key `name`, or a list of these."""
    values = value if isinstance(value, list) else [value]
    texts = (_text(item.get("name") if isinstance(item, dict) else item) for item in values)
    return list(filter(None, texts))


def _markdown_as_text(text: str) -> str:
    """Markdown as plain text."""
    return _plain(html.escape(markdown.plain_text(markdown.render(text), 1000)))


def _plain(text: str) -> str:
    """The text without HTML tags and entities. Markdown characters stay, because names such as O*NET contain them."""
    return " ".join(one_line(html.unescape(_TAG.sub("", text))).split())


def _path(address: str) -> str:
    """The path of an old address as Django sees it in a request, or "" if the address needs its query string."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    path = unquote(parts.path)
    return "" if parts.query or not path.strip("/") else f"/{path.lstrip('/')}"
