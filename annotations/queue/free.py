"""Ending leases without a label: expired, released or skipped; the seat is open again."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.watermarks import lower_watermark

# Whoever changes a task's seats locks the task row first; the sweeper passes over those that are locked, so that it
# never waits for people nor they for a ring. What was shown, or ran out, keeps its guard: its reviewer alone may come
# back to it, and late answers still find their proof. What is given back unseen leaves no trace.
_FREE = """
WITH due AS MATERIALIZED (
    SELECT l.task_id, l.reviewer_id FROM annotations_lease l JOIN annotations_task t ON t.id = l.task_id
    WHERE {which} ORDER BY l.task_id LIMIT 1000
    FOR NO KEY UPDATE OF t {patience} FOR UPDATE OF l {patience}
), gone AS (
    DELETE FROM annotations_lease l USING due WHERE l.task_id = due.task_id AND l.reviewer_id = due.reviewer_id
    RETURNING l.task_id, l.reviewer_id, l.shown_at
), seats AS (
    UPDATE annotations_task t SET n_leases = t.n_leases - freed.n
    FROM (SELECT task_id, count(*) AS n FROM gone GROUP BY task_id) freed WHERE t.id = freed.task_id
    RETURNING t.project_id, t.stage, t.lane, t.rank, freed.n, t.closed_reason IS NULL AS opens
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open + s.opened, leased = c.leased - s.n
    FROM (SELECT project_id, sum(n) AS n, sum(CASE WHEN opens THEN n ELSE 0 END) AS opened FROM seats
          WHERE stage = %(stage)s GROUP BY project_id) s
    WHERE c.project_id = s.project_id AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
), dropped AS (
    DELETE FROM annotations_guard g USING gone
    WHERE g.reviewer_id = gone.reviewer_id AND g.task_id = gone.task_id AND gone.shown_at IS NULL AND %(drops_unseen)s
), kept AS (
    UPDATE annotations_guard g SET state = %(left)s, at = now() FROM gone
    WHERE g.reviewer_id = gone.reviewer_id AND g.task_id = gone.task_id
      AND (gone.shown_at IS NOT NULL OR NOT %(drops_unseen)s)
)
SELECT project_id, stage, lane, min(rank), sum(n) FROM seats GROUP BY project_id, stage, lane
ORDER BY project_id, stage, lane
"""
_EXPIRED = "l.expires_at < now()"
_EXPIRED_OF_PROJECT = "l.expires_at < now() AND l.project_id = %(project)s"
_EXPIRED_OF_PERSON = "l.expires_at < now() AND l.project_id = %(project)s AND l.reviewer_id = %(reviewer)s"
_ONE = "l.task_id = %(task)s AND l.reviewer_id = %(reviewer)s"
_PLACES = """
t.stage = ANY(%(stages)s)
AND (t.item_id, l.reviewer_id) IN (SELECT * FROM unnest(%(items)s::bigint[], %(people)s::bigint[]))
"""
_ANY_OF_PERSON = """
SELECT 1 FROM annotations_lease WHERE project_id = %s AND reviewer_id = %s AND expires_at < now() LIMIT 1
"""


def _free(which: str, *, patience: str, drops_unseen: bool, **arguments: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _FREE.format(which=which, patience=patience),
            {
                "left": GuardState.LEFT,
                "drops_unseen": drops_unseen,
                "stage": Stage.REVIEW,
                "shards": SHARDS,
                **arguments,
            },
        )
        freed = cursor.fetchall()
    for project_id, stage, lane, rank, _ in freed:
        if stage == Stage.REVIEW:  # golds stand in no lane
            lower_watermark(project_id=project_id, lane=lane, rank=rank)
    return sum(int(seats) for *_, seats in freed)


def free_leases(*, project_id: int | None = None) -> int:
    """End up to 1,000 expired leases (of one project, or of all) and return how many; call again while it finds some.

    Must run in a transaction. Leases that somebody is working on this very moment are left to the next call.
    """
    which = _EXPIRED if project_id is None else _EXPIRED_OF_PROJECT
    return _free(which, patience="SKIP LOCKED", drops_unseen=False, project=project_id)


def free_own_leases(*, project_id: int, reviewer_id: int) -> int:
    """End the expired leases of one person in a project, as the sweep will; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY_OF_PERSON, [project_id, reviewer_id])
        if cursor.fetchone() is None:
            return 0
    with transaction.atomic():
        return _free(
            _EXPIRED_OF_PERSON, patience="SKIP LOCKED", drops_unseen=False, project=project_id, reviewer=reviewer_id
        )


def free_places(places: Sequence[tuple[int, int]], *, stages: Sequence[Stage]) -> None:
    """End the leases of people on items, inside the caller's transaction and the people's turns."""
    items, people = [item_id for item_id, _ in places], [person for _, person in places]
    while _free(_PLACES, patience="", drops_unseen=False, items=items, people=people, stages=list(stages)):
        pass


def free_lease(*, task_id: int, reviewer_id: int, drops_unseen: bool) -> int:
    """End one lease inside the caller's transaction and turn; 0 when the sweeper was faster.

    With `drops_unseen` a task that was never on screen is forgotten: its reviewer may be given it afresh.
    """
    return _free(_ONE, patience="", drops_unseen=drops_unseen, task=task_id, reviewer=reviewer_id)
