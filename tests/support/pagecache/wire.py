"""Send raw requests that no client library would send."""

import http.client
import socket

from tests.support.reading import Response


def exchange(process, request):
    """Send these bytes to a server process and return its response."""
    with socket.create_connection(("127.0.0.1", process.port), timeout=20) as connection:
        connection.sendall(request)
        method = request.partition(b" ")[0].decode("latin-1")
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return Response(response.status, dict(response.getheaders()), response.read())


def get(process, host, path="/", *headers, method="GET", body=b""):
    """Send a request with exactly this host, target and these header lines, and return the response."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    return exchange(process, "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body)
