"""gunicorn's threaded worker, which stops without losing a connection and sends each response in one piece."""

from time import monotonic
from typing import Any, cast

from gunicorn.http import wsgi
from gunicorn.workers.gthread import ThreadWorker

HANDOVER_TIME = 0.25  # Seconds for which a stopping worker still accepts connections, until its successor listens.


class Worker(ThreadWorker):
    """A worker that, when it stops, closes its listening socket before it waits for its open connections to end.

    gunicorn's worker keeps the socket open for up to 2 s without accepting connections. With `reuse_port` the kernel
    would still assign new connections to this socket.
    """

    def set_accept_enabled(self, enabled: bool | None) -> None:
        is_stopping = not self.alive and self.cfg.reuse_port
        if is_stopping:
            self._serve_until(monotonic() + HANDOVER_TIME)
        super().set_accept_enabled(enabled)
        if is_stopping:
            for listener in self.sockets:
                self._accept_all(listener)
                listener.close()

    def _serve_until(self, deadline: float) -> None:
        while (remaining := deadline - monotonic()) > 0:
            self.wait_for_and_dispatch_events(timeout=remaining)

    def _accept_all(self, listener: Any) -> None:
        """Accept all connections in the backlog of the socket."""
        count = -1
        while self.nr_conns > count:
            count = self.nr_conns
            self.accept(listener)


class Response(wsgi.Response):
    """Sends the headers together with the first part of the body. For most pages this part is the whole body.

    gunicorn sends the headers first. If the process is killed before it sends the body, the client has a partial
    response and Traefik cannot retry the request. In a test this happened at one or two of forty kills.
    """

    def write(self, arg: bytes) -> None:
        if self.headers_sent:
            super().write(arg)
            return
        buffer, sock = SendBuffer(), self.sock
        self.sock = cast(Any, buffer)
        try:
            super().write(arg)
        finally:
            self.sock = sock
        sock.sendall(b"".join(buffer))


class SendBuffer(list[bytes]):
    """Takes the place of a socket and collects the bytes that gunicorn sends."""

    sendall = list.append


wsgi.Response = Response  # type: ignore[misc]  # gunicorn has no setting for the class of its responses
