"""A question by http to somebody who may be slow, broken or hostile."""

import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Timer

MAX_ANSWER = 10_000  # bytes


class NoAnswer(Exception):
    """Nobody answered, not in time, or no http; the message says which."""


def ask(connection: HTTPConnection, target: str, host: str, patience: float) -> tuple[int, bytes]:
    """Status and body of a GET, in `patience` seconds as a whole. Redirects are not followed. Raises NoAnswer.

    A time-out of a socket counts anew with each byte, so who drips bytes could hold us for ever; a timer hangs up.
    """
    connection.timeout = patience
    timer = Timer(patience, _hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        connection.request("GET", target, headers={"Host": host})
        response = connection.getresponse()
        return response.status, response.read(MAX_ANSWER)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        # It may hold what the other side sent.
        raise NoAnswer("".join(sign if sign.isprintable() else "?" for sign in reason[:150])) from error
    finally:
        timer.cancel()
        connection.close()


def _hang_up(connection: HTTPConnection) -> None:
    with suppress(OSError, AttributeError):  # it ended in this moment, or never began
        connection.sock.shutdown(socket.SHUT_RDWR)
