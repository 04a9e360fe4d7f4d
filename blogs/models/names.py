"""Names that belong to a post, read along with it."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

Named = list[list[str]]  # slug and name of each

_POSTGRESQL = """(
    SELECT coalesce(jsonb_agg(jsonb_build_array(o.slug, o.name) ORDER BY o.name, o.id), '[]')
    FROM %(table)s o JOIN %(through)s t ON t.%(other)s = o.id WHERE t.%(post)s = %(expressions)s)"""
_SQLITE = """(
    SELECT json_group_array(json_array(slug, name)) FROM (
        SELECT o.slug, o.name
        FROM %(table)s o JOIN %(through)s t ON t.%(other)s = o.id WHERE t.%(post)s = %(expressions)s
        ORDER BY o.name, o.id))"""


class Names(models.Func):
    """[[slug, name], …] of the authors or the tags of the post with this key, ordered by name.

    A column of the query that reads the posts, where a prefetch would be a query more, and an object for each row.
    """

    output_field = models.JSONField()

    def __init__(self, field: "models.ManyToManyField[Any, Any]", post: str) -> None:
        """`post` is the field that has the post's key."""
        super().__init__(
            post,
            table=field.remote_field.model._meta.db_table,
            through=field.m2m_db_table(),
            other=field.m2m_reverse_name(),
            post=field.m2m_column_name(),
        )

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        return self.as_sql(compiler, connection, template=_POSTGRESQL)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=_SQLITE)
