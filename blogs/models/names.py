"""Reads the authors and tags of a post in the same query as the post."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

SlugsAndNames = list[list[str]]  # [[slug, name], …]

_POSTGRESQL = """(
    SELECT coalesce(jsonb_agg(jsonb_build_array(o.slug, o.name) ORDER BY o.name, o.id), '[]')
    FROM %(table)s o JOIN %(through)s t ON t.%(other)s = o.id WHERE (o.site_id, t.%(post)s) = (%(expressions)s))"""
_SQLITE = """(
    SELECT json_group_array(json_array(slug, name)) FROM (
        SELECT o.slug, o.name
        FROM %(table)s o JOIN %(through)s t ON t.%(other)s = o.id
        WHERE (o.site_id, t.%(post)s) = (%(expressions)s)
        ORDER BY o.name, o.id))"""


class Names(models.Func):
    """A subquery: [[slug, name], …] of the authors or tags that a site gives a post, ordered by name.

    `prefetch_related` would need another query for each relation and a model instance for each row.
    """

    output_field = models.JSONField()

    def __init__(self, field: "models.ManyToManyField[Any, Any]", site: str, post: str) -> None:
        """`field` is a relation of Post. `site` and `post` name columns of the outer query that contain their ids."""
        super().__init__(
            site,
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
