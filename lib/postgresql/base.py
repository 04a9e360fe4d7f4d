"""Django's PostgreSQL, but for two things that cost more than they should at each request."""

import select
from typing import Any, cast

from django.db.backends.postgresql import base, operations
from psycopg import Cursor

PREPARED_FROM = 5  # times that a connection has executed a statement …
PREPARED_AT_MOST = 16  # … of the latest; the text of each is kept


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The SQL with its parameters, also where these go to PostgreSQL apart."""
        return str(self.compose_sql(sql, params))


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {
            "prepare_threshold": self.settings_dict["OPTIONS"].get("prepare_threshold", PREPARED_FROM)
        }

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepared_max = PREPARED_AT_MOST
        return connection

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
