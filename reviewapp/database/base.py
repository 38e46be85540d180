"""The backend that `DATABASES` names. Django finds the class by this module's name."""

import select
from functools import lru_cache
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from psycopg.adapt import AdaptersMap

from reviewapp.database.json_loader import JsonLoader


@lru_cache(maxsize=8)
def _with_our_json(adapters: AdaptersMap) -> AdaptersMap:
    """Return Django's adapters (of a timezone, the same each time) with our own for JSON."""
    ours = AdaptersMap(adapters)
    ours.register_loader("jsonb", JsonLoader)
    return ours


class DatabaseWrapper(PostgresWrapper):
    """Postgres, asked for a sign of life only where its socket gives reason to.

    Django sends `SELECT 1` before the first statement of every request, which is a round trip of its own. A server that
    ended a connection (a restart, a fail-over, an idle limit) has said so, or has closed the socket: both can be read.
    Of an idle connection nothing else can be read, so silence is a good sign, and only noise is looked into. What a
    network loses without a word is bounded by `CONN_MAX_AGE`.
    """

    def get_connection_params(self) -> dict[str, Any]:
        """Return what a new connection is made with."""
        parameters: dict[str, Any] = super().get_connection_params()
        return {**parameters, "context": _with_our_json(parameters["context"])}

    def is_usable(self) -> bool:
        """Return whether the connection can be used."""
        if self.connection is None or self.connection.closed:
            return False
        look = select.poll()
        look.register(self.connection.fileno(), select.POLLIN)
        return True if not look.poll(0) else super().is_usable()
