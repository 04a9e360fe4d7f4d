"""Counts Redis commands by the statistics of Redis, and SQL statements by the log of PostgreSQL."""

import re
from typing import Any, Self

import psycopg
import redis

from devstack.servers import PostgreSQL, Redis

OF_THE_REGISTRY = b"pg_snapshot_xmin"  # in the query that each registry repeats in its own session

_STATEMENT = re.compile(rb"^.*?\[(?P<session>[0-9]+)\] LOG:  (?:statement|execute [^:]*): ")


class Counter:
    """Counts during a `with` block. Then sets `redis_commands` and `statements`, which exclude those of registries."""

    def __init__(self, postgresql: PostgreSQL, redis_server: Redis) -> None:
        self.postgresql = postgresql
        self.redis_commands = self.statements = 0
        self._client: Any = redis.Redis.from_url(redis_server.url)

    def __enter__(self) -> Self:
        self._log_statements("all")
        self._logged_before = self.postgresql.log.stat().st_size
        self._redis_commands()  # the first call opens the connection, which also sends commands
        self._sent_before = self._redis_commands()
        return self

    def __exit__(self, *exception: object) -> None:
        self.redis_commands = self._redis_commands() - self._sent_before
        self._client.close()
        with self.postgresql.log.open("rb") as log:
            log.seek(self._logged_before)
            self.statements = statements(log.read())
        self._log_statements("none")

    def _redis_commands(self) -> int:
        """All commands since the start of Redis, except INFO."""
        counted = self._client.info("commandstats")
        return sum(command["calls"] for name, command in counted.items() if name != "cmdstat_info")

    def _log_statements(self, which: str) -> None:
        with psycopg.connect(self.postgresql.url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("ALTER SYSTEM SET log_statement = {}").format(which))
            connection.execute("SELECT pg_reload_conf()")


def statements(log: bytes) -> int:
    """The number of logged statements without those of registries. A line that begins with a tab continues a record."""
    sessions: dict[bytes, list[bytes]] = {}
    for record in re.split(rb"\n(?!\t)", log):
        if match := _STATEMENT.match(record):
            sessions.setdefault(match["session"], []).append(record)
    others = [records for records in sessions.values() if not any(OF_THE_REGISTRY in record for record in records)]
    return sum(map(len, others))
