"""Counts the requests that this process refused because it was overloaded."""

import logging
import threading
from collections import Counter

LOG_INTERVAL = 1.0  # seconds; an overload must not fill the log

logger = logging.getLogger(__name__)


class Refusals:
    """The numbers since the process started. Use the instance `refusals`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._unlogged: Counter[str] = Counter()

    def add(self, kind: str) -> None:
        """Count one refused request of this kind. LOG_INTERVAL later, the log gets one line for all of them."""
        with self._lock:
            self._counts[kind] += 1
            is_first = not self._unlogged
            self._unlogged[kind] += 1
        if is_first:
            timer = threading.Timer(LOG_INTERVAL, self._log)
            timer.daemon = True
            timer.start()

    def counts(self) -> dict[str, int]:
        """The number of refused requests by kind."""
        with self._lock:
            return dict(self._counts)

    def _log(self) -> None:
        with self._lock:
            unlogged, self._unlogged = self._unlogged, Counter()
        listed = ", ".join(f"{kind} {count}" for kind, count in sorted(unlogged.items()))
        logger.warning("Requests refused with 503, because too many of their kind run or wait: %s", listed)


refusals = Refusals()
