"""Threads and a short queue for one kind of request, and what the application does in a thread.

This module and `server/worker.py` import no Django, because gunicorn imports them before the application.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from time import monotonic
from typing import Any, NamedTuple

MAX_WAIT = 1.0  # seconds in the queue
QUEUE_LENGTH = 32  # requests in the queue, for each thread; a long queue slows down clients that repeat requests

_thread = threading.local()


class Mode(Enum):
    """What the application does with a request in the current thread."""

    CACHE = "answer from the page cache, or raise NeedsDjango"
    DJANGO = "call Django"
    REFUSE = "answer with 503"


class NeedsDjango(Exception):
    """The page cache has no response, so the compartment for this kind of request must handle it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def current_mode() -> Mode | None:
    """The mode of the current thread. None in a thread of another server, where the application calls Django itself."""
    return getattr(_thread, "mode", None)


def set_mode(mode: Mode) -> None:
    """Set the mode for all requests in the current thread."""
    _thread.mode = mode


@contextmanager
def refusing() -> Iterator[None]:
    """Refuse the requests of the current thread inside the `with` block."""
    before, _thread.mode = current_mode(), Mode.REFUSE
    try:
        yield
    finally:
        _thread.mode = before


class Size(NamedTuple):
    """The threads of a compartment. A positive `niceness` lowers their priority, on Linux (see nice(1))."""

    threads: int
    niceness: int = 0


class QueuedRequest(NamedTuple):
    """A request that gunicorn has parsed, and its connection."""

    request: Any
    connection: Any
    queued_at: float  # monotonic time

    @property
    def waited(self) -> float:
        """Seconds in the queue."""
        return monotonic() - self.queued_at


class Compartment:
    """Calls `handle` for each request in threads of its own, which start when they are needed."""

    def __init__(self, name: str, size: Size, handle: Callable[[QueuedRequest], None]) -> None:
        """`handle` must not raise exceptions."""
        self._name, self._size, self._handle = name, size, handle
        self._changed = threading.Condition()
        self._queue: deque[QueuedRequest] = deque()  # oldest first
        self._threads = self._idle = 0

    def submit(self, request: Any, connection: Any) -> bool:
        """Queue the request for a thread. Returns False if the queue is full."""
        with self._changed:
            has_thread = self._idle > len(self._queue) or self._start_thread()
            if not has_thread and (not self._threads or len(self._queue) >= self._size.threads * QUEUE_LENGTH):
                return False
            self._queue.append(QueuedRequest(request, connection, monotonic()))
            self._changed.notify()
        return True

    def has_waiting(self) -> bool:
        return bool(self._queue)

    def overdue(self) -> list[QueuedRequest]:
        """Remove the requests from the queue that have waited for MAX_WAIT, and return them."""
        overdue = []
        with self._changed:
            while self._queue and self._queue[0].waited >= MAX_WAIT:
                overdue.append(self._queue.popleft())
        return overdue

    def _start_thread(self) -> bool:
        """Start one more thread, unless all are running. Returns False if none was started."""
        if self._threads >= self._size.threads:
            return False
        try:
            # A daemon, because a worker that stops waits for its connections, not for its threads.
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        except RuntimeError:  # The system allows no more threads.
            return False
        self._threads += 1
        return True

    def _run(self) -> None:
        set_mode(Mode.DJANGO)
        if self._size.niceness and sys.platform == "linux":  # Other systems have no priority for a single thread.
            with suppress(OSError):  # A container may forbid it. The limit of threads holds without it.
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._size.niceness)
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(self.has_waiting)
                self._idle -= 1
                queued = self._queue.popleft()
            self._handle(queued)
