"""`manage.py site domain check`: who leads here gets a certificate."""

from collections.abc import Callable, Sequence
from time import sleep
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from tenancy import domain_checks
from tenancy.models import DomainCheck
from tenancy.naming import domain_named

Say = Callable[[Any], None]


def run(names: Sequence[str], every: int | None, say: Say, as_what: Callable[[DomainCheck], Any]) -> bool:
    """Check the domains that are named, or those whose turn it is; `every` so many seconds again.

    Tells of each with `say`. False when one of them does not lead here.
    """
    while True:
        try:
            failed = _check(names, say, as_what)
        except (DatabaseError, InterfaceError) as error:
            if not every:
                raise
            say(f"The database gives no answer, and is asked again in {every} s: {error}")
        if not every:
            return not failed
        sleep(every)
        close_old_connections()  # nobody else lets go of one that a restarted database broke


def _check(names: Sequence[str], say: Say, as_what: Callable[[DomainCheck], Any]) -> int:
    found = [domain_named(name) for name in names] if names else domain_checks.due(timezone.now())
    failed = 0
    for noted in domain_checks.check(found):
        say(as_what(noted))
        failed += noted.failures > 0
    return failed


def as_line(noted: DomainCheck) -> str:
    """For people."""
    name = domain_checks.name_of(noted.domain)
    if not noted.failures:
        return f"{name} leads here."
    return f"{name} does not lead here, as {noted.failures} times in a row now: {noted.reason}"


def as_document(noted: DomainCheck) -> dict[str, Any]:
    """For programs."""
    name = domain_checks.name_of(noted.domain)
    return {"domain": name, "leads_here": not noted.failures, "failures": noted.failures, "reason": noted.reason}
