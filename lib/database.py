"""Groups of database errors that callers handle, and a hook for rollbacks."""

import weakref
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, ProgrammingError, transaction

# The database does not respond, or it has closed the connection.
DATABASE_AWAY = (OperationalError, InterfaceError)
# As above, or the tables do not exist because no migration has run yet.
DATABASE_NOT_READY = (*DATABASE_AWAY, ProgrammingError)


def on_rollback(undo: Callable[[], object]) -> None:
    """Call `undo` if the current transaction is rolled back, or the part since a savepoint that contains this call.

    Without a transaction this function does nothing. Django has no such hook. But when it rolls back, it drops the
    functions of `on_commit` and therefore also the object that the finalizer watches.
    """

    def keep() -> None:
        finalizer.detach()

    finalizer = weakref.finalize(keep, undo)
    transaction.on_commit(keep)
