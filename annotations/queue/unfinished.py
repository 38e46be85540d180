"""Unfinished work on another machine: a person's own leases that hold a draft, and taking one of them over.

Taking over gives the lease a new token. The other machine's next heartbeat or draft is then refused, and it says why:
there is never more than one place where an item is being answered.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from annotations.queue.leased import LeasedTask, read_leased
from annotations.queue.leases import lease_lost
from annotations.queue.turns import take_turn
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action

_UNFINISHED = """
SELECT l.task_id, COALESCE(i.external_id, o.external_id), d.updated_at
FROM annotations_lease l
JOIN annotations_draft d ON d.task_id = l.task_id AND d.reviewer_id = l.reviewer_id
JOIN annotations_task t ON t.id = l.task_id
LEFT JOIN sampling_item i ON i.id = t.item_id
LEFT JOIN annotations_evaluationtask x ON x.task_id = t.id
LEFT JOIN annotations_evaluationoutput o ON o.evaluation_id = x.evaluation_id AND o.position = x.position AND o.nth = 1
WHERE l.reviewer_id = %s AND l.project_id = %s AND l.shown_at IS NOT NULL AND l.expires_at > now()
ORDER BY d.updated_at DESC LIMIT 10
"""

_TAKE_OVER = """
WITH guarded AS (
    UPDATE annotations_guard SET token = gen_random_uuid(), at = now()
    WHERE reviewer_id = %(reviewer)s AND task_id = %(task)s AND project_id = %(project)s
      AND EXISTS (SELECT 1 FROM annotations_lease l WHERE l.task_id = %(task)s AND l.reviewer_id = %(reviewer)s)
    RETURNING task_id, token
)
UPDATE annotations_lease l
SET token = guarded.token, expires_at = now() + make_interval(secs => %(seconds)s), shown_at = COALESCE(shown_at, now())
FROM guarded WHERE l.task_id = guarded.task_id AND l.reviewer_id = %(reviewer)s
RETURNING l.task_id
"""


class Unfinished(NamedTuple):
    """Work that its reviewer began and that no other person can be given now."""

    task: int
    external_id: str
    updated_at: datetime


def list_unfinished(access: Access) -> list[Unfinished]:
    """Return the person's leased tasks that were on screen and hold a draft, the newest draft first."""
    require(access, Action.LABEL)
    with connection.cursor() as cursor:
        cursor.execute(_UNFINISHED, [access.actor.user.pk, access.project.pk])
        return [Unfinished(*row) for row in cursor.fetchall()]


def take_over(*, access: Access, task_id: int) -> LeasedTask:
    """Go on here with a task that the same person has on screen elsewhere, and return it with its draft.

    Raises ConflictError `lease_lost` when it is no longer theirs.
    """
    require(access, Action.LABEL)
    reviewer_id = access.actor.user.pk
    with transaction.atomic():
        take_turn(reviewer_id)
        with connection.cursor() as cursor:
            arguments = {
                "reviewer": reviewer_id,
                "task": task_id,
                "project": access.project.pk,
                "seconds": access.project.lease_seconds,
            }
            cursor.execute(_TAKE_OVER, arguments)
            if cursor.fetchone() is None:
                raise lease_lost()
        (task,) = read_leased(project=access.project, reviewer_id=reviewer_id, task_ids=[task_id])
    return task
