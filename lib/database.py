"""The database errors that callers handle, spelled once."""

from django.db import InterfaceError, OperationalError, ProgrammingError

# The database does not respond, or ended the connection.
DATABASE_AWAY = (OperationalError, InterfaceError)
# The same, or its tables are missing: not migrated yet.
DATABASE_NOT_READY = (*DATABASE_AWAY, ProgrammingError)
