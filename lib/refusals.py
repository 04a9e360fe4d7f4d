"""Counts the requests that this process refused because it was overloaded."""

import logging
import threading
from collections import Counter
from time import monotonic

LOG_INTERVAL = 1.0  # seconds; an overload must not fill the log

logger = logging.getLogger(__name__)


class Refusals:
    """The numbers since the process started. Use the instance `refusals`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._unlogged: Counter[str] = Counter()
        self._log_at = 0.0

    def add(self, kind: str) -> None:
        """Count one refused request of this kind. The log gets one line per LOG_INTERVAL."""
        with self._lock:
            self._counts[kind] += 1
            self._unlogged[kind] += 1
            now = monotonic()
            if now < self._log_at:
                return
            self._log_at = now + LOG_INTERVAL
            unlogged, self._unlogged = self._unlogged, Counter()
        logger.warning("Requests refused with 503, because too many of their kind are running: %s", _listed(unlogged))

    def counts(self) -> dict[str, int]:
        """The number of refused requests by kind."""
        with self._lock:
            return dict(self._counts)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))


refusals = Refusals()
