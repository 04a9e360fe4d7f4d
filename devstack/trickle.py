"""A steady trickle of readers, to see whether one of them notices what is being done to the stack."""

import http.client
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple, Self

TIMEOUT = 10  # seconds until a reader gives up


class Visit(NamedTuple):
    host: str
    began: float  # time.monotonic()
    took: float  # seconds
    outcome: int | str  # status, or why there was none


class Trickle:
    """One reader a host, each with a request every `every` seconds, until the `with` block ends."""

    def __init__(self, port: int, hosts: Sequence[str], path: str = "/", every: float = 0.05) -> None:
        self.port, self.hosts, self.path, self.every = port, hosts, path, every
        self.visits: list[Visit] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=[host]) for host in hosts]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> list[Visit]:
        """Those that did not get their page."""
        return [visit for visit in self.visits if visit.outcome != 200]

    @property
    def slowest(self) -> float:
        """Seconds."""
        return max(visit.took for visit in self.visits)

    def _read(self, host: str) -> None:
        while not self._stop.wait(self.every):
            began = time.monotonic()
            outcome = self._visit(host)
            self.visits.append(Visit(host, began, time.monotonic() - began, outcome))

    def _visit(self, host: str) -> int | str:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)) as connection:
                connection.request("GET", self.path, headers={"Host": host})
                response = connection.getresponse()
                response.read()
                return response.status
        except (OSError, http.client.HTTPException) as error:
            return repr(error)
