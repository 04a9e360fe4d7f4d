"""Of many who want the same page at once, one renders it and the others wait for that."""

import threading
from time import monotonic
from typing import Generic, TypeVar

Result = TypeVar("Result")

# So many wait for long; a worker has eight threads by default, and other pages want some. Whoever finds no seat waits
# standing: for a page that is rendered at its usual speed that is enough, and one that hangs does not take all threads.
SEATS = 4
PATIENCE = 5.0  # seconds since the rendering began
PATIENCE_STANDING = 1.0


class TookTooLong(Exception):
    """The page that another request renders is not there yet."""


class Rendering(Generic[Result]):
    """One that is under way."""

    def __init__(self) -> None:
        self.began_at = monotonic()
        self.done = threading.Event()
        self.result: Result | None = None


class Renderings(Generic[Result]):
    """All that are under way in this process, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seats = threading.Semaphore(SEATS)
        self._under_way: dict[str, Rendering[Result]] = {}

    def begin(self, key: str) -> Rendering[Result] | None:
        """None when this caller is to render, and then to call `end`; else the rendering to wait for."""
        with self._lock:
            other = self._under_way.get(key)
            if other is None:
                self._under_way[key] = Rendering()
            return other

    def end(self, key: str, result: Result | None) -> None:
        """Hand `result` to those who wait; None when there is none that they could use."""
        with self._lock:
            rendering = self._under_way.pop(key)
        rendering.result = result
        rendering.done.set()

    def wait(self, rendering: Rendering[Result]) -> Result | None:
        """What the other request rendered. Raises TookTooLong."""
        seated = self._seats.acquire(blocking=False)
        try:
            patience = PATIENCE if seated else PATIENCE_STANDING
            if not rendering.done.wait(max(0, rendering.began_at + patience - monotonic())):
                raise TookTooLong
            return rendering.result
        finally:
            if seated:
                self._seats.release()
