"""Asking for background work: a row in the caller's transaction, and a doorbell after its commit.

The row is the truth. The doorbell (an id on Valkey) only saves waiting for the next sweep: it may be lost, rung twice,
or not be there at all.
"""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import django_rq
import orjson
import structlog
from django.db import connection, transaction
from redis.exceptions import RedisError

from reviewapp.jobs.models import Intent

_log = structlog.get_logger(__name__)
RUN = "reviewapp.jobs.run.run_intent"
# A handler that needs longer asks for the rest of its work as another intent, or says that it goes on (`lease.py`): it
# may then last so long that its worker takes it for stuck.
TIMEOUT_SECONDS, STUCK_SECONDS = 75, 900
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
SELECT id FROM jobs_intent
WHERE done_at IS NULL AND failed_at IS NULL AND run_after <= %s AND (leased_until IS NULL OR leased_until <= %s)
ORDER BY run_after, id LIMIT %s
"""


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
        intent_id = row[0]
        transaction.on_commit(lambda: ring([intent_id]), robust=True)


def newest_intent(*, kind: str, key: str) -> Intent | None:
    """Return the last intent for this work: `failed_at` says that it was given up."""
    return Intent.objects.filter(kind=kind, dedupe_key=key).order_by("-pk").first()


def ring(intent_ids: Iterable[int]) -> int:
    """Tell the workers which intents are due; return how many were told. Valkey being away is no error."""
    queue = django_rq.get_queue("default")
    rung = 0
    try:
        for intent_id in intent_ids:
            queue.enqueue(
                RUN,
                intent_id,
                # Never the same id twice: the job of a worker that died, or that could not reach the database, lingers
                # on Valkey for an hour and more.
                job_id=f"{_name(intent_id)}-{secrets.token_hex(4)}",
                job_timeout=STUCK_SECONDS,
                result_ttl=0,
                failure_ttl=3600,
            )
            rung += 1
    except (RedisError, OSError) as error:
        _log.warning("doorbell_unreachable", error=str(error))
    return rung


def _name(intent_id: int) -> str:
    return f"intent-{intent_id}"


def ring_due_intents(now: datetime) -> int:
    """Ring for what is due and not running, also where a worker died with it; return how many were rung.

    What still waits in the queue has been rung for. A job that is just being begun may be rung for again: the second
    one finds the intent taken.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, now, _RUNG_AT_ONCE])
        due = [row[0] for row in cursor.fetchall()]
    return ring(_not_waiting(due)) if due else 0


def _not_waiting(due: list[int]) -> Iterator[int]:
    waiting = {name.rpartition("-")[0] for name in django_rq.get_queue("default").job_ids}
    yield from (intent_id for intent_id in due if _name(intent_id) not in waiting)
