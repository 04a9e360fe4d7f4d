"""Addresses of deployments, like http://web:8000. The name of an address may resolve to several replicas."""

import ipaddress
import json
import re
import socket
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from lib import http

if TYPE_CHECKING:  # the settings validate addresses with this module before models can be imported
    from django.contrib.sites.models import Site

MAX_LENGTH = 200
READY_PATH = "/health/ready"  # on the internal host of every process
READY_TIMEOUT = 2.0  # seconds for the response of a deployment
RESOLVE_TIMEOUT = 0.5  # seconds for all names of one of Traefik's documents

# Unlike a domain, the name of a Compose service may contain an underscore.
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"https?://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::[0-9]{{1,5}})?")

_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolver")
_resolving: dict[str, Future[list[str]]] = {}  # by address


class InvalidAddress(ValidationError):
    """The text is not the address of a deployment."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:MAX_LENGTH]!a} is not the address of a deployment: write only scheme, name and port,"
            " like http://techblog:8000.",
            code="invalid_address",
        )


class UnknownDeployment(ValidationError):
    """No process at the address serves the site."""

    def __init__(self, address: str, site: "Site", reason: str) -> None:
        super().__init__(
            f"{address} does not serve {site.domain}: {reason}. Start the deployment first, and check it:"
            f" curl -H 'Host: {settings.INTERNAL_HOST}' {address}{READY_PATH}",
            code="unknown_deployment",
        )


def is_address(text: str) -> bool:
    """Whether `text` is a scheme, a host and an optional port in canonical spelling, as a service of Traefik needs."""
    if len(text) > MAX_LENGTH or not _ADDRESS.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.port != 0 and (not text.partition("//")[2].startswith("[") or _is_ip_address(parts.hostname))
    except ValueError:
        return False


def validate_address(text: str) -> None:
    """Raises InvalidAddress."""
    if not is_address(text):
        raise InvalidAddress(text)


def check(address: str, site: "Site") -> None:
    """Raises UnknownDeployment unless a process at the address is ready and serves the site."""
    validate_address(address)
    try:
        status, report = _get(address, f"{READY_PATH}?serves={site.pk}")
    except http.NoResponse as error:
        raise UnknownDeployment(address, site, f"no response ({error})") from error
    if "pinned_site" not in report:
        raise UnknownDeployment(address, site, "the server there is not a process of this installation")
    if status != 200:
        served = f"it serves {report.get('surfaces')}, and is pinned to site {report['pinned_site']}"
        raise UnknownDeployment(address, site, f"its status is {report.get('status')} ({served})")


def _get(address: str, path: str) -> tuple[int, dict[str, Any]]:
    """Status and report of the health check. The report is empty if the response is not a JSON object."""
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    status, body = http.get(kind(parts.hostname or "", parts.port), path, settings.INTERNAL_HOST, READY_TIMEOUT)
    try:
        report = json.loads(body)
    except ValueError:
        report = None
    return status, report if isinstance(report, dict) else {}


def replicas(addresses: Iterable[str]) -> dict[str, list[str]]:
    """Map each address to the addresses of its replicas: one for each IP address that its name resolves to.

    An address stays as it is if its name does not resolve within RESOLVE_TIMEOUT, or if its scheme is https: the
    certificate is for the name.
    """
    futures = {address: _submit(address) for address in sorted(set(addresses))}
    resolved, _ = wait(futures.values(), RESOLVE_TIMEOUT)
    return {address: future.result() if future in resolved else [address] for address, future in futures.items()}


def _submit(address: str) -> Future[list[str]]:
    """At most one DNS query at a time for each address: while DNS hangs, queries must not pile up."""
    future = _resolving.get(address)
    if future is None or future.done():
        future = _resolving[address] = _resolvers.submit(_resolve, address)
    return future


def _resolve(address: str) -> list[str]:
    parts = urlsplit(address)
    if parts.scheme == "https":
        return [address]
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the name is unknown, DNS is away, or the name is not a host name
        return [address]
    ips = sorted({str(sockaddr[0]) for *_, sockaddr in found})
    return [f"http://{f'[{ip}]' if ':' in ip else ip}:{parts.port or 80}" for ip in ips]


def _is_ip_address(text: str | None) -> bool:
    try:
        ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return True
