"""How long something took, and what is done at the same time."""

import threading
import time


def seconds(work):
    """How long it took, and what it answered."""
    began = time.monotonic()
    answer = work()
    return time.monotonic() - began, answer


class AtOnce:
    """Calls in threads of their own; `answers()` waits for all and raises what one of them raised."""

    def __init__(self, work, count=1):
        self._answers, self._errors = [], []
        self._threads = [threading.Thread(target=self._run, args=[work]) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, work):
        try:
            self._answers.append(work())
        except Exception as error:  # noqa: BLE001  # raised by `answers`
            self._errors.append(error)

    def are_busy(self):
        """Whether none has ended."""
        return all(thread.is_alive() for thread in self._threads)

    def answers(self):
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]
        return self._answers
