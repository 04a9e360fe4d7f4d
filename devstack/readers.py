"""Clients that send requests continuously, to detect whether a change of the stack makes a request fail."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple, Self

TIMEOUT = 10  # seconds for a response
LEAD_TIME = 0.3  # seconds of requests before the `with` block begins
MAX_PENDING = 400  # the number of requests to two hosts within TIMEOUT, at the default interval


class Request(NamedTuple):
    host: str
    seconds: float
    outcome: int | str  # the status, or the error when there was no response


class Readers:
    """Send a request to each host every `every` seconds, even while earlier requests are pending.

    The requests begin LEAD_TIME before the `with` block and end `after` seconds after it.
    """

    def __init__(
        self,
        port: int,
        hosts: Sequence[str],
        every: float = 0.05,
        after: float = 0.5,
        path: Callable[[], str] = lambda: "/",
    ) -> None:
        """`path` is called for the path of each request."""
        self.port, self.hosts, self.every, self.after, self.path = port, hosts, every, after, path
        self.requests: list[Request] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        time.sleep(LEAD_TIME)
        return self

    def __exit__(self, *exception: object) -> None:
        """Return when the last request has a response or has timed out."""
        time.sleep(self.after)
        self._stopped.set()
        self._thread.join()

    @property
    def failed(self) -> list[Request]:
        """The requests without a 200 response."""
        return [request for request in self.requests if request.outcome != 200]

    @property
    def slowest(self) -> float:
        """The duration of the slowest request in seconds."""
        return max(request.seconds for request in self.requests)

    def quantile(self, share: float) -> float:
        """The duration in seconds that this share of the requests does not exceed."""
        durations = sorted(request.seconds for request in self.requests)
        return durations[min(len(durations) - 1, int(share * len(durations)))]

    def _run(self) -> None:
        with ThreadPoolExecutor(MAX_PENDING) as pool:
            while not self._stopped.wait(self.every):
                for host in self.hosts:
                    pool.submit(self._read, host)

    def _read(self, host: str) -> None:
        began = time.monotonic()
        outcome = self._outcome(host)
        self.requests.append(Request(host, time.monotonic() - began, outcome))

    def _outcome(self, host: str) -> int | str:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)) as connection:
                connection.request("GET", self.path(), headers={"Host": host})
                response = connection.getresponse()
                response.read()
                return response.status
        except (OSError, http.client.HTTPException) as error:
            return repr(error)
