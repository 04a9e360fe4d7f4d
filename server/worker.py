"""gunicorn's worker with threads, which leaves its port without losing a connection, and answers in one piece."""

from time import monotonic
from typing import Any, cast

from gunicorn.http import wsgi
from gunicorn.workers.gthread import ThreadWorker

STAY = 0.25  # seconds; the worker that takes over opens its socket while this one is already told to stop


class Worker(ThreadWorker):
    """With `reuse_port` the kernel gives new connections to each open socket, also to that of a worker which takes no
    more and waits, up to 2 s, for its kept connections to end. So this one closes its socket before it waits.
    """

    def set_accept_enabled(self, enabled: bool | None) -> None:
        leaves = not self.alive and self.cfg.reuse_port
        if leaves:
            self._serve_until(monotonic() + STAY)
        super().set_accept_enabled(enabled)
        if leaves:
            for listener in self.sockets:
                self._take_what_waits(listener)
                listener.close()

    def _serve_until(self, moment: float) -> None:
        while (left := moment - monotonic()) > 0:
            self.wait_for_and_dispatch_events(timeout=left)

    def _take_what_waits(self, listener: Any) -> None:
        before = -1
        while self.nr_conns > before:
            before = self.nr_conns
            self.accept(listener)


class Response(wsgi.Response):
    """Sends the head together with the first part of the body, for most pages all of it.

    gunicorn sends them one after the other. A process that is killed in between leaves an answer that has begun, which
    nobody can ask for again elsewhere: of forty kills one or two met such a request.
    """

    def write(self, arg: bytes) -> None:
        if self.headers_sent:
            super().write(arg)
            return
        pieces, sock = Pieces(), self.sock
        self.sock = cast(Any, pieces)
        try:
            super().write(arg)
        finally:
            self.sock = sock
        sock.sendall(b"".join(pieces))


class Pieces(list[bytes]):
    """Takes what is sent, in the place of a socket."""

    sendall = list.append


wsgi.Response = Response  # type: ignore[misc]  # what gunicorn makes answers with; there is no setting for it
