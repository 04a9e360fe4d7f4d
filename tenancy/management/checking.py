"""`manage.py site domain check`. Only domains that lead to this installation get a certificate."""

from collections.abc import Callable, Sequence
from time import sleep
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from lib.database import DATABASE_NOT_READY
from tenancy import domain_checks
from tenancy.lookup import domain_named
from tenancy.models import DomainCheck

Write = Callable[[str], object]


def check(names: Sequence[str], write: Write | None = None) -> list[DomainCheck]:
    """Check these domains, or all whose check is due. `write` gets a line for each outcome as soon as it is known."""
    found = [domain_named(name) for name in names] if names else domain_checks.due(timezone.now())
    outcomes = []
    for outcome in domain_checks.check(found):
        if write:
            write(as_line(outcome))
        outcomes.append(outcome)
    return outcomes


def check_forever(names: Sequence[str], seconds: int, write: Write) -> None:
    """Repeat the check, with pauses of `seconds`. The loop continues after an error of the database."""
    while True:
        try:
            check(names, write)
        except DATABASE_NOT_READY as error:
            write(f"The database is not available: {error}. The next check is in {seconds} s.")
        sleep(seconds)
        close_old_connections()  # Django does so between requests; a command has none


def as_line(outcome: DomainCheck) -> str:
    """The outcome as a line of text."""
    if not outcome.failures:
        return f"{outcome.name} leads here."
    return f"{outcome.name} does not lead here (failures in a row: {outcome.failures}): {outcome.reason}"


def as_document(outcome: DomainCheck) -> dict[str, Any]:
    """The outcome for `--json`."""
    return {
        "domain": outcome.name,
        "leads_here": not outcome.failures,
        "failures": outcome.failures,
        "reason": outcome.reason,
    }
