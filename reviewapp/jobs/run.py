"""Running one intent in a worker: claimed by a lease, done in the same transaction as its result."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import orjson
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from reviewapp.jobs.intents import LEASE_SECONDS
from reviewapp.jobs.lease import holding

_Handler = TypeVar("_Handler", bound=Callable[..., None])
_log = structlog.get_logger(__name__)
MAX_ATTEMPTS = 8
_FIRST_BACKOFF = timedelta(seconds=10)
_DIED = "The worker died, or took longer than its lease, at every attempt."

_CLAIM = """
UPDATE jobs_intent SET attempts = attempts + 1, leased_until = %(leased_until)s
WHERE id = (
    SELECT id FROM jobs_intent
    WHERE id = %(id)s AND done_at IS NULL AND failed_at IS NULL
      AND run_after <= %(now)s AND (leased_until IS NULL OR leased_until <= %(now)s) AND attempts < %(max_attempts)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, payload, run_after, attempts, leased_until
"""
_GIVE_UP = """
UPDATE jobs_intent SET failed_at = %(now)s, leased_until = NULL,
    last_error = CASE WHEN last_error = '' THEN %(error)s ELSE last_error END
WHERE id = %(id)s AND done_at IS NULL AND failed_at IS NULL AND attempts >= %(max_attempts)s
  AND (leased_until IS NULL OR leased_until <= %(now)s)
"""
_FINISH = """
UPDATE jobs_intent SET leased_until = NULL, last_error = '',
    done_at = CASE WHEN run_after = %(run_after)s THEN %(now)s::timestamptz END,
    attempts = CASE WHEN run_after = %(run_after)s THEN attempts ELSE 0 END
WHERE id = %(id)s AND leased_until = %(leased_until)s AND attempts = %(attempts)s AND done_at IS NULL
"""
_FAIL = """
UPDATE jobs_intent SET leased_until = NULL, last_error = %(error)s, run_after = %(run_after)s,
    failed_at = CASE WHEN %(failed)s THEN %(now)s::timestamptz END
WHERE id = %(id)s AND leased_until = %(leased_until)s AND attempts = %(attempts)s AND done_at IS NULL
"""


class LeaseLostError(RuntimeError):
    """The work took longer than its lease and another worker has it now; this result is thrown away."""


class ClaimedIntent(NamedTuple):
    """An intent that this worker may run until its lease ends; attempt and lease prove the right to finish it."""

    id: int
    kind: str
    payload: dict[str, Any]
    run_after: datetime
    attempts: int
    leased_until: datetime


def run_intent(intent_id: int) -> None:
    """Run an intent if it is due and free, and note how it went. What the worker is told to call."""
    now = timezone.now()
    intent = claim(intent_id, now=now)
    if intent is None:
        return
    with holding(intent) as held:
        try:
            handler = import_string(settings.JOB_HANDLERS[intent.kind])
            if getattr(handler, "commits_itself", False):
                handler(intent.payload, now)
                finish(held.intent, now=timezone.now())
            else:
                with transaction.atomic():
                    handler(intent.payload, now)
                    finish(held.intent, now=timezone.now())
        except Exception as error:  # noqa: BLE001 — whatever a handler raises is its intent's last error
            _log.exception("intent_failed", intent=intent.id, kind=intent.kind, attempt=intent.attempts)
            fail(held.intent, error=error, now=timezone.now())


def commits_itself(handler: _Handler) -> _Handler:
    """Mark a handler that commits as it goes, because it speaks to others between its commits.

    It must bear being run again after dying anywhere, and what it asks for next it asks for in its last transaction.
    """
    handler.commits_itself = True  # type: ignore[attr-defined]
    return handler


def claim(intent_id: int, *, now: datetime) -> ClaimedIntent | None:
    """Lease a due intent, or return None: done, running elsewhere, not due, or given up just now."""
    values: dict[str, Any] = {
        "id": intent_id,
        "now": now,
        "leased_until": now + timedelta(seconds=LEASE_SECONDS),
        "max_attempts": MAX_ATTEMPTS,
        "error": _DIED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_GIVE_UP, values)
            return None
    intent_id, kind, payload, run_after, attempts, leased_until = row
    # Django hands JSON columns over as text outside its models.
    return ClaimedIntent(intent_id, kind, orjson.loads(payload), run_after, attempts, leased_until)


def finish(intent: ClaimedIntent, *, now: datetime) -> None:
    """Mark an intent done, or free for another run where it was asked for again meanwhile.

    Raises LeaseLostError, which rolls the result back, where another worker holds it by now.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, {**intent._asdict(), "now": now})
        if not cursor.rowcount:
            raise LeaseLostError(f"the lease of intent {intent.id} ended before its work")


def fail(intent: ClaimedIntent, *, error: Exception, now: datetime) -> None:
    """Keep the error, and try again later: 10 s, 20 s, 40 s …; after the last attempt the intent is given up."""
    values = {
        **intent._asdict(),
        "now": now,
        "run_after": now + _FIRST_BACKOFF * 2 ** (intent.attempts - 1),
        "error": f"{type(error).__name__}: {error}"[:2000],
        "failed": intent.attempts >= MAX_ATTEMPTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FAIL, values)
