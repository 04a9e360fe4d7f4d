"""The access log of gunicorn: one JSON object per line, on standard output.

gunicorn's own logger is slower: for each request it builds a dictionary of a hundred strings, even if few are used.
"""

import json
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from lib.client_address import TrustedProxies

# Load balancers and Traefik poll these paths of the internal surface every second. No page of a blog has such a path.
POLLED_PATHS = ("/health/live", "/health/ready", "/traefik/document")
# The maximum number of characters of the fields whose values come from clients.
MAX_LENGTHS = {"agent": 300, "client": 64, "method": 16, "path": 1000, "site": 100}


class AccessLog(Logger):
    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self._proxies = TrustedProxies(cfg.forwarded_allow_networks())

    def access(self, resp: Any, req: Any, environ: MutableMapping[str, Any], request_time: timedelta) -> None:
        """Log the request. Leave out its query string, which may contain personal data, and skip successful polls."""
        # If gunicorn could not parse the request, these values are None.
        path = (environ["RAW_URI"] or "-").partition("?")[0]
        status = int(resp.status[:3]) if resp.status else None
        if not self.access_log_enabled or (status == 200 and path.startswith(POLLED_PATHS)):
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "site": next((value for name, value in req.headers if name == "HOST"), "-"),
            "client": self._proxies.client_address(environ) or "-",
            "method": environ["REQUEST_METHOD"] or "-",
            "path": path,
            "status": status,
            "cache": next((value for name, value in resp.headers if name == "X-Cache"), "-"),
            "bytes": resp.sent,
            "ms": round(request_time / timedelta(milliseconds=1) + 1000 * getattr(req, "waited", 0.0), 1),
            "agent": environ.get("HTTP_USER_AGENT", "-"),
        }
        for name, max_length in MAX_LENGTHS.items():
            line[name] = line[name][:max_length]
        self.access_log.info(json.dumps(line))
