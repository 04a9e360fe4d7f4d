"""gunicorn's threaded worker, with separate threads for slow requests.

It also stops without losing a connection, and sends each response in one piece.
"""

import errno
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ
from time import monotonic
from typing import Any, cast

from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from server.compartments import Compartment, Mode, NeedsDjango, QueuedRequest, Size, refusing, set_mode

ACCEPT_LINGER = 0.25  # Seconds for which a stopping worker still accepts connections, until its successor listens.
IDLE_LINGER = 2.0  # seconds for which a stopping worker waits for the first bytes of a connection
CHECK_INTERVAL = 0.1  # seconds between two checks for requests that have waited too long
CLIENT_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN)
QUEUED = object()  # the result of a request that a compartment handles


class Worker(ThreadWorker):
    """A worker whose threads answer from the page cache. It queues other requests in compartments (server/bulkhead.py).

    A new connection takes no thread before its first bytes arrive. Proxies and browsers open connections in advance,
    and gunicorn's worker would wait for each of them in a thread for up to 5 s.

    When the worker stops, it closes its listening socket before it waits for its open connections to end. gunicorn's
    worker keeps the socket open for up to 2 s without accepting connections. With `reuse_port` the kernel would still
    assign new connections to this socket.
    """

    compartments: dict[str, Compartment]

    def get_thread_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cfg.threads, initializer=set_mode, initargs=(Mode.CACHE,))

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self._check_at = 0.0
        self._has_queued = False  # since the last check. Looking into all compartments for each event takes too long.
        # Other applications, such as those of the benchmarks, have no compartments.
        sizes: dict[str, Size] = getattr(self.wsgi, "compartments", lambda threads: {})(self.cfg.threads)
        self.compartments = {name: Compartment(name, size, self._handle_queued) for name, size in sizes.items()}

    def enqueue_req(self, conn: Any) -> None:
        """Give the connection to a thread, or to the poller if it is new."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer from the page cache, or queue the request. Runs in a thread of the worker."""
        try:
            return super().handle_request(req, conn)
        except NeedsDjango as needs:
            self.nr -= 1  # gunicorn counts the request again
            if self.compartments[needs.kind].submit(req, conn):
                self._has_queued = True
                return QUEUED
        with refusing():
            return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: Any) -> Any:
        own: Any = super()
        return keepalive if keepalive is QUEUED else own._keepalive_after(conn, keepalive)

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """Keep or close the connection, unless a compartment has its request. Runs in the main thread."""
        if fs.cancelled() or fs.exception() or fs.result() is not QUEUED:
            super().finish_request(conn, fs)

    def _handle_queued(self, queued: QueuedRequest) -> None:
        """Handle the request in the mode of the current thread. The main thread then keeps or closes its connection."""
        finished: Future[bool] = Future()
        try:
            finished.set_result(self._is_reusable_after(queued))
        except BaseException:  # also SystemExit, which would end the worker if the main thread raised it
            self.log.exception("A request ended with an unforeseen error.")
            finished.set_result(False)
        self.method_queue.defer(super().finish_request, queued.connection, finished)

    def _is_reusable_after(self, queued: QueuedRequest) -> bool:
        """Handle the request as gunicorn's `handle` does. Returns whether the connection can be reused."""
        req, conn = queued.request, queued.connection
        req.waited = queued.waited
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

    def wait_for_and_dispatch_events(self, timeout: float | None) -> None:
        """Wait for events, and refuse requests that have waited too long. Runs in gunicorn's main loop."""
        super().wait_for_and_dispatch_events(CHECK_INTERVAL if self._has_queued else timeout)
        if not self._has_queued or (now := monotonic()) < self._check_at:
            return
        self._check_at = now + CHECK_INTERVAL
        # A request that is queued after the next line sets the value again.
        self._has_queued = False
        for compartment in self.compartments.values():
            for queued in compartment.overdue():
                self.tpool.submit(self._refuse, queued)
            if compartment.has_waiting():
                self._has_queued = True

    def _refuse(self, queued: QueuedRequest) -> None:
        with refusing():
            self._handle_queued(queued)

    def murder_pending(self) -> None:
        """Close connections that sent nothing in time. A stopping worker waits only IDLE_LINGER for them."""
        if not self.alive:
            deadline = monotonic() + IDLE_LINGER
            connections: Any = self.pending_conns
            for conn in connections:
                conn.timeout = min(conn.timeout, deadline)
        super().murder_pending()

    def set_accept_enabled(self, enabled: bool | None) -> None:
        is_stopping = not self.alive and self.cfg.reuse_port
        if is_stopping:
            self._serve_until(monotonic() + ACCEPT_LINGER)
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
