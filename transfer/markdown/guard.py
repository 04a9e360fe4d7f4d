"""Turns errors at one file into its outcome, so that they do not stop the import of others."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError

from blogs import markdown
from transfer.markdown.outcomes import Broken, Edited, Outcome, Skipped, Verdict

logger = logging.getLogger(__name__)

T = TypeVar("T")


def guarded(name: str, work: Callable[[], T]) -> T | Outcome:
    """The result of `work`, or the outcome of the file `name` if an error occurs."""
    try:
        return work()
    except (Edited, Skipped) as error:
        return Outcome(name, Verdict.SKIPPED, reason=str(error))
    except Broken as error:
        return _broken(name, error.reason, error.line)
    except ValidationError as error:
        return _broken(name, " ".join(error.messages))
    except (markdown.TooLarge, OSError) as error:
        return _broken(name, str(error))
    except DatabaseError as error:
        return _broken(name, f"the database refused the post: {str(error).partition(chr(10))[0]}")
    except Exception as error:
        # An unforeseen error must not stop the import of the other files.
        logger.exception("%s could not be imported.", name)
        return _broken(name, f"{type(error).__name__}: {error}")


def _broken(name: str, reason: str, line: int | None = None) -> Outcome:
    return Outcome(name, Verdict.SKIPPED, reason=reason, line=line, broken=True)
