"""Django's PostgreSQL, but for two things that cost more than they should at each request."""

import select
from typing import Any, cast

from django.db.backends.postgresql import base, operations
from psycopg import Cursor

PREPARED_FROM = 5  # times that a connection has executed a statement


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The SQL with its parameters, also where these go to PostgreSQL apart."""
        return str(self.compose_sql(sql, params))


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"prepare_threshold": PREPARED_FROM}

    def prepared_cursor(self) -> Any:
        """A cursor whose statements PostgreSQL parses and plans once a connection; Django's have it do so each time."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return cast(Any, self)._prepare_cursor(Cursor(self.connection))  # which checks and logs, as all of Django's

    def is_usable(self) -> bool:
        """Whether the connection has not ended: on an idle one nothing else comes unasked.

        Django asks PostgreSQL instead, by a query before each page.
        """
        if self.errors_occurred or self.connection is None or self.connection.closed:
            return super().is_usable()
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
