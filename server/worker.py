"""gunicorn's threaded worker, which stops without losing a connection and sends each response in one piece."""

from time import monotonic
from typing import Any, cast

from gunicorn.http import wsgi
from gunicorn.workers.gthread import ThreadWorker

HANDOVER_TIME = 0.25  # seconds; a stopping worker accepts connections until its successor has opened its own socket


class Worker(ThreadWorker):
    """A worker that closes its listening socket before it waits for its open connections.

    With `reuse_port` the kernel gives new connections to each listening socket, including that of a worker that no
    longer accepts any and waits up to 2 s for open connections to end.
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
        """Accept the connections that wait in the backlog of the socket."""
        count = -1
        while self.nr_conns > count:
            count = self.nr_conns
            self.accept(listener)


class Response(wsgi.Response):
    """Sends the headers together with the first part of the body, which for most pages is all of it.

    gunicorn sends them one after the other. If the process is killed in between, the client has a partial response and
    Traefik cannot retry the request: of forty kills, one or two met such a request.
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
    """Collects what is sent to it, in place of a socket."""

    sendall = list.append


wsgi.Response = Response  # type: ignore[misc]  # gunicorn has no setting for the class of its responses
