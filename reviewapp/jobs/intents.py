"""Asking for background work: a row in the caller's transaction, and a doorbell after its commit.

The row is the truth. The doorbell (an id on Valkey) only saves waiting for the next sweep: it may be lost, rung twice,
or not be there at all.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import django_rq
import orjson
import structlog
from django.db import connection, transaction
from redis.exceptions import RedisError
from rq.exceptions import DuplicateJobError

_log = structlog.get_logger(__name__)
RUN = "reviewapp.jobs.run.run_intent"
# A handler that needs longer asks for the rest of its work as another intent.
TIMEOUT_SECONDS = 75
LEASE_SECONDS = 90
_RUNG_AT_ONCE = 1000

# An intent that is running may have read its world before the caller changed it. Moving its date tells its worker, when
# it is done, to leave it open for another run.
_ADD = """
INSERT INTO jobs_intent (kind, dedupe_key, payload, run_after, attempts, last_error, created_at)
VALUES (%(kind)s, %(key)s, %(payload)s, %(run_after)s, 0, '', %(now)s)
ON CONFLICT (kind, dedupe_key) WHERE done_at IS NULL AND failed_at IS NULL
DO UPDATE SET run_after = GREATEST(EXCLUDED.run_after, jobs_intent.run_after + interval '1 microsecond')
    WHERE jobs_intent.leased_until IS NOT NULL
RETURNING id, leased_until IS NULL
"""
_DUE = """
SELECT id, attempts FROM jobs_intent
WHERE done_at IS NULL AND failed_at IS NULL AND run_after <= %s AND (leased_until IS NULL OR leased_until <= %s)
ORDER BY run_after, id LIMIT %s
"""


class DueIntent(NamedTuple):
    """An intent that may run; `attempts` tells one ringing from the next."""

    id: int
    attempts: int


def add_intent(
    *, kind: str, key: str, now: datetime, payload: dict[str, Any] | None = None, run_after: datetime | None = None
) -> None:
    """Ask for work of a kind named in `settings.JOB_HANDLERS`, in the caller's transaction.

    While an intent of the same kind and key is open, asking again adds none; where it is running already, it will run
    once more. The handler gets the payload of the one that was stored.
    """
    due = run_after or now
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {"kind": kind, "key": key, "payload": orjson.dumps(payload or {}).decode(), "run_after": due, "now": now},
        )
        row = cursor.fetchone()
    if row is not None and row[1] and due <= now:
        intent = DueIntent(row[0], 0)
        transaction.on_commit(lambda: ring([intent]), robust=True)


def ring(intents: Iterable[DueIntent]) -> int:
    """Tell the workers which intents are due; return how many were told. Valkey being away is no error."""
    queue = django_rq.get_queue("default")
    rung = 0
    for intent in intents:
        try:
            queue.enqueue(
                RUN,
                intent.id,
                # After a worker died its job lingers for minutes under its id; the next attempt has another one.
                job_id=f"intent-{intent.id}-{intent.attempts}",
                unique=True,
                job_timeout=TIMEOUT_SECONDS,
                result_ttl=0,
                failure_ttl=3600,
            )
        except DuplicateJobError:
            continue
        except (RedisError, OSError) as error:
            _log.warning("doorbell_unreachable", error=str(error))
            break
        rung += 1
    return rung


def ring_due_intents(now: datetime) -> int:
    """Ring for what is due and not running, also where a worker died with it; return how many were rung."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, now, _RUNG_AT_ONCE])
        due = [DueIntent(*row) for row in cursor.fetchall()]
    return ring(due)
