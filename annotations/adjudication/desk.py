"""The adjudicator's desk: the next case, held for a short time so that nobody else is given it meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from annotations.adjudication.cases import find_cases, weigh_items
from annotations.models.queue import Lane, Stage
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import ConflictError, NotFoundError

HOLD_SECONDS = 600
MOST_COUNTED = 1000

# Escalations first, then by cost. What the adjudicator has labelled or escalated themselves is not offered while there
# is anything else: nobody should be the judge in their own case.
_NEXT = """
SELECT t.id, t.item_id FROM annotations_task t
WHERE t.project_id = %(project)s AND t.stage = %(stage)s AND t.lane = %(lane)s AND t.is_open
  AND t.id <> ALL (%(later)s)
  AND NOT EXISTS (SELECT 1 FROM annotations_adjudicationhold h
                  WHERE h.task_id = t.id AND h.adjudicator_id <> %(person)s AND h.expires_at > %(now)s)
  AND (%(own)s OR NOT EXISTS (
        SELECT 1 FROM annotations_label b WHERE b.item_id = t.item_id AND b.reviewer_id = %(person)s
          AND b.withdrawn_at IS NULL
        UNION ALL
        SELECT 1 FROM annotations_escalation e WHERE e.item_id = t.item_id AND e.project_id = t.project_id
          AND e.reviewer_id = %(person)s))
ORDER BY t.rank, t.id LIMIT 1
FOR NO KEY UPDATE OF t SKIP LOCKED
"""
_HOLD = """
INSERT INTO annotations_adjudicationhold AS h (task_id, adjudicator_id, expires_at)
VALUES (%(task)s, %(person)s, %(now)s::timestamptz + make_interval(secs => %(seconds)s))
ON CONFLICT (task_id) DO UPDATE SET adjudicator_id = EXCLUDED.adjudicator_id, expires_at = EXCLUDED.expires_at
    WHERE h.adjudicator_id = EXCLUDED.adjudicator_id OR h.expires_at <= %(now)s
RETURNING h.task_id
"""
_WAITING = """
SELECT count(*) FROM (SELECT 1 FROM annotations_task t
    WHERE t.project_id = %s AND t.stage = %s AND t.lane = %s AND t.is_open LIMIT %s) counted
"""


class Waiting(NamedTuple):
    """How many cases wait, up to `MOST_COUNTED` of each sort."""

    escalations: int
    disagreements: int


class HeldCase(NamedTuple):
    """A case that is this adjudicator's for a time; `task_id` is None for an item that was asked for by name."""

    task_id: int | None
    item_id: int


def count_waiting(project_id: int) -> Waiting:
    """Return how many cases of a project wait for an adjudicator."""
    counts = []
    with connection.cursor() as cursor:
        for lane in (Lane.CHOSEN, Lane.ESTIMATION):
            cursor.execute(_WAITING, [project_id, Stage.ADJUDICATION, lane, MOST_COUNTED])
            counts.append(cursor.fetchone()[0])
    return Waiting(*counts)


def take_case(access: Access, *, later: Sequence[int] = (), now: datetime) -> HeldCase | None:
    """Hold the next case for the actor and return it, or None where there is none; `later` are tasks put aside."""
    require(access, Action.ADJUDICATE)
    find_cases(access.project, now=now)
    while True:
        with transaction.atomic():
            found = _find(access, later, now)
            if found is None:
                return None
            task_id, item_id, lane = found
            if lane == Lane.ESTIMATION:  # an undo leaves no new label: the answers may agree by now
                weigh_items(access.project, [item_id], now=now)
            if _hold(access, task_id, now):
                return HeldCase(task_id, item_id)


def _find(access: Access, later: Sequence[int], now: datetime) -> tuple[int, int, Lane] | None:
    arguments: dict[str, Any] = {
        "project": access.project.pk,
        "stage": Stage.ADJUDICATION,
        "person": access.actor.user.pk,
        "later": list(later),
        "now": now,
    }
    with connection.cursor() as cursor:
        for own in (False, True):
            for lane in (Lane.CHOSEN, Lane.ESTIMATION):
                cursor.execute(_NEXT, {**arguments, "lane": lane, "own": own})
                if row := cursor.fetchone():
                    return row[0], row[1], lane
    return None


def _hold(access: Access, task_id: int, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM annotations_task WHERE id = %s AND is_open", [task_id])
        if cursor.fetchone() is None:
            return False
        cursor.execute(_HOLD, {"task": task_id, "person": access.actor.user.pk, "now": now, "seconds": HOLD_SECONDS})
        return cursor.fetchone() is not None


def keep_case(access: Access, *, task_id: int, now: datetime) -> None:
    """Hold the case for longer. Raises ConflictError `case_taken`, NotFoundError."""
    with transaction.atomic():
        hold_case(access, task_id=task_id, now=now)


def hold_case(access: Access, *, task_id: int, now: datetime) -> int:
    """Hold an open case inside the caller's transaction and return its item.

    Raises ConflictError `case_decided` or `case_taken`, NotFoundError.
    """
    require(access, Action.ADJUDICATE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, is_open FROM annotations_task WHERE id = %s AND project_id = %s AND stage = %s"
            " FOR NO KEY UPDATE",
            [task_id, access.project.pk, Stage.ADJUDICATION],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFoundError("There is no such case in this project.")
    if not row[1]:
        raise ConflictError("This case has been decided or settled meanwhile.", code="case_decided")
    if not _hold(access, task_id, now):
        raise ConflictError("Somebody else has this case before them now.", code="case_taken")
    return int(row[0])


def let_go(access: Access, *, task_id: int) -> None:
    """End the actor's hold of a case, if they have one."""
    require(access, Action.ADJUDICATE)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM annotations_adjudicationhold h USING annotations_task t WHERE h.task_id = %s"
            " AND t.id = h.task_id AND t.project_id = %s AND h.adjudicator_id = %s",
            [task_id, access.project.pk, access.actor.user.pk],
        )
