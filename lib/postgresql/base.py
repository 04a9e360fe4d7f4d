"""Django's PostgreSQL backend with prepared statements for chosen queries and a cheaper check of kept connections.

Django's option `server_side_binding` would prepare all statements, also those for which one plan for all values is slow
for many of them.
"""

import select
from typing import Any, cast

from django.db.backends.postgresql import base, operations
from psycopg import Cursor

PREPARE_THRESHOLD = 5  # A connection prepares a statement after this number of executions.
MAX_PREPARED = 32  # The number of prepared statements that a connection keeps.


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The SQL with its parameters. psycopg records this text only if the client binds the parameters."""
        return str(self.compose_sql(sql, params))


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {
            "prepare_threshold": self.settings_dict["OPTIONS"].get("prepare_threshold", PREPARE_THRESHOLD)
        }

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepared_max = MAX_PREPARED
        return connection

    def prepared_cursor(self) -> Any:
        """A cursor whose statements PostgreSQL parses and plans once per connection, not for each execution."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return cast(Any, self)._prepare_cursor(Cursor(self.connection))  # adds Django's checks and query log

    def is_usable(self) -> bool:
        """Whether PostgreSQL has kept the connection open: it has not if the socket of an idle connection is readable.

        Django's own method sends a query, before the first query of each request.
        """
        if self.errors_occurred or self.connection is None or self.connection.closed:
            return super().is_usable()
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
