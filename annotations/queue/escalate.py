"""Escalating: the reviewer hands the task on to an adjudicator, with a note.

The lease ends as in a skip, and its reviewer is not given the task again. An item that was to have one label then waits
for the adjudicator alone: its review task is closed. One that was to have several keeps its seats, because agreement
needs the labels that were planned, and difficult items missing from it would flatter it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from annotations.models import Guard
from annotations.models.queue import GuardState, Lane, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.free import free_lease
from annotations.queue.leases import hold_guard
from reviewapp.accounts.access import Access
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError

LONGEST_NOTE = 2000
CLOSED = "escalated"

# The task's row is locked by the statement before, so that its seats are judged as they are.
_CLOSE = """
WITH closed AS (
    UPDATE annotations_task SET closed_reason = %(closed)s
    WHERE id = %(task)s AND need = 1 AND n_leases = 0 AND n_labels = 0 AND closed_reason IS NULL
    RETURNING project_id
)
UPDATE annotations_queuecounter c SET open = c.open - 1 FROM closed
WHERE c.project_id = closed.project_id AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
"""

# What the reviewer had answered goes along with the note. An item has one adjudication task, whoever asked for it; what
# was a case already, or decided before, is one that somebody waits for now.
_HAND_ON = """
WITH drafted AS (
    DELETE FROM annotations_draft WHERE reviewer_id = %(reviewer)s AND task_id = %(task)s RETURNING answers, comment
), asked AS (
    INSERT INTO annotations_task
        (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
    SELECT project_id, item_id, %(adjudication)s, %(lane)s, rank, 1, 0, 0, %(closed)s, %(now)s
    FROM annotations_task WHERE id = %(task)s
    ON CONFLICT (item_id, stage) DO UPDATE SET lane = EXCLUDED.lane, rank = EXCLUDED.rank, closed_reason = NULL
)
INSERT INTO annotations_escalation
    (project_id, item_id, task_id, reviewer_id, reviewer_name, note, answers, comment, created_at)
SELECT project_id, item_id, id, %(reviewer)s, %(name)s, %(note)s,
    COALESCE(%(answers)s::jsonb, (SELECT answers FROM drafted)),
    COALESCE(NULLIF(%(comment)s, ''), (SELECT comment FROM drafted), ''), %(now)s
FROM annotations_task WHERE id = %(task)s
RETURNING id
"""


def escalate_task(
    *,
    access: Access,
    task_id: int,
    token: UUID | None,
    note: str,
    now: datetime,
    answers: dict[str, Any] | None = None,
    comment: str = "",
) -> None:
    """Hand the task on to an adjudicator with what was answered so far, unchecked; else with the draft.

    The same call again changes nothing.

    Raises InvalidError without a note, ConflictError `lease_lost` without the lease, `not_escalatable` for an output of
    an evaluation.
    """
    note = note.strip()
    if not note or len(note) > LONGEST_NOTE:
        message = "Say what the adjudicator should decide." if not note else f"At most {LONGEST_NOTE:,} characters."
        raise InvalidError(fields=(FieldError("note", message),))
    reviewer = access.actor.user
    arguments: dict[str, Any] = {
        "task": task_id,
        "reviewer": reviewer.pk,
        "name": reviewer.username,
        "note": note,
        "answers": orjson.dumps(answers).decode() if answers else None,
        "comment": comment,
        "closed": CLOSED,
        "stage": Stage.REVIEW,
        "adjudication": Stage.ADJUDICATION,
        "lane": Lane.CHOSEN,
        "shards": SHARDS,
        "now": now,
    }
    with transaction.atomic():
        state = hold_guard(access, task_id, token, or_in=GuardState.ESCALATED)
        if state == GuardState.ESCALATED:
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT stage FROM annotations_task WHERE id = %s FOR NO KEY UPDATE", [task_id])
            if cursor.fetchone()[0] == Stage.EVALUATION:
                raise ConflictError(
                    "An output of an evaluation has no adjudicator. Skip it, saying why.", code="not_escalatable"
                )
            if state == GuardState.LEASED:
                free_lease(task_id=task_id, reviewer_id=reviewer.pk, drops_unseen=False)
            cursor.execute(_CLOSE, arguments)
            cursor.execute(_HAND_ON, arguments)
            escalation_id = cursor.fetchone()[0]
        Guard.objects.filter(reviewer_id=reviewer.pk, task_id=task_id).update(state=GuardState.ESCALATED, at=now)
        record(
            "task.escalated",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="escalation",
            object_id=escalation_id,
            detail={"task": task_id, "note_sha256": digest(note)},
        )


def count_open_escalations(project_id: int) -> int:
    """Return how many escalated items of a project still wait for an adjudicator."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(DISTINCT e.item_id) FROM annotations_escalation e
            JOIN annotations_task t ON t.item_id = e.item_id AND t.stage = %s AND t.is_open
            WHERE e.project_id = %s
            """,
            [Stage.ADJUDICATION, project_id],
        )
        return int(cursor.fetchone()[0])
