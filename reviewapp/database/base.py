"""The backend that `DATABASES` names. Django finds the class by this module's name."""

import select

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper


class DatabaseWrapper(PostgresWrapper):
    """Postgres, asked for a sign of life only where its socket gives reason to.

    Django sends `SELECT 1` before the first statement of every request, which is a round trip of its own. A server that
    ended a connection (a restart, a fail-over, an idle limit) has said so, or has closed the socket: both can be read.
    Of an idle connection nothing else can be read, so silence is a good sign, and only noise is looked into. What a
    network loses without a word is bounded by `CONN_MAX_AGE`.
    """

    def is_usable(self) -> bool:
        """Return whether the connection can be used."""
        if self.connection is None or self.connection.closed:
            return False
        look = select.poll()
        look.register(self.connection.fileno(), select.POLLIN)
        return True if not look.poll(0) else super().is_usable()
