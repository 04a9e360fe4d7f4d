"""Each log line says which site it is about."""

import ipaddress
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

POLLED = ("/health/live", "/health/ready", "/traefik/document")  # of the internal surface; no blog has such addresses
LONGEST = {
    "site": 100,
    "client": 64,
    "method": 16,
    "path": 1000,
    "agent": 300,
}  # characters in a line of the access log


class SiteFilter(logging.Filter):
    """Gives each record a `site`: the host of the request it is about, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        host = getattr(request, "META", {}).get("HTTP_HOST", "-")
        # As an unknown host can be any text: quoted when it is not plain, and never long.
        record.site = host[:100] if host.isascii() and host.isprintable() else ascii(host[:100])
        return True


class WithoutPolls(logging.Filter):
    """Keeps out of the access log what machines ask each second, as long as it is answered well."""

    def filter(self, record: logging.LogRecord) -> bool:
        atoms = cast(Mapping[str, Any], record.args)
        return not (_path(atoms).startswith(POLLED) and str(atoms["s"]) == "200")


class AccessFormatter(logging.Formatter):
    """An access of gunicorn as one JSON object a line. The query stays out: it may hold what a reader searched for.

    `trusted_proxies`: IP networks with commas between, whose X-Forwarded-For counts.
    """

    def __init__(self, trusted_proxies: str = "") -> None:
        super().__init__()
        self._trusted = [ipaddress.ip_network(one) for one in trusted_proxies.split(",") if one]

    def format(self, record: logging.LogRecord) -> str:
        atoms = cast(Mapping[str, Any], record.args)
        texts = {
            "site": _plain(atoms["{host}i"]),
            "client": self._client(atoms),
            "method": _plain(atoms["m"]),
            "path": _path(atoms),
        }
        line = {
            "time": _time(record),
            **{name: text[: LONGEST[name]] for name, text in texts.items()},
            "status": int(atoms["s"]),
            "cache": _plain(atoms["{x-cache}o"]),
            "bytes": atoms["B"],
            "ms": round(atoms["D"] / 1000, 1),
            "agent": _plain(atoms["a"])[: LONGEST["agent"]],
        }
        return json.dumps(line)

    def _client(self, atoms: Mapping[str, Any]) -> str:
        """Who asked: as the proxy says that is trusted, else the other end of the connection."""
        peer = _plain(atoms["h"])
        forwarded = _plain(atoms["{x-forwarded-for}i"])
        if forwarded != "-" and self._trusts(peer):
            return forwarded.rpartition(",")[2].strip()
        return peer or "-"

    def _trusts(self, peer: str) -> bool:
        if not peer:  # a socket in the file system: only who is let in by the folder's rights reaches it
            return True
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)


def _path(atoms: Mapping[str, Any]) -> str:
    return _plain(atoms["{raw_uri}e"]).partition("?")[0]


def _plain(atom: Any) -> str:
    """As it was before gunicorn put a backslash in front of each quote; json does that itself."""
    return str(atom).replace('\\"', '"')


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
