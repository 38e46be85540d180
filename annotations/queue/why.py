"""An honest "nothing for you": why a claim came back empty, and when something may come free."""

from datetime import datetime
from typing import Literal

from django.db import connection

from annotations.queue.counters import QueueCounts

Why = Literal["all_done", "leased_by_others", "seen_by_you"]

_LEASED_BY_OTHERS = """
SELECT min(l.expires_at) FROM annotations_lease l
WHERE l.project_id = %s AND l.reviewer_id <> %s
  AND NOT EXISTS (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = %s AND g.task_id = l.task_id)
"""


def find_next_free(*, project_id: int, reviewer_id: int) -> datetime | None:
    """Return when the first lease ends whose task this reviewer could then be given, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_LEASED_BY_OTHERS, [project_id, reviewer_id, reviewer_id])
        row = cursor.fetchone()
        return row[0] if row else None


def why_nothing(counts: QueueCounts, next_free_at: datetime | None) -> Why:
    """Say why a claim found nothing: others hold it, this reviewer has seen it all, or all is done."""
    if next_free_at is not None:
        return "leased_by_others"
    return "seen_by_you" if counts.open or counts.leased else "all_done"
