"""If several threads need the same value at once, one thread computes it and the others wait for the result."""

import threading
from time import monotonic
from typing import Generic, TypeVar

Result = TypeVar("Result")

# A worker has eight threads by default. At most MAX_WAITERS of them wait for LONG_TIMEOUT, so that a call that hangs
# does not block all threads. Other threads wait for SHORT_TIMEOUT, which exceeds the usual duration of a call.
MAX_WAITERS = 4
LONG_TIMEOUT = 5.0  # seconds since the call began
SHORT_TIMEOUT = 1.0  # seconds since the call began


class WaitTimeout(Exception):
    """The other thread has not computed the value in time."""


class Call(Generic[Result]):
    """A computation in progress in another thread."""

    def __init__(self) -> None:
        self.began_at = monotonic()
        self.done = threading.Event()
        self.result: Result | None = None


class SingleFlight(Generic[Result]):
    """The computations in progress in this process, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._long_waits = threading.Semaphore(MAX_WAITERS)
        self._calls: dict[str, Call[Result]] = {}

    def begin(self, key: str) -> Call[Result] | None:
        """Returns None if the caller must compute the value and then call `end`, otherwise the call to wait for."""
        with self._lock:
            call = self._calls.get(key)
            if call is None:
                self._calls[key] = Call()
            return call

    def end(self, key: str, result: Result | None) -> None:
        """Wake all waiting threads with `result`. None means that the call failed or that its value is not shared."""
        with self._lock:
            call = self._calls.pop(key)
        call.result = result
        call.done.set()

    def wait(self, call: Call[Result]) -> Result | None:
        """Wait for the result of `call`. Raises WaitTimeout after the timeout."""
        may_wait_long = self._long_waits.acquire(blocking=False)
        try:
            timeout = LONG_TIMEOUT if may_wait_long else SHORT_TIMEOUT
            if not call.done.wait(max(0, call.began_at + timeout - monotonic())):
                raise WaitTimeout
            return call.result
        finally:
            if may_wait_long:
                self._long_waits.release()
