"""Threads and a short queue for one kind of request, and what a thread may do with a request.

This module and `server/worker.py` import no Django, because gunicorn imports them before the application.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from enum import Enum
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

MAX_WAIT = 1.0  # seconds in the queue
QUEUE_LENGTH = 32  # requests in the queue, for each thread; a long queue slows down clients that repeat requests

Request = TypeVar("Request")

_thread = threading.local()


class Step(Enum):
    """What the application does with a request in the current thread."""

    CACHE = "answer from the page cache, or raise HandOver"
    DJANGO = "call Django"
    REFUSE = "answer with 503"


class HandOver(Exception):
    """The page cache has no response, so the compartment for this kind of request must handle it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def current_step() -> Step | None:
    """The step of the current thread. None in a thread of another server, which answers each request itself."""
    return getattr(_thread, "step", None)


def set_step(step: Step) -> None:
    """Set the step of all requests in the current thread."""
    _thread.step = step


@contextmanager
def refusing() -> Iterator[None]:
    """Refuse the requests of the current thread inside the `with` block."""
    before, _thread.step = current_step(), Step.REFUSE
    try:
        yield
    finally:
        _thread.step = before


class Size(NamedTuple):
    """The threads of a compartment. A positive `niceness` lowers their priority, on Linux (see nice(1))."""

    threads: int
    niceness: int = 0


class Compartment(Generic[Request]):
    """Calls `handle` for each request, in its own threads."""

    def __init__(self, name: str, size: Size, handle: Callable[[Request], object]) -> None:
        self._handle = handle
        self._niceness = size.niceness
        self._executor = ThreadPoolExecutor(size.threads, thread_name_prefix=name, initializer=self._prepare)
        self._lock = threading.Lock()
        self._limit = size.threads * (1 + QUEUE_LENGTH)
        self._open = 0  # requests that run or wait
        self._waiting: deque[tuple[float, Future[object], Request]] = deque()  # oldest first; some of them run already

    def submit(self, request: Request) -> bool:
        """Run or queue the request. Returns False if the queue is full."""
        with self._lock:
            if self._open >= self._limit:
                return False
            self._open += 1
            future = self._executor.submit(self._handle, request)
            self._waiting.append((monotonic() + MAX_WAIT, future, request))
        future.add_done_callback(self._close)
        return True

    def overdue(self) -> list[Request]:
        """Remove the requests from the queue that have waited for MAX_WAIT, and return them."""
        overdue = []
        with self._lock:
            while self._waiting and (_has_begun(self._waiting[0][1]) or self._waiting[0][0] <= monotonic()):
                overdue.append(self._waiting.popleft())
        # Outside the lock, because `cancel` calls `_close`. It fails for a request that has begun.
        return [request for _, future, request in overdue if future.cancel()]

    def _prepare(self) -> None:
        set_step(Step.DJANGO)
        if self._niceness and sys.platform == "linux":  # Other systems have no priority for a single thread.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)

    def _close(self, future: Future[object]) -> None:
        with self._lock:
            self._open -= 1


def _has_begun(future: Future[object]) -> bool:
    return future.running() or future.done()
