"""Django's PostgreSQL, but for how a request finds out that its connection, kept from another one, has ended."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether the connection has not ended: on an idle one nothing else comes unasked.

        Django asks PostgreSQL instead, by a query before each page.
        """
        if self.errors_occurred or self.connection is None or self.connection.closed:
            return super().is_usable()
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
