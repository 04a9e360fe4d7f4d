"""Parses a Markdown file into a draft of a post."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import PurePath

from django.utils import timezone

from blogs.models import Post
from blogs.models.placements import SLUG_LENGTH
from blogs.slugs import slug_from
from transfer.dialects import DIALECTS, Dialect, Page
from transfer.markdown.fields import bylines, dates, feed_ids, plain_text
from transfer.markdown.fields.covers import cover_of
from transfer.markdown.fields.languages import language_of
from transfer.markdown.fields.moments import Moments, moments_of
from transfer.markdown.fields.old_addresses import path_of
from transfer.markdown.fields.titles import title_of
from transfer.markdown.fields.values import Fields, items_of, text_of
from transfer.markdown.outcomes import Note, Subject
from transfer.markdown.source import front_matter
from transfer.markdown.source.front_matter import FrontMatter

_PLAIN = DIALECTS["plain"]()
NAME_LENGTH = 100  # Maximum characters of the name of a tag or author, and of its slug.
# Names that Jekyll, Hugo, Eleventy, Pelican and others use for the same field. The first field with a value is used.
_AUTHORS = ("authors", "author", "byline", "by", "authorname", "postauthor", "writer", "creator")
_EXCERPT = ("excerpt", "summary", "description", "subtitle", "abstract", "lead", "intro")
_OLD_ADDRESSES = ("redirectfrom", "aliases", "alias", "permalink", "url")
# Values of the fields `status` and `visibility`.
_NOT_PUBLIC = {"draft", "hidden", "pending", "private", "unpublished"}


@dataclass(frozen=True)
class Draft:
    """A parsed file. `body` and `cover` are copied unchanged. `cover` is empty if the file names no cover."""

    name: str  # the path of the file in the archive
    title: str
    slug: str
    kind: Post.Kind
    language: str  # a code of LANGUAGES, or empty
    body: str
    body_line: int
    excerpt: str
    unpublished_because: str  # Why the post is a draft, to be read after “1 draft”. Empty if it is not.
    date: datetime | None
    updated: datetime | None
    pinned: bool
    authors: dict[str, str]  # slug → name
    tags: dict[str, str]
    cover: str
    cover_alt: str
    old_addresses: tuple[str, ...]
    feed_id: str
    variables: dict[str, str]  # Fields of the front matter that template tags in the text may use.
    ignored_fields: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def is_draft(self) -> bool:
        return bool(self.unpublished_because)


def read(text: str, name: str, zone: tzinfo, dialect: Dialect = _PLAIN) -> Draft:
    """Parse the text of the file with the path `name`. Raises Broken if the file cannot be imported."""
    head = dialect.common_fields(name, front_matter.split(text))
    return _Parser(head, name, zone, dialect).draft()


class _Parser:
    def __init__(self, head: FrontMatter, name: str, zone: tzinfo, dialect: Dialect) -> None:
        self.head = head
        self.fields = Fields(head)
        self.fields.count_as_understood(dialect.own_fields)
        self.zone = zone
        self.dialect = dialect
        self.name = name
        self.place = dialect.project.place(name)
        self.file = dialect.file_name(name)
        self.notes: list[Note] = []
        self.stem = self.file.stem
        self.name_date = self.file.day or None

    def draft(self) -> Draft:
        fields = self.fields
        title, body = title_of(fields, self.head.body, self.stem)
        kind = self._kind()
        moments = moments_of(fields, self.name_date, self.zone, self.note)
        cover = cover_of(fields)
        return Draft(
            name=self.name,
            title=self.cut(title, 200, "title"),
            slug=self._slug(title) or str(kind),
            kind=kind,
            language=language_of(fields, self.note),
            body=body,
            body_line=self.head.body_line,
            excerpt=self._excerpt(),
            unpublished_because=self._unpublished_because(kind, moments),
            date=moments.published,
            updated=moments.updated,
            pinned=any(fields.says(field, yes=True) for field in ("pinned", "sticky")),
            authors=self._by_slug("author", bylines.names(fields.first(_AUTHORS)[1])),
            tags=self._by_slug("tag", self._tags()),
            cover=cover.address,
            cover_alt=self.cut(cover.alt, 1000, "imagealt"),
            old_addresses=tuple(self._old_addresses(title, moments.published)),
            feed_id=self._feed_id(),
            variables={key: text_of(value) for key, value in self.head.fields.items() if text_of(value)},
            ignored_fields=fields.ignored(),
            notes=tuple(self.notes),
        )

    def note(self, message: str, field: str = "", cause: str = "") -> None:
        self.notes.append(Note(Subject.FIELD, message, self.fields.line(field), cause or message, field))

    def cut(self, text: str, length: int, field: str) -> str:
        if len(text) <= length:
            return text
        self.note(f"the {field} has {len(text):,} characters; it is cut to {length:,}", field, "too long")
        return f"{text[: length - 1].rstrip()}…"

    # -- one field each ---------------------------------------------------------------------------------------------

    def _slug(self, title: str) -> str:
        slugs = (slug_from(text, SLUG_LENGTH) for text in (self.fields.text("slug") or self.stem, title))
        return next(filter(None, slugs), "")

    def _kind(self) -> Post.Kind:
        is_page = "page" in (self.fields.text("layout").lower(), self.fields.text("type").lower())
        return Post.Kind.PAGE if is_page else Post.Kind.POST

    def _unpublished_because(self, kind: Post.Kind, moments: Moments) -> str:
        fields = self.fields
        for field, marks_draft in (("draft", True), ("private", True), ("published", False), ("publish", False)):
            if fields.says(field, yes=marks_draft):
                return f"{field}: {str(marks_draft).lower()}"
        for field in ("status", "visibility"):
            if (value := fields.text(field).lower()) in _NOT_PUBLIC:
                return f"{field}: {value}"
        if "_drafts" in PurePath(self.place).parts:
            return "in a folder _drafts"
        if moments.expires and moments.expires <= timezone.now():
            self.note(f"the post expired on {moments.expires:%Y-%m-%d}; it becomes a draft", "expirydate", "expired")
            return "expired"
        if moments.expires:
            self.note(
                f"the post expires on {moments.expires:%Y-%m-%d}; nothing withdraws it then, so withdraw it by hand",
                "expirydate",
                "expires in the future",
            )
        if moments.published is None and kind == Post.Kind.POST:
            self.note(
                "neither the front matter nor the file name has a date; the post becomes a draft", cause="no date"
            )
            return "no date"
        return ""

    def _excerpt(self) -> str:
        text = self.fields.text(*_EXCERPT)
        return plain_text.excerpt(text) if text else ""

    def _tags(self) -> list[str]:
        """Tags and categories. A text is separated at commas, and in Jekyll, whose files have a date, at spaces."""
        found: list[str] = []
        for plural, singular in (("tags", "tag"), ("categories", "category")):
            field, value = self.fields.first((plural, singular))
            if not isinstance(value, str):
                found += items_of(value)
            elif "," in value or field == singular or self.head.is_plain or not self.name_date:
                found += value.split(",")
            else:
                found += value.split()
        return [tag.strip().removeprefix("#") for tag in found]

    def _by_slug(self, what: str, names: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in filter(None, map(plain_text.of_html, names)):
            # The slug comes from the stored name, so that the next import finds the author by it.
            stored = cut_name(name)
            slug = slug_from(stored, NAME_LENGTH)
            if slug:
                found.setdefault(slug, stored)
            else:
                self.note(
                    f"the {what} {stored!r} has no letters or digits for a slug; this {what} is left out",
                    f"{what}s",
                    f"a {what} without letters or digits",
                )
        return found

    def _feed_id(self) -> str:
        try:
            return feed_ids.feed_id_of(self.fields)
        except ValueError as error:
            self.note(f"{error}; the post gets a new id, so feed readers show it again", "guid", "invalid feed id")
            return ""

    def _old_addresses(self, title: str, when: datetime | None) -> Iterable[str]:
        """Addresses in the front matter, and those that the generator gave to the post."""
        written = [address for field in _OLD_ADDRESSES for address in items_of(self.fields.get(field))]
        days: list[date] = [] if when is None else [when, when.astimezone(self.zone), when.astimezone(UTC)]
        with suppress(ValueError):
            days += [dates.parse(self.name_date, self.zone)] if self.name_date else []
        page = Page(self.place, self.file, title, self.head.fields, days)
        written += self.dialect.old_addresses(page)
        return dict.fromkeys(filter(None, map(path_of, written)))


def cut_name(name: str) -> str:
    """The name of a tag or an author, cut if it is too long, if possible at the end of a word."""
    if len(name) <= NAME_LENGTH:
        return name
    begin = name[: NAME_LENGTH - 1]
    words = begin.rpartition(" ")[0]
    return f"{(words if len(words) > NAME_LENGTH // 2 else begin).rstrip(' ,;')}…"
