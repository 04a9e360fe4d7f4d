"""The address of the client that sent a request through trusted proxies."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
# A provider gives a whole /64 to one customer, who can send each request from another address in it.
IPV6_PREFIX = 64


class TrustedProxies:
    """The networks of the proxies whose X-Forwarded-For header is used (TRUSTED_PROXIES)."""

    def __init__(self, networks: Iterable[IPNetwork]) -> None:
        self._networks = tuple(networks)
        self._is_within = lru_cache(maxsize=1000)(self._compute_is_within)

    def client_address(self, environ: Mapping[str, Any]) -> str:
        """The last address in X-Forwarded-For that is no trusted proxy, if a trusted proxy sent the header.

        Otherwise the peer of the connection; "" for a Unix socket. The text is not validated.
        """
        peer = str(environ.get("REMOTE_ADDR", ""))
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        # A Unix socket has no address. File permissions control which processes can connect.
        if not forwarded or not (peer == "" or self._is_within(peer)):
            return peer
        addresses = [address.strip() for address in str(forwarded).split(",")]
        # Each proxy appends the address of its peer, so only what trusted proxies appended is known to be true.
        return next((address for address in reversed(addresses) if not self._is_within(address)), addresses[-1])

    def _compute_is_within(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def network_of(address: str) -> str:
    """The network of one client: the IPv4 address itself, or the /64 of the IPv6 address. "unknown" for other text."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    # A socket for both versions reports IPv4 addresses as ::ffff:192.0.2.1.
    return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
