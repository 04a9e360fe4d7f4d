"""Declares which sites a change of a table affects.

Apps call `watch()` for each table whose rows appear in pages. `migrate` turns these calls into database triggers
(tenancy/changes/triggers.py), which give every affected site a new generation in the transaction of the change.
Django's signals cannot do this: `QuerySet.update()`, `bulk_create()` and an operator's SQL send no signal.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import m2m_changed, post_delete, post_save

from tenancy.registry.site_registry import registry

_COLUMN = re.compile(r"\{row\}\.(\w+)")
_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+\"?(\w+)", re.IGNORECASE)


class Watch(NamedTuple):
    """One call of `watch()`."""

    model: type[models.Model]
    site_ids: str
    fields: Sequence[str]
    lock_by: str
    inserts: bool
    immutable: Sequence[type[models.Model]] = ()

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """A name that is equal in all releases: a transaction may begin under one release and commit under the next."""
        return blake2b(f"{self.table} {self.site_ids} {self.lock_by}".encode(), digest_size=6).hexdigest()

    @property
    def depends_on_other_tables(self) -> bool:
        return bool(self.tables_read)

    @property
    def tables_read(self) -> set[str]:
        """The tables in the query `site_ids`."""
        return set(_TABLE.findall(self.site_ids))

    @property
    def columns(self) -> list[str]:
        """The columns of the changed row that the query `site_ids` reads, and `lock_by`."""
        return sorted({*_COLUMN.findall(self.site_ids), self.lock_by} - {""})

    def type_of(self, column: str, connection: BaseDatabaseWrapper) -> str:
        """The column's type in this database."""
        (field,) = (field for field in self.model._meta.concrete_fields if field.column == column)
        return str(field.db_type(connection))

    def affected_by(self, row: str) -> str:
        """The query for the affected sites; `row` is the SQL name of the row: OLD, NEW or an alias."""
        return self.site_ids.format(row=row)

    def differs(self, is_not: str) -> str:
        """The SQL condition for an update that affects sites. The operator `is_not` must treat two NULLs as equal."""
        columns = [field.column for field in self.model._meta.concrete_fields if field.name in self.fields]
        return " OR ".join(f"OLD.{column} {is_not} NEW.{column}" for column in columns) or "true"


_watches: list[Watch] = []


def watch(
    model: type[models.Model],
    site_ids: str,
    fields: Sequence[str] = (),
    *,
    lock_by: str = "",
    inserts: bool = True,
    immutable: Sequence[type[models.Model]] = (),
) -> None:
    """Give the sites that the query `site_ids` yields a new generation whenever a row of the model changes.

    `{row}` in the query stands for the row before and after the change, for example "SELECT {row}.site_id". With
    `fields`, an update counts only if it changes one of them. With `inserts=False` a new row does not count, which is
    right if the query finds rows that refer to it. Call it in `AppConfig.ready`; the order of apps in INSTALLED_APPS
    does not matter.

    If the query reads other tables, name the column `lock_by` if you can, such as the id of the post. All rows that the
    query reads must be watched with a `lock_by` of the same value. Transactions with the same value then commit one
    after the other, and others commit together. Without `lock_by` a transaction that changes a row commits alone.
    `immutable` are models of which the query reads only columns that never change; they need no `lock_by`.
    """
    _watches.append(Watch(model, site_ids, fields, lock_by, inserts, immutable))
    # Django sends m2m_changed if `model` is the table of a many-to-many field.
    for signal in (post_save, post_delete, m2m_changed):
        signal.connect(_expire_registry, sender=model)


def all_watches() -> Sequence[Watch]:
    return _watches


def watched() -> set[type[models.Model]]:
    """The models of all watches."""
    return {watch.model for watch in _watches}


def _expire_registry(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Let this process see its own change at once. Other processes see it within 0.25 s."""
    transaction.on_commit(registry.expire, using=using)
