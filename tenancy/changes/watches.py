"""A change writes itself down in the same transaction: database triggers give each site it touches a new generation.

Triggers and not signals, because `QuerySet.update()`, `bulk_create()` and an operator's SQL send none. Apps say with
`watch()` which sites a row concerns, and with `watch_moments()` when sites change by themselves; `migrate` installs
what they said (tenancy/changes/triggers.py).
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

_COLUMN = re.compile(r"\{row\}\.(\w+)")


class Watch(NamedTuple):
    """The changes of a table that concern sites, and which."""

    model: type[models.Model]
    site_ids: str
    fields: Sequence[str]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """Means the same in each release: a transaction may end in a later one than it began."""
        return blake2b(f"{self.table} {self.site_ids}".encode(), digest_size=6).hexdigest()

    @property
    def depends_on_other_tables(self) -> bool:
        return " FROM " in self.site_ids

    @property
    def columns(self) -> list[str]:
        """Those of the row that decide which sites it concerns."""
        return sorted(set(_COLUMN.findall(self.site_ids)))

    def type_of(self, column: str, connection: BaseDatabaseWrapper) -> str:
        """The database's."""
        (field,) = (field for field in self.model._meta.concrete_fields if field.column == column)
        return str(field.db_type(connection))

    def of(self, row: str) -> str:
        return self.site_ids.format(row=row)

    def differs(self, is_not: str) -> str:
        """A condition that holds for an update that counts."""
        columns = [field.column for field in self.model._meta.concrete_fields if field.name in self.fields]
        return " OR ".join(f"OLD.{column} {is_not} NEW.{column}" for column in columns) or "true"


_watches: list[Watch] = []
_moments: list[str] = []


def watch(model: type[models.Model], site_ids: str, fields: Sequence[str] = ()) -> None:
    """For each row of the model that changes, give the sites that the query `site_ids` yields a new generation.

    `{row}` in it stands for the row before and after the change, e.g. "SELECT {row}.site_id". With `fields` only an
    update of one of these counts.
    """
    _watches.append(Watch(model, site_ids, fields))


def all_watches() -> Sequence[Watch]:
    """All that was said with `watch`."""
    return _watches


def watched() -> set[type[models.Model]]:
    return {watch.model for watch in _watches}


def watch_moments(query: str) -> None:
    """`query` yields (site_id, moment) for each moment in the future at which a site changes without a row that does.

    `{now}` in it stands for the database's time.
    """
    _moments.append(query)


def moments(vendor: str) -> str:
    """The query for what was said with `watch_moments`."""
    return " UNION ALL ".join(_moments).format(now=_NOW[vendor])


# As Django's Now() has it.
_NOW = {"postgresql": "statement_timestamp()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}
