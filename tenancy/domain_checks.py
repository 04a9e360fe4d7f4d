"""Does a domain lead here? Only then we ask for a certificate: authorities lock out who fails too often."""

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

from lib.http import NoAnswer, ask
from tenancy.models import Domain, DomainCheck

# Answered by SiteMiddleware on each domain of ours, those that redirect and the admin's included.
PROOF_PATH = "/.well-known/newsstand"
TIMEOUT = 5.0  # seconds for the whole answer
AT_ONCE = 8  # domains
AGAIN_AFTER = timedelta(days=1)  # when it led here
FIRST_RETRY = timedelta(minutes=1)  # doubled with each failure, until it is AGAIN_AFTER


def proof(name: str) -> str:
    """What this installation answers at the domain. Who asks us can show it elsewhere, too, and harms nobody else."""
    return salted_hmac("newsstand.domain_checks", name, algorithm="sha256").hexdigest()


def due(now: datetime) -> list[str]:
    """The domains whose turn it is, the admin's host first: never checked, or long enough ago."""
    last = DomainCheck.objects.in_bulk(field_name="name")
    names = [settings.ADMIN_HOST, *Domain.objects.order_by("name").values_list("name", flat=True)]
    return [name for name in names if _is_due(last.get(name), now)]


def check(names: Iterable[str]) -> Iterator[DomainCheck]:
    """Ask each domain who is there, several at once, and note the answer."""
    asked = list(names)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="domain-check") as pool:
        for name, reason in zip(asked, pool.map(_obstacle, asked), strict=True):
            domain = Domain.objects.filter(name=name).first()
            if domain is None and name != settings.ADMIN_HOST:
                continue  # removed while it was asked
            try:
                yield _note(name, domain, reason)
            except IntegrityError:  # removed in this very moment
                continue


def _note(name: str, domain: Domain | None, reason: str) -> DomainCheck:
    before = DomainCheck.objects.filter(name=name).first()
    failures = (before.failures if before else 0) + 1 if reason else 0
    noted, _ = DomainCheck.objects.update_or_create(
        name=name,
        defaults={
            "checked_at": timezone.now(),
            "domain": domain,
            "failures": min(failures, 32_000),
            "reason": reason[:200],
        },
    )
    return noted


def _is_due(last: DomainCheck | None, now: datetime) -> bool:
    if last is None:
        return True
    # The exponent is bounded: no time is as long as two to the power of many failures.
    wait = FIRST_RETRY * 2 ** min(last.failures - 1, 20) if last.failures else AGAIN_AFTER
    return now >= last.checked_at + min(wait, AGAIN_AFTER)


def _obstacle(name: str) -> str:
    """Why no certificate can be had for the domain; empty when it leads here."""
    address = f"http://{name}{PROOF_PATH}"
    proxy = urlsplit(getproxies().get("http", ""))
    try:
        if proxy.hostname:
            connection, target = HTTPConnection(proxy.hostname, proxy.port), address
        else:
            connection, target = HTTPConnection(name), PROOF_PATH
        status, answer = ask(connection, target, name, TIMEOUT)
    except NoAnswer as error:
        return f"{address} cannot be reached: {error}"
    if status != 200:
        return f"{address} answers {status}: somebody else is there"
    if not hmac.compare_digest(answer.strip(), proof(name).encode()):
        return f"{address} gives another answer: somebody else is there"
    return ""
