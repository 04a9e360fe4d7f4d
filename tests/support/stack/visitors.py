"""Who comes through Traefik, as a browser does: with a Host header on 127.0.0.1, and with the cookies that were set."""

import http.client
import re
import socket
import time
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from blogs.demo.accounts import PASSWORD
from devstack.processes import wait_until
from tests.support.processes import Answer


class Visitor:
    """On one host of a stack. Redirects are not followed."""

    def __init__(self, port, host):
        self.port, self.host = port, host
        self.cookies = SimpleCookie()

    def ask(self, path="/", method="GET", body=None, **headers):
        """`headers` of one word each, or as {"Two-Words": …} through **."""
        cookies = {"Cookie": self.cookies.output(attrs=[], header="", sep=";").strip()} if self.cookies else {}
        with closing(http.client.HTTPConnection(self.host, self.port)) as connection:
            connection.sock = self.connect()
            connection.request(method, path, body, cookies | headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                self.cookies.load(cookie)
            return Answer(response.status, dict(response.headers), response.read().decode("utf-8", "replace"))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def log_in(self, email, password=PASSWORD, **headers):
        """The answer is 302 when it is the account's password."""
        return self.send("/login/", {"username": email, "password": password}, **headers)

    def send(self, path, data, **headers):
        """Send the form at `path` with these fields and with the token that it holds."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask(path).body)[1]
        own = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}:{self.port}"}
        return self.ask(path, "POST", urlencode({"csrfmiddlewaretoken": token} | data), **(own | headers))


def row_of(traefik, path):
    """The latest row of Traefik's access log about `path`. It is written when the answer is out already."""

    def rows():
        return [row for row in traefik.access_log() if row["RequestPath"] == path]

    wait_until(rows, patience=2)
    return rows()[-1]


def route(traefik, host):
    """Which way a request for the host takes now: its row of Traefik's access log (RouterName, ServiceURL …)."""
    path = f"/no-page-{time.monotonic_ns()}/"
    Visitor(traefik.port, host).ask(path)
    return row_of(traefik, path)
