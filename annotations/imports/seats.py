"""Seats that imported labels take in the queue, and the guards that keep their makers from being given the item again.

A member's label takes the seat that they hold a lease on; else any free seat. Where none is free the label stands
beside the task, and only the guard is written. People without an account take a seat and have no guard.

Where the item is a gold that the member was given, it is over for them as well: their label is there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import SHARDS

# Whoever changes a task's seats locks the task's row first, and reads the seats in a later statement.
_HOLD = """
SELECT id FROM annotations_task WHERE project_id = %s AND stage = ANY(%s) AND item_id = ANY(%s)
ORDER BY id FOR NO KEY UPDATE
"""
_FREE = """
SELECT t.item_id, t.id, CASE WHEN t.closed_reason IS NULL THEN t.need - t.n_leases - t.n_labels ELSE 0 END,
    ARRAY(SELECT l.reviewer_id FROM annotations_lease l WHERE l.task_id = t.id AND l.reviewer_id = ANY(%s)
          AND t.closed_reason IS NULL)
FROM annotations_task t WHERE t.id = ANY(%s) AND t.stage = %s
"""
_TAKE = """
WITH taken AS (
    SELECT * FROM unnest(%(tasks)s::bigint[], %(people)s::bigint[], %(counts)s::bool[], %(leased)s::bool[])
        AS s (task_id, reviewer_id, counts, leased)
), gone AS (
    DELETE FROM annotations_lease l USING taken s
    WHERE s.leased AND l.task_id = s.task_id AND l.reviewer_id = s.reviewer_id
), seated AS (
    UPDATE annotations_task t SET n_labels = t.n_labels + s.labels, n_leases = t.n_leases - s.leases
    FROM (SELECT task_id, count(*) FILTER (WHERE counts) AS labels, count(*) FILTER (WHERE leased) AS leases
          FROM taken GROUP BY task_id) s
    WHERE t.id = s.task_id
), counted AS (
    UPDATE annotations_queuecounter c
    SET open = c.open - (k.labels - k.leases), leased = c.leased - k.leases, done = c.done + k.labels
    FROM (SELECT count(*) FILTER (WHERE counts) AS labels, count(*) FILTER (WHERE leased) AS leases FROM taken) k
    WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
), undrafted AS (
    DELETE FROM annotations_draft d USING taken s WHERE d.task_id = s.task_id AND d.reviewer_id = s.reviewer_id
)
INSERT INTO annotations_guard AS g (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
SELECT reviewer_id, task_id, %(project)s, %(labelled)s, gen_random_uuid(), %(rubric)s, '', now()
FROM taken WHERE reviewer_id IS NOT NULL
ON CONFLICT (reviewer_id, task_id) DO UPDATE SET state = EXCLUDED.state, at = EXCLUDED.at
"""


@dataclass(frozen=True, slots=True)
class Seat:
    """A label's place at its task: whose, whether it is one of those that are needed, and whether it was leased."""

    task_id: int
    reviewer_id: int | None
    counts: bool
    leased: bool


@dataclass(slots=True)
class _Places:
    task_id: int
    free: int
    leased_by: set[int]


class Seats:
    """What the tasks of a batch's items have free; taking one leaves one less."""

    def __init__(self, places: dict[int, _Places]) -> None:
        self._places = places

    def take(self, item_id: int, reviewer_id: int | None) -> Seat | None:
        """Return the seat of a new label on the item, or None where there is no task or nothing to write down."""
        places = self._places.get(item_id)
        if places is None:
            return None
        if reviewer_id is not None and reviewer_id in places.leased_by:
            places.leased_by.discard(reviewer_id)
            return Seat(places.task_id, reviewer_id, counts=True, leased=True)
        if places.free > 0:
            places.free -= 1
            return Seat(places.task_id, reviewer_id, counts=True, leased=False)
        return None if reviewer_id is None else Seat(places.task_id, reviewer_id, counts=False, leased=False)


def find_seats(*, project_id: int, item_ids: Sequence[int], people: Iterable[int]) -> Seats:
    """Return the seats of the items' review tasks, which are held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [project_id, [Stage.REVIEW, Stage.GOLD], list(set(item_ids))])
        held = [row[0] for row in cursor.fetchall()]
        cursor.execute(_FREE, [list(people), held, Stage.REVIEW])
        return Seats({row[0]: _Places(row[1], row[2], set(row[3])) for row in cursor.fetchall()})


def take_seats(*, project_id: int, rubric_id: int, seats: Sequence[Seat]) -> None:
    """Write the seats down: the tasks' numbers, the counters, the ended leases and the guards."""
    if not seats:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "tasks": [seat.task_id for seat in seats],
                "people": [seat.reviewer_id for seat in seats],
                "counts": [seat.counts for seat in seats],
                "leased": [seat.leased for seat in seats],
                "project": project_id,
                "stage": Stage.REVIEW,
                "shards": SHARDS,
                "labelled": GuardState.LABELLED,
                "rubric": rubric_id,
            },
        )
