"""Finds the dates of a post in its front matter and in the name of its file."""

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

from django.utils import timezone

from transfer.markdown.fields import dates
from transfer.markdown.fields.values import ANSWERS, Fields, text_of

# The first field with a value is used.
_DATE = ("date", "datepublished", "published", "created", "createdat", "createdon", "datecreated", "posted")
_PUBLISHED = ("publishdate", "pubdate", "pubdatetime", "publishedat", "publishedon", "publishedtime", "publishat")
_UPDATED = (
    "lastmod", "lastmodified", "lastmodifiedat", "updated", "updatedat", "updatedon", "updateddate", "upddate",
    "moddate", "moddatetime", "modified", "modifiedat", "modifieddate", "dateupdated", "datemodified", "lastupdated",
    "lastupdate", "lastedited", "revised",
)  # fmt: skip
_EXPIRES = ("expirydate", "expiry", "expires", "expiresat", "expirationdate", "unpublishdate", "unpublishat")

AddNote = Callable[[str, str, str], None]  # message, field, cause


class Moments(NamedTuple):
    """`published` is the date of the post. A post with `expires` in the past was removed from its old site."""

    published: datetime | None
    updated: datetime | None
    expires: datetime | None


def moments_of(fields: Fields, name_date: str | None, zone: tzinfo, note: AddNote) -> Moments:
    """The dates in the front matter. `name_date` is the date in the name of the file. `note` reports invalid dates."""
    reader = _Reader(fields, zone, note)
    written, released = reader.first(_DATE), reader.first(_PUBLISHED)
    published = max(filter(None, (written, released)), default=None) or reader.parsed(name_date, "")
    updated = reader.first(_UPDATED)
    if updated and updated > timezone.now():
        note(f"the last change {updated:%Y-%m-%d} is in the future; the value is ignored", reader.found, "invalid date")
        updated = None
    return Moments(published, updated, reader.first(_EXPIRES))


class _Reader:
    def __init__(self, fields: Fields, zone: tzinfo, note: AddNote) -> None:
        self.fields = fields
        self.zone = zone
        self.note = note
        self.found = ""  # the name of the field that `first` read last

    def first(self, names: Iterable[str]) -> datetime | None:
        """The date in the first field that has a value. A value such as `published: true` is not a date."""
        values = {name: self.fields.get(name) for name in names}
        values = {name: value for name, value in values.items() if value and not _is_answer(value)}
        self.found = next(iter(values), "")
        return self.parsed(values.get(self.found), self.found)

    def parsed(self, value: object, field: str) -> datetime | None:
        try:
            return None if value is None else dates.parse(value, self.zone)
        except ValueError as error:
            self.note(f"{error}; the value is ignored", field, "invalid date")
            return None


def _is_answer(value: object) -> bool:
    """Whether the value says yes or no, as in `published: true`."""
    return isinstance(value, bool) or text_of(value).lower() in ANSWERS
