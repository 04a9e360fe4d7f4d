"""Counts the uses of redirects in the memory of this process, and writes the counts from time to time.

So a request for an old address writes nothing. Counts are approximate: a process that is killed loses the counts since
its last flush, and the page cache serves a redirect for up to STORED_FOR without counting it. Editors only need to know
which redirects are not used any more, and the day of the last use tells them.
"""

import atexit
import logging
import os
import threading
from collections import Counter

from django.db import Error, connection, transaction
from django.utils import timezone

FLUSH_INTERVAL = 60.0  # seconds
STORED_FOR = 3600.0  # seconds for which the page cache stores a redirect
MAX_REDIRECTS = 10_000  # that are counted between two flushes; uses of further ones are not counted

_WRITE = """
INSERT INTO blogs_redirectuse (redirect_id, uses, last_used) SELECT id, %s, %s FROM blogs_redirect WHERE id = %s
ON CONFLICT (redirect_id) DO UPDATE SET uses = blogs_redirectuse.uses + excluded.uses, last_used = excluded.last_used
"""

logger = logging.getLogger(__name__)


class Uses:
    """The counts of this process. All code shares the instance `uses`."""

    def __init__(self) -> None:
        self._writes_in_background = False
        self.reset()

    def reset(self) -> None:
        """Forget the counts. A forked process calls this, because it inherits no thread and a lock in any state."""
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()
        self._thread: threading.Thread | None = None

    def write_in_background(self) -> None:
        """Let a thread write the counts every FLUSH_INTERVAL and at the end of the process. For server processes."""
        self._writes_in_background = True

    def count(self, redirect_id: int) -> None:
        """Count one use. Never waits for the database."""
        self._add(redirect_id, 1)
        with self._lock:
            if self._writes_in_background and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="redirect uses", daemon=True)
                self._thread.start()
                atexit.register(self.flush)

    def flush(self) -> None:
        """Write the counts. If the database is away, they are kept for the next call."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        today = connection.ops.adapt_datefield_value(timezone.now().date())
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # All processes lock the rows in the same order.
                cursor.executemany(_WRITE, [(count, today, pk) for pk, count in sorted(counts.items())])
        except Error as error:
            logger.warning("The uses of redirects could not be written. They are kept in memory. %s", error)
            for pk, count in counts.items():
                self._add(pk, count)

    def _add(self, redirect_id: int, count: int) -> None:
        with self._lock:
            if redirect_id in self._counts or len(self._counts) < MAX_REDIRECTS:
                self._counts[redirect_id] += count

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(FLUSH_INTERVAL)
            try:
                self.flush()
            except Exception:  # the thread must survive any error
                logger.exception("The uses of redirects could not be written.")
            connection.close()


uses = Uses()
os.register_at_fork(after_in_child=uses.reset)
