"""An HTTP client for the stack: it connects to 127.0.0.1, sends any Host header and keeps cookies as a browser does."""

import http.client
import re
import socket
import time
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from blogs.demo.accounts import PASSWORD
from devstack.processes import wait_until
from tests.support.processes import Response


class HttpClient:
    """Sends requests to one host. It does not follow redirects."""

    def __init__(self, port, host, source="127.0.0.1"):
        """`source` is the client's own address. Each address of 127.0.0.0/8 is one of this machine."""
        self.port, self.host, self.source = port, host, source
        self.cookies = SimpleCookie()

    def fetch(self, path="/", method="GET", body=None, **headers):
        """Send a request. Pass a header with a hyphen as **{"Two-Words": …}."""
        cookies = {"Cookie": self.cookies.output(attrs=[], header="", sep=";").strip()} if self.cookies else {}
        with closing(http.client.HTTPConnection(self.host, self.port)) as connection:
            connection.sock = self.connect()
            connection.request(method, path, body, cookies | headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                self.cookies.load(cookie)
            return Response(response.status, dict(response.headers), response.read().decode("utf-8", "replace"))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(self.source, 0))

    def log_in(self, email, password=PASSWORD, **headers):
        """Log in to the admin. The response has status 302 if the password is correct."""
        return self.send("/login/", {"username": email, "password": password}, **headers)

    def send(self, path, data, **headers):
        """Read the CSRF token of the form at `path`, and send the form with it and these fields."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.fetch(path).body)[1]
        own = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}:{self.port}"}
        return self.fetch(path, "POST", urlencode({"csrfmiddlewaretoken": token} | data), **(own | headers))


def row_of(traefik, path):
    """The latest row of Traefik's access log for `path`. Traefik writes the row after it has sent the response."""

    def rows():
        return [row for row in traefik.access_log() if row["RequestPath"] == path]

    wait_until(rows, timeout=2)
    return rows()[-1]


def route(traefik, host):
    """Send a request to the host and return its row of Traefik's access log, with RouterName and ServiceURL."""
    path = f"/no-page-{time.monotonic_ns()}/"
    HttpClient(traefik.port, host).fetch(path)
    return row_of(traefik, path)
