"""Keeping an intent's lease while its work lasts, for handlers that may take longer than one lease."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from types import FrameType
from typing import Any

from django.db import connection
from django.utils import timezone

from reviewapp.jobs.intents import LEASE_SECONDS, TIMEOUT_SECONDS

RENEW_AFTER = 30
# Rows that this very transaction has locked (it asked for the same work again) are passed over.
_RENEW = """
UPDATE jobs_intent SET leased_until = %(until)s
WHERE id = (SELECT id FROM jobs_intent
            WHERE id = %(id)s AND leased_until = %(leased_until)s AND attempts = %(attempts)s AND done_at IS NULL
            FOR UPDATE SKIP LOCKED)
"""


class TookTooLongError(RuntimeError):
    """The work took longer than a job may, and did not say that it goes on."""


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
        _give_time()


def _give_time() -> None:
    """Have the worker's alarm ring in a job's time from now. Outside of a worker there is none."""
    of_worker = signal.getsignal(signal.SIGALRM) not in {signal.SIG_DFL, signal.SIG_IGN, None}
    if of_worker and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGALRM, _ring)
        signal.alarm(TIMEOUT_SECONDS)


def _ring(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 — a signal's handler
    raise TookTooLongError(f"It took longer than {TIMEOUT_SECONDS} s.")


_held: ContextVar[HeldLease | None] = ContextVar("held_lease", default=None)


@contextmanager
def holding(intent: Any) -> Iterator[HeldLease]:
    """Let `keep_lease` keep this intent's lease within."""
    held = HeldLease(intent)
    token = _held.set(held)
    _give_time()
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
