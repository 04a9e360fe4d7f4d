"""Checks whether a domain leads to this installation. Other domains get no certificate, because CAs limit failures."""

import hmac
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit
from urllib.request import getproxies

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.crypto import salted_hmac

from lib import http
from tenancy import surfaces
from tenancy.models import Domain, DomainCheck

# SiteMiddleware responds at this path on each domain of a site and on the host of each public surface.
PROOF_PATH = "/.well-known/newsstand"
TIMEOUT = 5.0  # seconds for the whole response
MAX_CONCURRENT = 8  # domains
INTERVAL = timedelta(days=1)  # after a success
FIRST_RETRY = timedelta(minutes=1)  # doubled with each failure, up to INTERVAL


def proof(name: str) -> str:
    """The response of this installation at the domain. It is not secret, and is not valid at any other domain."""
    return _proof_by(settings.SECRET_KEY, name)


def is_proof(text: bytes, name: str) -> bool:
    """Whether a process of this installation sent `text`. While SECRET_KEY changes, some still have another key."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(text, _proof_by(key, name).encode()) for key in keys)


def _proof_by(key: str | bytes, name: str) -> str:
    return salted_hmac("newsstand.domain_checks", name, secret=key, algorithm="sha256").hexdigest()


def due(now: datetime) -> list[str]:
    """The domains to check now: those never checked, and those whose interval is over. Hosts of surfaces come first."""
    last = DomainCheck.objects.in_bulk(field_name="name")
    names = [*surfaces.public_hosts(), *Domain.objects.order_by("name").values_list("name", flat=True)]
    return [name for name in names if _is_due(last.get(name), now)]


def check(names: Iterable[str]) -> Iterator[DomainCheck]:
    """Check each domain, several at once, and record the outcomes."""
    checked = list(names)
    with ThreadPoolExecutor(MAX_CONCURRENT, thread_name_prefix="domain-check") as pool:
        for name, reason in zip(checked, pool.map(_failure, checked), strict=True):
            domain = Domain.objects.filter(name=name).first()
            if domain is None and name not in surfaces.public_hosts():
                continue  # the domain was removed during the check
            try:
                yield _record(name, domain, reason)
            except IntegrityError:  # the domain was removed after the query above
                continue


def _record(name: str, domain: Domain | None, reason: str) -> DomainCheck:
    before = DomainCheck.objects.filter(name=name).first()
    failures = (before.failures if before else 0) + 1 if reason else 0
    recorded, _ = DomainCheck.objects.update_or_create(
        name=name,
        defaults={
            "checked_at": timezone.now(),
            "domain": domain,
            "failures": min(failures, 32_000),
            "reason": reason[:200],
        },
    )
    return recorded


def _is_due(last: DomainCheck | None, now: datetime) -> bool:
    if last is None:
        return True
    # The exponent is bounded: a timedelta would overflow.
    wait = FIRST_RETRY * 2 ** min(last.failures - 1, 20) if last.failures else INTERVAL
    return now >= last.checked_at + min(wait, INTERVAL)


def _failure(name: str) -> str:
    """The reason why the domain does not lead here, or "" if it does."""
    address = f"http://{name}{PROOF_PATH}"
    proxy = urlsplit(getproxies().get("http", ""))
    try:
        if proxy.hostname:
            connection, target = HTTPConnection(proxy.hostname, proxy.port), address
        else:
            connection, target = HTTPConnection(name), PROOF_PATH
        status, body = http.get(connection, target, name, TIMEOUT)
    except http.NoResponse as error:
        return f"{address} cannot be reached: {error}"
    if status != 200:
        return f"{address} responds with status {status}: another server is there"
    if not is_proof(body.strip(), name):
        return f"{address} responds without this installation's proof: another server is there"
    return ""
