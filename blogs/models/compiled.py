"""Querysets that Django compiles to SQL once per process and PostgreSQL plans once per connection.

For the queries of the busiest pages, compiling and planning takes longer than the query itself.
"""

from datetime import datetime
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar, cast

from django.db import NotSupportedError, connection, models
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=NamedTuple)
# (index of a column, (converter functions, expression of the column))
Converters = list[tuple[int, tuple[list[Any], Any]]]


class Parameter(models.Expression):
    """A named placeholder in a query. Each execution supplies its value: a number, a string or a datetime."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        return "%s", (self,)


class CompiledQuery(Generic[Row]):
    """A queryset with Parameters, compiled to SQL once. It must select the fields of `row` in their order."""

    def __init__(self, row: type[Row], query: "models.QuerySet[Any, Any]") -> None:
        self._row: type[Row] = row
        self._query = query

    def rows(self, **values: int | str | datetime) -> list[Row]:
        """Execute the query. `values` contains the value of each Parameter by name."""
        sql, parameters, converters = self.compiled
        values = {name: _adapt(value) for name, value in values.items()}
        arguments = [values[each.name] if isinstance(each, Parameter) else each for each in parameters]
        try:
            rows = _fetch(sql, arguments)
        except NotSupportedError:  # A migration has changed a column, so PostgreSQL rejects the prepared plan.
            if connection.in_atomic_block:
                raise
            connection.close()
            rows = _fetch(sql, arguments)
        return [self._row._make(self._convert(list(row), converters)) for row in rows]

    @cached_property
    def compiled(self) -> tuple[str, tuple[Any, ...], Converters]:
        """The SQL, its parameters, and the functions that convert columns from the database's values to Python's."""
        compiler = self._query.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        return sql, parameters, list(converters.items())

    def _convert(self, row: list[Any], converters: Converters) -> list[Any]:
        for index, (functions, column) in converters:
            for function in functions:
                row[index] = function(row[index], column, connection)
        return row


def _adapt(value: int | str | datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _fetch(sql: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
    own: Any = connection
    with own.prepared_cursor() if connection.vendor == "postgresql" else own.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cast(list[tuple[Any, ...]], cursor.fetchall())
