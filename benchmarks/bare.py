"""WSGI functions that only send prepared bytes. They are the limit for a server with our configuration of gunicorn.

    gunicorn -c server/gunicorn.py "benchmarks.bare:one_get()"

BARE_RESPONSES names a JSON file: path → {"key": the key of the body in the Redis of REDIS_URL, "headers": […]}.
"""

import json
import os
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import redis

TIMEOUT = 0.25  # seconds, as in settings/caches.py

Headers = list[tuple[str, str]]


def one_get() -> WSGIApplication:
    """Read the body of each response from Redis with one command."""
    keys, headers, client = _responses()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path not in keys:  # a readiness check of devstack or Traefik
            return hello(environ, start_response)
        body = client.get(keys[path])
        start_response("200 OK", headers[path])
        return [body]

    return application


def memory() -> WSGIApplication:
    """Send the responses from memory."""
    keys, headers, client = _responses()
    bodies: dict[str, Any] = {path: client.get(key) for path, key in keys.items()}
    client.connection_pool.disconnect()  # the workers are forked from this process

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path not in keys:  # a readiness check of devstack or Traefik
            return hello(environ, start_response)
        start_response("200 OK", headers[path])
        return [bodies[path]]

    return application


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Send a constant body: the minimum cost of a request."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])
    return [b"hello\n"]


def _responses() -> tuple[dict[str, str], dict[str, Headers], Any]:
    """The keys by path, the headers by path, and a Redis client."""
    responses = json.loads(Path(os.environ["BARE_RESPONSES"]).read_text())
    keys = {path: response["key"] for path, response in responses.items()}
    headers = {path: [(name, value) for name, value in response["headers"]] for path, response in responses.items()}
    client = redis.Redis.from_url(
        os.environ["REDIS_URL"], protocol=2, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
    )
    return keys, headers, client
