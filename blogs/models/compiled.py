"""Queries whose SQL Django writes once a process, and which PostgreSQL plans once a connection.

Both would do it anew for each request, which takes them longer than to find and show what is asked for.
"""

from datetime import datetime
from functools import cached_property
from typing import Any, Generic, cast

from django.db import NotSupportedError, connection, models
from django.db.models.sql.compiler import SQLCompiler

from blogs.models.rows import Row

Converters = list[tuple[int, tuple[list[Any], Any]]]  # number of a column, functions, the column


class Parameter(models.Expression):
    """Stands in a query for a value that each request brings: a number, a text or a time."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        return "%s", (self,)


class CompiledQuery(Generic[Row]):
    """A query with Parameters, whose columns are those of `row`."""

    def __init__(self, row: type[Row], query: "models.QuerySet[Any, Any]") -> None:
        self._row: type[Row] = row
        self._query = query

    def rows(self, **values: int | str | datetime) -> list[Row]:
        """Those that the query finds with these values of its Parameters."""
        sql, parameters, converters = self._written
        values = {name: _adapted(value) for name, value in values.items()}
        given = [values[one.name] if isinstance(one, Parameter) else one for one in parameters]
        try:
            found = _fetched(sql, given)
        except NotSupportedError:  # a migration changed a column since PostgreSQL planned this
            if connection.in_atomic_block:
                raise
            connection.close()
            found = _fetched(sql, given)
        return [self._row._make(self._converted(list(row), converters)) for row in found]

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...], Converters]:
        """The SQL, its parameters, and by column the functions that make Python's values of the database's."""
        compiler = self._query.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        return sql, parameters, list(converters.items())

    def _converted(self, row: list[Any], converters: Converters) -> list[Any]:
        for number, (functions, column) in converters:
            for function in functions:
                row[number] = function(row[number], column, connection)
        return row


def _adapted(value: int | str | datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _fetched(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    own: Any = connection
    with own.prepared_cursor() if connection.vendor == "postgresql" else own.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cast(list[tuple[Any, ...]], cursor.fetchall())
