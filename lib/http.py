"""Sends a GET request to a server that may be slow, broken or hostile."""

import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer

from lib.text import printable

MAX_BODY = 10_000  # bytes; the rest of a longer body is not read


class NoResponse(Exception):
    """The server did not send a complete HTTP response in time. The message gives the reason."""


def get(connection: HTTPConnection, target: str, host: str, timeout: float) -> tuple[int, bytes]:
    """Return the status and body of the response. Does not follow redirects.

    Raises NoResponse if the response is not complete within `timeout` seconds.

    A timer closes the connection, because the timeout of a socket starts again with each byte: a server that sends
    single bytes would never exceed it.
    """
    connection.timeout = timeout
    timer = Timer(timeout, _close, [connection])
    timer.daemon = True
    timer.start()
    try:
        connection.request("GET", target, headers={"Host": host})
        response = connection.getresponse()
        return response.status, response.read(MAX_BODY)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        # The message may quote bytes of the response.
        raise NoResponse(printable(reason, 150)) from error
    finally:
        timer.cancel()
        connection.close()


def _close(connection: HTTPConnection) -> None:
    with suppress(OSError, AttributeError):  # the connection is already closed or not open yet
        connection.sock.shutdown(socket.SHUT_RDWR)
