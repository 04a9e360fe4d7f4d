"""gunicorn's threaded worker, with separate threads for slow requests.

It also stops without losing a connection, and sends each response in one piece.
"""

import errno
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, NamedTuple, cast

from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from server.compartments import Compartment, HandOver, Size, Step, refusing, set_step

HANDOVER_TIME = 0.25  # Seconds for which a stopping worker still accepts connections, until its successor listens.
CHECK_INTERVAL = 0.1  # seconds between two checks for requests that have waited too long
CLIENT_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN)
HANDED_OVER = object()  # the result of a request that a compartment handles


class HandedOver(NamedTuple):
    """A parsed request and its connection."""

    request: Any
    connection: Any


class Worker(ThreadWorker):
    """A worker that hands slow requests over to compartments (server/bulkhead.py).

    When it stops, it closes its listening socket before it waits for its open connections to end. gunicorn's worker
    keeps the socket open for up to 2 s without accepting connections. With `reuse_port` the kernel would still assign
    new connections to this socket.
    """

    compartments: dict[str, Compartment[HandedOver]]

    def get_thread_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cfg.threads, initializer=set_step, initargs=(Step.CACHE,))

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self._check_at = 0.0
        # Other applications, such as those of the benchmarks, have no compartments.
        sizes: dict[str, Size] = getattr(self.wsgi, "compartments", lambda threads: {})(self.cfg.threads)
        self.compartments = {name: Compartment(name, size, self._handle_in_compartment) for name, size in sizes.items()}

    def handle_request(self, req: Any, conn: Any) -> Any:
        try:
            return super().handle_request(req, conn)
        except HandOver as hand_over:
            self.nr -= 1  # gunicorn counts the request again
            if self.compartments[hand_over.kind].submit(HandedOver(req, conn)):
                return HANDED_OVER
        with refusing():
            return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: Any) -> Any:
        own: Any = super()
        return keepalive if keepalive is HANDED_OVER else own._keepalive_after(conn, keepalive)

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        if fs.cancelled() or fs.exception() or fs.result() is not HANDED_OVER:
            super().finish_request(conn, fs)

    def _handle_in_compartment(self, handed_over: HandedOver) -> None:
        """Handle the request and let gunicorn's main thread keep or close the connection."""
        self._finish_later(handed_over.connection, self._handle_again(handed_over))

    def _handle_again(self, handed_over: HandedOver) -> bool:
        """Handle the request in the step of the current thread. Returns whether the connection can be reused."""
        req, conn = handed_over
        try:
            return bool(self._keepalive_after(conn, super().handle_request(req, conn)))
        except (NoMoreData, StopIteration) as error:
            self.log.debug("The client or the application ended the connection: %s", error)
        except OSError as error:
            if error.errno not in CLIENT_GONE:
                self.log.exception("The socket failed while the request was handled.")
        except Exception as error:  # noqa: BLE001  # gunicorn logs it and sends 500
            self.handle_error(req, conn.sock, conn.client, error)
        return False

    def _finish_later(self, conn: Any, is_reusable: bool) -> None:
        finished: Future[bool] = Future()
        finished.set_result(is_reusable)
        self.method_queue.defer(super().finish_request, conn, finished)

    def murder_pending(self) -> None:
        """Called in each round of gunicorn's main loop."""
        super().murder_pending()
        now = monotonic()
        if now >= self._check_at:
            self._check_at = now + CHECK_INTERVAL
            for compartment in self.compartments.values():
                for handed_over in compartment.overdue():
                    self.tpool.submit(self._refuse, handed_over)

    def _refuse(self, handed_over: HandedOver) -> None:
        with refusing():
            self._handle_in_compartment(handed_over)

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

    def default_headers(self) -> list[str]:
        """Leave out `Server`, which names the software to attackers."""
        return [line for line in super().default_headers() if not line.startswith("Server:")]

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
