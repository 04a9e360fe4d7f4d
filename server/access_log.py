"""gunicorn's access log: one JSON object a line, on standard output.

gunicorn would first make a dictionary of some hundred texts for each request, whatever a line shows of them.
"""

import ipaddress
import json
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

POLLED = ("/health/live", "/health/ready", "/traefik/document")  # of the internal surface; no blog has such addresses
# Characters that a line holds of what anybody may send.
LONGEST = {"agent": 300, "client": 64, "method": 16, "path": 1000, "site": 100}


class AccessLog(Logger):
    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self._is_trusted = lru_cache(maxsize=1000)(_within(cfg.forwarded_allow_networks()))

    def access(self, resp: Any, req: Any, environ: MutableMapping[str, Any], request_time: timedelta) -> None:
        """The query stays out: it may hold what a reader searched for. So does what machines ask each second."""
        # Of a request that could not be read all may be None.
        path = (environ["RAW_URI"] or "-").partition("?")[0]
        status = int(resp.status[:3]) if resp.status else None
        if not self.access_log_enabled or (status == 200 and path.startswith(POLLED)):
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "site": next((value for name, value in req.headers if name == "HOST"), "-"),
            "client": self._client(environ),
            "method": environ["REQUEST_METHOD"] or "-",
            "path": path,
            "status": status,
            "cache": next((value for name, value in resp.headers if name == "X-Cache"), "-"),
            "bytes": resp.sent,
            "ms": round(request_time / timedelta(milliseconds=1), 1),
            "agent": environ.get("HTTP_USER_AGENT", "-"),
        }
        for name, longest in LONGEST.items():
            line[name] = line[name][:longest]
        self.access_log.info(json.dumps(line))

    def _client(self, environ: MutableMapping[str, Any]) -> str:
        """Who asked: as the proxy says that is trusted, else the other end of the connection."""
        peer = environ.get("REMOTE_ADDR", "")
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded and self._is_trusted(peer):
            return str(forwarded.rpartition(",")[2].strip())
        return peer or "-"


def _within(networks: list[Any]) -> Any:
    """A function that says whether an address is in one of the networks."""

    def is_within(address: str) -> bool:
        if not address:  # a socket in the file system: only who is let in by the folder's rights reaches it
            return True
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in networks)

    return is_within
