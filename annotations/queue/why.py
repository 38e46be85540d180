"""An honest "nothing for you": why a claim came back empty, and when something may come free.

Claims pass over rows that somebody else is writing this very moment. A reviewer who is told that they have seen
everything goes home, so that is only said after looking once more without regard to locks.
"""

from datetime import datetime
from typing import Literal

from django.db import connection

from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import QueueCounts

Why = Literal["all_done", "leased_by_others", "seen_by_you"]

_LEASED_BY_OTHERS = """
SELECT min(l.expires_at) FROM annotations_lease l
WHERE l.project_id = %s AND l.reviewer_id <> %s
  AND NOT EXISTS (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = %s AND g.task_id = l.task_id)
"""

# The scalar subquery for the same reason as in the claim.
_PASSED_OVER = """
SELECT EXISTS (
    SELECT 1 FROM annotations_watermark w
    JOIN annotations_task t ON t.project_id = w.project_id AND t.stage = w.stage AND t.lane = w.lane AND t.is_open
        AND t.rank >= w.rank
    WHERE w.project_id = %(project)s AND w.stage = %(stage)s
      AND COALESCE((SELECT g.state FROM annotations_guard g
                    WHERE g.reviewer_id = %(reviewer)s AND g.task_id = t.id), %(left)s) = %(left)s)
"""


def find_next_free(*, project_id: int, reviewer_id: int) -> datetime | None:
    """Return when the first lease ends whose task this reviewer could then be given, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_LEASED_BY_OTHERS, [project_id, reviewer_id, reviewer_id])
        row = cursor.fetchone()
        return row[0] if row else None


def why_nothing(*, project_id: int, reviewer_id: int, counts: QueueCounts, next_free_at: datetime | None) -> Why:
    """Say why a claim found nothing: others are at it, this reviewer has seen it all, or all is done."""
    if next_free_at is not None or (counts.open and _was_passed_over(project_id, reviewer_id)):
        return "leased_by_others"
    return "seen_by_you" if counts.open or counts.leased else "all_done"


def _was_passed_over(project_id: int, reviewer_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            _PASSED_OVER,
            {
                "project": project_id,
                "reviewer": reviewer_id,
                "stage": Stage.REVIEW,
                "left": GuardState.LEFT,
            },
        )
        return bool(cursor.fetchone()[0])
