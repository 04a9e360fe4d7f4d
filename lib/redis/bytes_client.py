"""django-redis' client for pages: bytes as they are, each command one bare exchange. It gets and sets.

Costs half of what a command of redis-py does, which opens the sockets (addresses, TLS) and no more: each of its
time-outs counts for a piece of an answer, so that who sends single bytes could hold a reader for ever.
"""

from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Any, cast

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django_redis.client import DefaultClient
from django_redis.exceptions import ConnectionInterrupted
from redis import Connection, exceptions

from lib.redis.breaker import Client, Pool

PATIENCE = 0.25  # seconds for the whole of an answer; that of a socket counts for each piece
LONGEST = 4 * 1024 * 1024  # bytes of an answer
_HEAD = 64  # bytes of its first line, but for errors
_PIECE = 65_536


class PageClient(DefaultClient):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: deque[Connection] = deque()

    def get(self, key: str, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        answer = self._ask(b"GET", self.make_key(key, version).encode())
        return default if answer is None else answer

    def set(
        self,
        key: str,
        value: bytes,
        timeout: float | None = DEFAULT_TIMEOUT,  # Django's sign for "the setting's"
        version: int | None = None,
        client: Any = None,
        nx: bool = False,
        xx: bool = False,
    ) -> bool:
        """Keep `value` for `timeout` seconds, whatever is there. Raises NotImplementedError for `nx` and `xx`."""
        if nx or xx:
            raise NotImplementedError("The cache of pages gets and sets; nothing else is asked of it.")
        milliseconds = b"%d" % (self._backend.get_backend_timeout(timeout) * 1000)
        return self._ask(b"SET", self.make_key(key, version).encode(), value, b"PX", milliseconds) == b"OK"

    def _ask(self, *words: bytes) -> bytes | None:
        client: Client = self.get_client()
        pool = client.connection_pool
        try:
            return cast(bytes | None, pool.breaker.call(self._exchange, pool, _packed(words)))
        except exceptions.RedisError as error:
            raise ConnectionInterrupted(connection=client) from error

    def _exchange(self, pool: Pool, command: bytes) -> bytes | None:
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._exchange_on(_opened(pool), command)
        try:
            if connection.can_read():  # nobody asked: it is out of step, and would go on with the answers of others
                raise exceptions.ConnectionError("There is an answer to no question.")
            return self._exchange_on(connection, command)
        except exceptions.ConnectionError:
            # Redis was started anew since: its old connections are gone, and a new one may work.
            connection.disconnect()
            while self._idle:
                self._idle.pop().disconnect()
            return self._exchange_on(_opened(pool), command)

    def _exchange_on(self, connection: Connection, command: bytes) -> bytes | None:
        try:
            answer = _ask_on(connection, command, monotonic() + PATIENCE)
        except exceptions.ResponseError:
            self._idle.append(connection)
            raise
        except BaseException:
            connection.disconnect()
            raise
        self._idle.append(connection)
        return answer


def _opened(pool: Pool) -> Connection:
    """A new connection, logged in."""
    given = pool.connection_kwargs
    silent = {name: value for name, value in given.items() if name not in ("username", "password", "db")}
    connection = cast(Connection, pool.connection_class(**silent, driver_info=None))
    deadline = monotonic() + PATIENCE
    try:
        for command in _greeting(given.get("username"), given.get("password"), given.get("db") or 0):
            _ask_on(connection, command, deadline)
    except exceptions.ResponseError as error:
        connection.disconnect()
        raise exceptions.AuthenticationError(f"Redis refuses the connection: {error}") from error
    except BaseException:
        connection.disconnect()
        raise
    return connection


def _greeting(username: str | None, password: str | None, database: int) -> Iterator[bytes]:
    if username or password:
        words = [username, password or ""] if username else [password or ""]
        yield _packed((b"AUTH", *(word.encode() for word in words)))
    if database:
        yield _packed((b"SELECT", b"%d" % database))


def _ask_on(connection: Connection, command: bytes, deadline: float) -> bytes | None:
    connection.send_packed_command([command], check_health=False)
    return _read(connection, deadline)


def _packed(words: tuple[bytes, ...]) -> bytes:
    """A command in the protocol of Redis (RESP2, array of bulk strings)."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _read(connection: Connection, deadline: float) -> bytes | None:
    """One answer (RESP2): a text, or nothing. Raises ResponseError for an error, other RedisErrors for the rest."""
    received = _receive(connection, deadline)
    while b"\r\n" not in received and len(received) < _HEAD:
        received += _receive(connection, deadline)
    head, ends, rest = received.partition(b"\r\n")
    if head.startswith(b"-") and ends:
        raise exceptions.ResponseError(head[1:].decode("latin-1"))
    if head == b"$-1" and not rest:
        return None
    if head.startswith(b"+") and not rest:
        return head[1:]
    if not head.startswith(b"$") or not head[1:_HEAD].isdigit() or int(head[1:_HEAD]) > LONGEST:
        raise exceptions.InvalidResponse(f"Redis answered with {received[:_HEAD]!a}.")
    length = int(head[1:])
    pieces, missing = [rest], length + 2 - len(rest)
    while missing > 0:
        pieces.append(_receive(connection, deadline))
        missing -= len(pieces[-1])
    answer = b"".join(pieces)
    if missing < 0 or not answer.endswith(b"\r\n"):
        raise exceptions.InvalidResponse("Redis answered with more than it said.")
    return answer[:-2]


def _receive(connection: Connection, deadline: float) -> bytes:
    if monotonic() > deadline:
        raise exceptions.TimeoutError(f"Redis did not finish its answer within {PATIENCE} s.")
    try:
        received = cast(Any, connection)._sock.recv(_PIECE)  # it has no other way to raw bytes
    except TimeoutError as error:
        raise exceptions.TimeoutError("Redis did not answer in time.") from error
    except OSError as error:
        raise exceptions.ConnectionError(f"The connection to Redis broke: {error}") from error
    if not received:
        raise exceptions.ConnectionError("Redis closed the connection.")
    return cast(bytes, received)
