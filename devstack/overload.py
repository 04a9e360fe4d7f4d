"""Overloads of a running stack: many failed logins, and a table that every uncached page waits for."""

import http.client
import itertools
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlencode

import psycopg

from devstack.stack import ADMIN_HOST, Stack

LOGIN_CONNECTIONS = 64
TIMEOUT = 30  # seconds for a response


@contextmanager
def failing_logins(stack: Stack) -> Iterator[list[int]]:
    """Send wrong passwords on LOGIN_CONNECTIONS connections inside the `with` block. Yields the statuses so far.

    The requests go to the gunicorns themselves, each with another client address, as in an attack from many addresses.
    """
    statuses: list[int] = []
    stopped = threading.Event()
    ports = itertools.cycle([web.port for web in stack.webs[:2]])
    threads = [
        threading.Thread(target=_send_wrong_passwords, args=(next(ports), number, statuses, stopped))
        for number in range(LOGIN_CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def _send_wrong_passwords(port: int, number: int, statuses: list[int], stopped: threading.Event) -> None:
    headers = {"Host": ADMIN_HOST, "Content-Type": "application/x-www-form-urlencoded"}
    for attempt in itertools.count():
        with (
            suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection,
        ):
            connection.request("GET", "/login/", headers=headers)
            page = connection.getresponse()
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
            cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
            while token and not stopped.is_set():
                form = {"csrfmiddlewaretoken": token[1], "username": f"{number}@example.com", "password": str(attempt)}
                address = {"X-Forwarded-For": f"203.0.{attempt % 256}.{number}", "Cookie": cookie}
                connection.request("POST", "/login/", urlencode(form), headers | address)
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
        if stopped.wait(0.1):
            return


@contextmanager
def locked_posts(stack: Stack) -> Iterator[None]:
    """Lock the table of posts inside the `with` block, so that every uncached page waits."""
    with psycopg.connect(stack.postgresql.url) as connection:
        connection.execute("LOCK TABLE blogs_post IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()
