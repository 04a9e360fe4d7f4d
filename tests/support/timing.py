"""Measure durations, and run calls in parallel."""

import threading
import time

from django.db import connections


def seconds(work):
    """Call `work()`. Returns (the duration in seconds, the result)."""
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


class InThreads:
    """Runs `work` in `count` threads, each with its own database connection.

    `results()` waits for the threads and returns the results or raises the first error.
    """

    def __init__(self, work, count=1):
        self._results, self._errors = [], []
        self._threads = [threading.Thread(target=self._run, args=[work]) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, work):
        try:
            self._results.append(work())
        except Exception as error:  # noqa: BLE001  # raised by `results`
            self._errors.append(error)
        finally:
            connections.close_all()

    def are_running(self):
        """Whether all threads are still running."""
        return all(thread.is_alive() for thread in self._threads)

    def results(self):
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]
        return self._results
