"""An honest "nothing for you": why a claim came back empty, and when something may come free.

Claims pass over rows that somebody else is writing this very moment. A reviewer who is told that they have seen
everything goes home, so that is only said after looking once more without regard to locks.
"""

from datetime import datetime
from typing import Literal

from django.db import connection

from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import QueueCounts
from annotations.queue.skills import ELIGIBLE, list_missing

Why = Literal["all_done", "leased_by_others", "seen_by_you", "needs_other_skills", "paused"]

_LEASED_BY_OTHERS = f"""
SELECT min(l.expires_at) FROM annotations_lease l JOIN annotations_task t ON t.id = l.task_id AND t.stage IN (1, 4)
WHERE l.project_id = %(project)s AND l.reviewer_id <> %(reviewer)s AND {ELIGIBLE}
  AND NOT EXISTS (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = %(reviewer)s AND g.task_id = l.task_id)
"""  # noqa: S608 — a condition of ours

# The scalar subquery for the same reason as in the claim.
_PASSED_OVER = f"""
SELECT EXISTS (
    SELECT 1 FROM annotations_watermark w
    JOIN annotations_task t ON t.project_id = w.project_id AND t.stage = w.stage AND t.is_open
        AND mod(t.lane, 2) = mod(w.lane, 2)
        AND t.rank >= w.rank
    WHERE w.project_id = %(project)s AND w.stage = %(stage)s AND {ELIGIBLE}
      AND COALESCE((SELECT g.state FROM annotations_guard g
                    WHERE g.reviewer_id = %(reviewer)s AND g.task_id = t.id), %(left)s) = %(left)s)
"""  # noqa: S608 — as above


def find_next_free(*, project_id: int, reviewer_id: int) -> datetime | None:
    """Return when the first lease ends whose task this reviewer could then be given, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_LEASED_BY_OTHERS, {"project": project_id, "reviewer": reviewer_id})
        row = cursor.fetchone()
        return row[0] if row else None


def why_nothing(
    *, project_id: int, reviewer_id: int, counts: QueueCounts, next_free_at: datetime | None, outputs: int = 0
) -> Why:
    """Say why a claim found nothing.

    Others are at it (so `outputs` of evaluations were passed over that this person may grade); the rest asks for skills
    that this reviewer lacks; they have seen it all; or all is done.
    """
    if next_free_at is not None or outputs or (counts.open and _was_passed_over(project_id, reviewer_id)):
        return "leased_by_others"
    if not (counts.open or counts.leased):
        return "all_done"
    return "needs_other_skills" if list_missing(project_id=project_id, reviewer_id=reviewer_id) else "seen_by_you"


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
