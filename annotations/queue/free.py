"""Ending leases without a label: expired, released or skipped; the seat is open again."""

from collections import defaultdict
from typing import Any

from django.db import connection

from annotations.models.queue import GuardState, Lane, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.watermarks import lower_watermark

# What was never on screen leaves no trace; what was shown keeps its guard, and its reviewer alone may come back to it.
_FREE = """
WITH gone AS (
    DELETE FROM annotations_lease l USING (
        SELECT task_id, reviewer_id FROM annotations_lease
        WHERE {which}
        ORDER BY task_id LIMIT 1000 FOR UPDATE SKIP LOCKED
    ) due
    WHERE l.task_id = due.task_id AND l.reviewer_id = due.reviewer_id
    RETURNING l.task_id, l.reviewer_id, l.project_id, l.shown_at
), kept AS (
    UPDATE annotations_guard g SET state = %(state)s, reason = %(reason)s, at = now() FROM gone
    WHERE g.reviewer_id = gone.reviewer_id AND g.task_id = gone.task_id AND (gone.shown_at IS NOT NULL OR %(keep)s)
), dropped AS (
    DELETE FROM annotations_guard g USING gone
    WHERE g.reviewer_id = gone.reviewer_id AND g.task_id = gone.task_id AND gone.shown_at IS NULL AND NOT %(keep)s
), seats AS (
    UPDATE annotations_task t SET n_leases = t.n_leases - freed.n
    FROM (SELECT task_id, count(*) AS n FROM gone GROUP BY task_id) freed
    WHERE t.id = freed.task_id
    RETURNING t.project_id, t.lane, t.rank, freed.n
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open + s.n, leased = c.leased - s.n
    FROM (SELECT project_id, sum(n) AS n FROM seats GROUP BY project_id) s
    WHERE c.project_id = s.project_id AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
)
SELECT project_id, lane, min(rank), sum(n) FROM seats GROUP BY project_id, lane ORDER BY project_id, lane
"""
_EXPIRED = "expires_at < now()"
_EXPIRED_OF_PROJECT = "expires_at < now() AND project_id = %(project)s"
_ONE = "task_id = %(task)s AND reviewer_id = %(reviewer)s"


def _free(which: str, **arguments: Any) -> int:
    base: dict[str, Any] = {
        "state": GuardState.LEFT,
        "reason": "",
        "keep": False,
        "stage": Stage.REVIEW,
        "shards": SHARDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FREE.format(which=which), {**base, **arguments})
        freed = cursor.fetchall()
    total = 0
    lowest: dict[tuple[int, int], float] = defaultdict(lambda: float("inf"))
    for project_id, lane, rank, seats in freed:
        lowest[project_id, lane] = min(lowest[project_id, lane], rank)
        total += int(seats)
    for (project_id, lane), rank in sorted(lowest.items()):
        lower_watermark(project_id=project_id, lane=Lane(lane), rank=rank)
    return total


def free_leases(*, project_id: int | None = None) -> int:
    """End up to 1,000 expired leases (of one project, or of all) and return how many; call again while it finds some.

    Must run in a transaction. Leases that somebody is working on this very moment are left to the next call.
    """
    return _free(_EXPIRED) if project_id is None else _free(_EXPIRED_OF_PROJECT, project=project_id)


def free_lease(*, task_id: int, reviewer_id: int, skipped_because: str | None = None) -> int:
    """End one lease inside the caller's transaction and turn.

    With `skipped_because` the guard stays for good: the reviewer is never given the task again.
    """
    if skipped_because is None:
        return _free(_ONE, task=task_id, reviewer=reviewer_id)
    return _free(
        _ONE,
        task=task_id,
        reviewer=reviewer_id,
        state=GuardState.SKIPPED,
        reason=skipped_because,
        keep=True,
    )
