"""A django-redis client for values that are bytes. Its methods `get` and `set` each make one round trip to Redis.

A command of redis-py's client costs twice the CPU time: it locks a pool, encodes, decodes and records metrics. This
client keeps idle connections itself, sends one packed command and reads the response with redis-py's parser.
"""

from collections import deque
from functools import cache
from select import POLLIN, poll
from time import monotonic
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django_redis.client import DefaultClient
from django_redis.exceptions import ConnectionInterrupted
from redis import exceptions
from redis.connection import AbstractConnection

from lib.redis.breaker import Client, Pool

TIMEOUT = 0.25  # seconds for a command and its whole response
MAX_RESPONSE = 4 * 1024 * 1024  # bytes
# Exceptions of redis-py's parser for bytes that are not valid RESP.
MALFORMED = (ArithmeticError, RecursionError, ValueError)


class BytesClient(DefaultClient):
    """Stores bytes unchanged: no serializer, no compression."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: deque[BoundedConnection] = deque()

    def get(self, key: str, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        value = self._execute(b"GET", self.make_key(key, version).encode())
        return default if value is None else value

    def set(
        self,
        key: str,
        value: bytes,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        client: Any = None,
        nx: bool = False,
        xx: bool = False,
    ) -> bool:
        """Store `value` for `timeout` seconds. Raises NotImplementedError if `nx` or `xx` is true."""
        if nx or xx:
            raise NotImplementedError("BytesClient has no conditional SET. Use the default cache.")
        milliseconds = b"%d" % (self._backend.get_backend_timeout(timeout) * 1000)
        return self._execute(b"SET", self.make_key(key, version).encode(), value, b"PX", milliseconds) == b"OK"

    def _execute(self, *words: bytes) -> bytes | None:
        client: Client = self.get_client()
        pool = client.connection_pool
        try:
            response: bytes | None = pool.breaker.call(self._exchange, pool, _packed(words))
            return response
        except exceptions.RedisError as error:
            raise ConnectionInterrupted(connection=client) from error

    def _exchange(self, pool: Pool, command: bytes) -> bytes | None:
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._exchange_on(_new_connection(pool), command)
        connection.start_exchange()
        try:
            if connection.has_unread_bytes():
                # The response belongs to an earlier command, so every later command would get a wrong response.
                raise exceptions.ConnectionError("Redis sent a response to no command.")
            return self._exchange_on(connection, command)
        except exceptions.ConnectionError:
            # A restart of Redis closes all idle connections, so discard them and try a new connection.
            connection.disconnect()
            while self._idle:
                self._idle.pop().disconnect()
            return self._exchange_on(_new_connection(pool), command)

    def _exchange_on(self, connection: "BoundedConnection", command: bytes) -> bytes | None:
        try:
            connection.send_packed_command([command], check_health=False)
            response = connection.read_response(disable_decoding=True)
        except exceptions.ResponseError:
            self._idle.append(connection)
            raise
        except MALFORMED as error:  # redis-py has already closed the connection.
            raise exceptions.InvalidResponse(f"Redis sent a response that is not valid RESP: {error}") from error
        if response is not None and not isinstance(response, bytes):
            connection.disconnect()
            raise exceptions.InvalidResponse(f"Redis sent a value of type {type(response).__name__} instead of bytes.")
        self._idle.append(connection)
        return response


class BoundedSocket:
    """A socket that receives at most MAX_RESPONSE bytes within TIMEOUT, counted from `start_exchange`.

    The timeout of a plain socket applies to each `recv`, so a server that sends single bytes could delay a request
    without limit.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.sendall, self.settimeout = sock.sendall, sock.settimeout
        self._poll = poll()
        self._poll.register(sock, POLLIN)
        self.start_exchange()

    def start_exchange(self) -> None:
        self._deadline = monotonic() + TIMEOUT
        self._remaining_bytes = MAX_RESPONSE

    def is_readable(self) -> bool:
        """Whether bytes have arrived, or the server closed the connection. TLS may hold bytes that it has decrypted."""
        return bool(self._poll.poll(0)) or (hasattr(self._sock, "pending") and self._sock.pending() > 0)

    def recv(self, size: int) -> bytes:
        remaining = self._deadline - monotonic()
        if remaining <= 0:
            raise TimeoutError(f"Redis did not complete its response within {TIMEOUT} s.")
        if self._sock.gettimeout():  # The timeout is 0 when redis-py only checks for unread data.
            self._sock.settimeout(remaining)
        received: bytes = self._sock.recv(size)
        self._remaining_bytes -= len(received)
        if self._remaining_bytes < 0:
            raise exceptions.InvalidResponse(f"Redis sent more than {MAX_RESPONSE:,} bytes.")
        return received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class BoundedConnection(AbstractConnection):
    """A connection of redis-py that uses a BoundedSocket. Login and database selection share one deadline."""

    def _connect(self) -> Any:
        self._bounds = BoundedSocket(super()._connect())  # type: ignore[safe-super]  # the other base class has it
        return self._bounds

    def start_exchange(self) -> None:
        self._bounds.start_exchange()

    def has_unread_bytes(self) -> bool:
        """As `can_read`, but with one system call in place of three, because each request calls it."""
        return bool(self._parser._buffer.unread_bytes()) or self._bounds.is_readable()


@cache
def _bounded(connection_class: type[AbstractConnection]) -> type[BoundedConnection]:
    """A subclass of the class for the URL (TCP, TLS or Unix socket) that uses a BoundedSocket."""
    return type("BoundedConnection", (BoundedConnection, connection_class), {})


def _new_connection(pool: Pool) -> BoundedConnection:
    # Without `driver_info` redis-py does not send its name and version, which would take two more round trips.
    return _bounded(pool.connection_class)(**pool.connection_kwargs, driver_info=None)


def _packed(words: tuple[bytes, ...]) -> bytes:
    """Encode a command in RESP2: an array of bulk strings."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
