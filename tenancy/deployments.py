"""Where a deployment is: an address like http://web:8000, behind whose name any number of replicas may stand."""

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

from lib.http import NoAnswer, ask

if TYPE_CHECKING:  # the settings ask this module what an address is, before there are models
    from django.contrib.sites.models import Site

MAX_LENGTH = 200
READY_PATH = "/health/ready"  # on the internal host of every process
ASK_TIMEOUT = 2.0  # seconds for a deployment to say who it is
RESOLVE_TIMEOUT = 0.5  # seconds for all names of one document

# Service names of containers may hold an underscore, which no domain does.
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"https?://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::[0-9]{{1,5}})?")

_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolver")
_being_resolved: dict[str, Future[list[str]]] = {}  # by address; there are as many as deployments


class InvalidAddress(ValidationError):
    """A text that is no address of a deployment."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:MAX_LENGTH]!a} is not the address of a deployment: write scheme, name and port alone,"
            " like http://techblog:8000.",
            code="invalid_address",
        )


class UnknownDeployment(ValidationError):
    """Nothing at the address serves the site."""

    def __init__(self, address: str, site: "Site", reason: str) -> None:
        super().__init__(
            f"{address} does not serve {site.domain}: {reason}. Start the deployment first, and ask it:"
            f" curl -H 'Host: {settings.INTERNAL_HOST}' {address}{READY_PATH}",
            code="unknown_deployment",
        )


def is_address(text: str) -> bool:
    """True for what may be written into a route: scheme, host and port in one spelling, and nothing besides."""
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
        status, answer = _ask(address, f"{READY_PATH}?serves={site.pk}")
    except NoAnswer as error:
        raise UnknownDeployment(address, site, f"no answer ({error})") from error
    if "pinned_site" not in answer:
        raise UnknownDeployment(address, site, "what answers there is not a process of this installation")
    if status != 200:
        served = f"it serves {answer.get('surfaces')}, and is pinned to site {answer['pinned_site']}"
        raise UnknownDeployment(address, site, f"it is {answer.get('status')} ({served})")


def _ask(address: str, path: str) -> tuple[int, dict[str, Any]]:
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    status, body = ask(kind(parts.hostname or "", parts.port), path, settings.INTERNAL_HOST, ASK_TIMEOUT)
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    return status, answer if isinstance(answer, dict) else {}


def replicas(addresses: Iterable[str]) -> dict[str, list[str]]:
    """For each address those of its replicas: every IP address behind its name, as an address of its own.

    A name that nobody resolves in time, and https, whose certificate holds the name, stand for themselves.
    """
    asked = {address: _resolving(address) for address in sorted(set(addresses))}
    answered, _ = wait(asked.values(), RESOLVE_TIMEOUT)
    return {address: future.result() if future in answered else [address] for address, future in asked.items()}


def _resolving(address: str) -> Future[list[str]]:
    """One question at a time for each address: while names are not resolved, questions must not pile up."""
    asked = _being_resolved.get(address)
    if asked is None or asked.done():
        asked = _being_resolved[address] = _resolvers.submit(_resolve, address)
    return asked


def _resolve(address: str) -> list[str]:
    parts = urlsplit(address)
    if parts.scheme == "https":
        return [address]
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # nobody knows the name, or nobody could
        return [address]
    ips = sorted({str(sockaddr[0]) for *_, sockaddr in found})
    return [f"http://{f'[{ip}]' if ':' in ip else ip}:{parts.port or 80}" for ip in ips]


def _is_ip_address(text: str | None) -> bool:
    try:
        ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return True
