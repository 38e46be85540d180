"""Keeping an intent's lease while its work lasts, for handlers that may take longer than one lease."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from reviewapp.jobs.intents import LEASE_SECONDS

RENEW_AFTER = 30
# Rows that this very transaction has locked (it asked for the same work again) are passed over.
_RENEW = """
UPDATE jobs_intent SET leased_until = %(until)s
WHERE id = (SELECT id FROM jobs_intent
            WHERE id = %(id)s AND leased_until = %(leased_until)s AND attempts = %(attempts)s AND done_at IS NULL
            FOR UPDATE SKIP LOCKED)
"""


class HeldLease:
    """The intent that this worker runs, with its lease as it stands."""

    def __init__(self, intent: Any) -> None:
        self.intent = intent
        self.renewed_at = time.monotonic()

    def renew(self) -> None:
        """Hold the lease for its full time from now, on a connection of its own: the work's own is not committed."""
        until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        beside = connection.copy()
        try:
            with beside.cursor() as cursor:
                cursor.execute(_RENEW, {**self.intent._asdict(), "until": until})
                if cursor.rowcount:
                    self.intent = self.intent._replace(leased_until=until)
        finally:
            beside.close()
        self.renewed_at = time.monotonic()


_held: ContextVar[HeldLease | None] = ContextVar("held_lease", default=None)


@contextmanager
def holding(intent: Any) -> Iterator[HeldLease]:
    """Let `keep_lease` keep this intent's lease within."""
    held = HeldLease(intent)
    token = _held.set(held)
    try:
        yield held
    finally:
        _held.reset(token)


def keep_lease() -> None:
    """Say that the work goes on; outside of a worker, and more often than needed, it costs nothing.

    Whoever has lost the lease all the same finds out when it finishes.
    """
    held = _held.get()
    if held is not None and time.monotonic() - held.renewed_at >= RENEW_AFTER:
        held.renew()
