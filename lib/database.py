"""The groups of database errors that callers handle."""

from django.db import InterfaceError, OperationalError, ProgrammingError

# The database does not respond, or it has closed the connection.
DATABASE_AWAY = (OperationalError, InterfaceError)
# As above, or the tables do not exist because no migration has run yet.
DATABASE_NOT_READY = (*DATABASE_AWAY, ProgrammingError)
