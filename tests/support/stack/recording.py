"""A server behind Traefik that records the requests it gets."""

import http.server
import threading
from typing import NamedTuple


class Request(NamedTuple):
    method: str
    path: str
    headers: list[str]
    length: int


class RecordingServer:
    """A server that records all `requests`. The response to /status/502/… is 502, and to all other paths 200."""

    def __init__(self):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                requests.append(Request(self.command, self.path, [name.lower() for name in self.headers], len(body)))
                self.send_response(int(self.path.split("/")[2]) if self.path.startswith("/status/") else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self):
                self.do_GET()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, path):
        return [request for request in self.requests if request.path == path]
