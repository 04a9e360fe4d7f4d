"""Readers who keep coming, to see whether one of them notices what is being done to the stack."""

import http.client
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple, Self

TIMEOUT = 10  # seconds until a reader gives up
BEFORE = 0.3  # seconds for which they come before the `with` block begins
AT_ONCE = 400  # as many as come to two hosts until the first one gives up


class Visit(NamedTuple):
    host: str
    took: float  # seconds
    outcome: int | str  # status, or why there was none


class Readers:
    """One comes to each host every `every` seconds, whether those before were served or still wait.

    The first ones come a moment before the `with` block, the last ones `after` seconds after it.
    """

    def __init__(self, port: int, hosts: Sequence[str], every: float = 0.05, after: float = 0.5) -> None:
        self.port, self.hosts, self.every, self.after = port, hosts, every, after
        self.visits: list[Visit] = []
        self._leave = threading.Event()
        self._coming = threading.Thread(target=self._come)

    def __enter__(self) -> Self:
        self._coming.start()
        time.sleep(BEFORE)
        return self

    def __exit__(self, *exception: object) -> None:
        """Return when the last one has an answer, or has given up."""
        time.sleep(self.after)
        self._leave.set()
        self._coming.join()

    @property
    def failed(self) -> list[Visit]:
        """Those that did not get their page."""
        return [visit for visit in self.visits if visit.outcome != 200]

    @property
    def slowest(self) -> float:
        """Seconds."""
        return max(visit.took for visit in self.visits)

    def _come(self) -> None:
        with ThreadPoolExecutor(AT_ONCE) as readers:
            while not self._leave.wait(self.every):
                for host in self.hosts:
                    readers.submit(self._read, host)

    def _read(self, host: str) -> None:
        began = time.monotonic()
        outcome = self._outcome(host)
        self.visits.append(Visit(host, time.monotonic() - began, outcome))

    def _outcome(self, host: str) -> int | str:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)) as connection:
                connection.request("GET", "/", headers={"Host": host})
                response = connection.getresponse()
                response.read()
                return response.status
        except (OSError, http.client.HTTPException) as error:
            return repr(error)
