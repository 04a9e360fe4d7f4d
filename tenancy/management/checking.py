"""`manage.py site domain check`: who leads here gets a certificate."""

from collections.abc import Callable, Sequence
from time import sleep
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from lib.database import DATABASE_NOT_READY
from tenancy import domain_checks
from tenancy.lookup import domain_named
from tenancy.models import DomainCheck

Say = Callable[[str], object]


def check(names: Sequence[str], say: Say | None = None) -> list[DomainCheck]:
    """Check the domains that are named, or those whose turn it is; `say` each outcome as it comes."""
    found = [domain_named(name) for name in names] if names else domain_checks.due(timezone.now())
    noted = []
    for outcome in domain_checks.check(found):
        if say:
            say(as_line(outcome))
        noted.append(outcome)
    return noted


def check_for_ever(names: Sequence[str], seconds: int, say: Say) -> None:
    """Check again and again, with so many seconds between."""
    while True:
        try:
            check(names, say)
        except DATABASE_NOT_READY as error:
            say(f"The database gives no answer, and is asked again in {seconds} s: {error}")
        sleep(seconds)
        close_old_connections()  # nobody else lets go of one that a restarted database broke


def as_line(outcome: DomainCheck) -> str:
    """For people."""
    if not outcome.failures:
        return f"{outcome.name} leads here."
    return f"{outcome.name} does not lead here, as {outcome.failures} times in a row now: {outcome.reason}"


def as_document(outcome: DomainCheck) -> dict[str, Any]:
    """For programs."""
    return {
        "domain": outcome.name,
        "leads_here": not outcome.failures,
        "failures": outcome.failures,
        "reason": outcome.reason,
    }
