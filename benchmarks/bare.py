"""The limit: WSGI functions that answer with prepared bytes and do nothing else. gunicorn serves them as it serves us.

    gunicorn -c server/gunicorn.py "benchmarks.bare:one_get()"

BARE_ANSWERS names a JSON file: path → {"key": where the body lies in the Redis of REDIS_URL, "headers": […]}.
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
    """Each request gets its body from Redis by one command."""
    keys, headers, client = _answers()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path not in keys:  # who started us, or Traefik, asks how we are
            return hello(environ, start_response)
        body = client.get(keys[path])
        start_response("200 OK", headers[path])
        return [body]

    return application


def memory() -> WSGIApplication:
    """The same answers without Redis."""
    keys, headers, client = _answers()
    bodies: dict[str, Any] = {path: client.get(key) for path, key in keys.items()}
    client.connection_pool.disconnect()  # workers are forked from here

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path not in keys:  # who started us, or Traefik, asks how we are
            return hello(environ, start_response)
        start_response("200 OK", headers[path])
        return [bodies[path]]

    return application


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """The least that a request can cost."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])
    return [b"hello\n"]


def _answers() -> tuple[dict[str, str], dict[str, Headers], Any]:
    """By path the key and the headers, and a client as its users make it."""
    answers = json.loads(Path(os.environ["BARE_ANSWERS"]).read_text())
    keys = {path: answer["key"] for path, answer in answers.items()}
    headers = {path: [(name, value) for name, value in answer["headers"]] for path, answer in answers.items()}
    client = redis.Redis.from_url(
        os.environ["REDIS_URL"], protocol=2, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
    )
    return keys, headers, client
