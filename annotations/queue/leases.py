"""What a reviewer may do with a lease besides labelling: keep it, give it back, skip the task, save a draft."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from annotations.models import Guard
from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.free import free_lease
from annotations.queue.reasons import checked_reason
from annotations.queue.turns import take_turn
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError

# A heartbeat writes two columns that no index knows: always a heap-only update.
_RENEW = """
UPDATE annotations_lease
SET expires_at = now() + make_interval(secs => %(seconds)s), shown_at = COALESCE(shown_at, now())
WHERE task_id = %(task)s AND reviewer_id = %(reviewer)s
RETURNING expires_at
"""

# The lease ran out and was swept (a laptop slept, say); while the seat is free its reviewer may sit down again.
_REGAIN = """
WITH seat AS (
    UPDATE annotations_task SET n_leases = n_leases + 1
    WHERE id = %(task)s AND closed_reason IS NULL AND need > n_leases + n_labels
    RETURNING id, project_id, stage
), guarded AS (
    UPDATE annotations_guard g SET state = %(leased)s, at = now() FROM seat
    WHERE g.task_id = seat.id AND g.reviewer_id = %(reviewer)s
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open - 1, leased = c.leased + 1 FROM seat
    WHERE seat.stage = %(stage)s AND c.project_id = seat.project_id AND c.stage = %(stage)s
      AND c.shard = mod(pg_backend_pid(), %(shards)s)
)
INSERT INTO annotations_lease (task_id, reviewer_id, project_id, token, expires_at, shown_at)
SELECT seat.id, %(reviewer)s, seat.project_id, %(token)s, now() + make_interval(secs => %(seconds)s), now() FROM seat
RETURNING expires_at
"""

_DRAFT = """
INSERT INTO annotations_draft (reviewer_id, task_id, answers, comment, updated_at)
VALUES (%(reviewer)s, %(task)s, %(answers)s::jsonb, %(comment)s, %(now)s)
ON CONFLICT (reviewer_id, task_id) DO UPDATE
    SET answers = EXCLUDED.answers, comment = EXCLUDED.comment, updated_at = EXCLUDED.updated_at
    WHERE %(edited)s::timestamptz IS NULL OR annotations_draft.updated_at <= EXCLUDED.updated_at
"""


_AT_HAND = (GuardState.LEASED, GuardState.LEFT)


def lease_lost(message: str = "This task is no longer leased to you.") -> ConflictError:
    """Return the refusal for a lease that is not, or no longer, the caller's."""
    return ConflictError(message, code="lease_lost")


def hold_guard(access: Access, task_id: int, token: UUID | None, *, or_in: GuardState | None = None) -> GuardState:
    """Take the reviewer's turn and return the state of their guard, which the token must prove.

    It must be work at hand, or in the one other state that the caller takes.
    """
    require(access, Action.LABEL)
    take_turn(access.actor.user.pk)
    guard = (
        Guard.objects.filter(reviewer_id=access.actor.user.pk, task_id=task_id, project=access.project)
        .values_list("token", "state")
        .first()
    )
    if guard is None or token is None or guard[0] != token or guard[1] not in {*_AT_HAND, or_in}:
        raise lease_lost()
    return GuardState(guard[1])


def renew_lease(*, access: Access, task_id: int, token: UUID | None) -> datetime:
    """Keep the lease for the project's full time from now (the task is on screen) and return when it ends.

    A lease that has run out is regained while nobody took the seat; else ConflictError `lease_lost`.
    """
    with transaction.atomic():
        state = hold_guard(access, task_id, token)
        arguments = {
            "task": task_id,
            "reviewer": access.actor.user.pk,
            "token": token,
            "seconds": access.project.lease_seconds,
            "leased": GuardState.LEASED,
            "stage": Stage.REVIEW,
            "shards": SHARDS,
        }
        with connection.cursor() as cursor:
            row = None
            if state == GuardState.LEASED:
                cursor.execute(_RENEW, arguments)
                row = cursor.fetchone()
            if row is None:  # it ran out, perhaps this very moment
                cursor.execute(_REGAIN, arguments)
                row = cursor.fetchone()
    if row is None:
        raise lease_lost("The lease ran out and somebody else has taken the task.")
    expires_at: datetime = row[0]
    return expires_at


def release_lease(*, access: Access, task_id: int, token: UUID | None, shown: bool = False) -> None:
    """Give the task back. What was on screen stays this reviewer's to come back to, while a seat is free.

    `shown` says that it was, where no heartbeat has told so yet.
    """
    with transaction.atomic():
        if hold_guard(access, task_id, token) == GuardState.LEASED:
            free_lease(task_id=task_id, reviewer_id=access.actor.user.pk, drops_unseen=not shown)


def skip_task(*, access: Access, task_id: int, token: UUID | None, reason: str, now: datetime) -> None:
    """Give the task back for good, saying why; others are still asked."""
    reason = checked_reason(reason, asked="Say in a few words why you skip it.")
    reviewer_id = access.actor.user.pk
    with transaction.atomic():
        if hold_guard(access, task_id, token) == GuardState.LEASED:
            free_lease(task_id=task_id, reviewer_id=reviewer_id, drops_unseen=False)
        # Whether we or the sweeper ended the lease, the guard is ours to settle.
        Guard.objects.filter(reviewer_id=reviewer_id, task_id=task_id).update(
            state=GuardState.SKIPPED, reason=reason, at=now
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM annotations_draft WHERE reviewer_id = %s AND task_id = %s", [reviewer_id, task_id]
            )
        record(
            "task.skipped",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="task",
            object_id=task_id,
        )


def save_draft(
    *,
    access: Access,
    task_id: int,
    token: UUID | None,
    answers: dict[str, Any],
    comment: str,
    now: datetime,
    edited_at: datetime | None = None,
) -> None:
    """Keep unfinished answers, unchecked; they come back with the task, on any machine.

    `edited_at` is when they were written: what arrives late never replaces what was written later.
    """
    with transaction.atomic():
        hold_guard(access, task_id, token)
        with connection.cursor() as cursor:
            cursor.execute(
                _DRAFT,
                {
                    "reviewer": access.actor.user.pk,
                    "task": task_id,
                    "answers": orjson.dumps(answers).decode(),
                    "comment": comment,
                    "edited": edited_at,
                    "now": min(edited_at or now, now),
                },
            )
