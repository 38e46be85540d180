"""People who labelled an item before it had a task (their labels were imported) are not given it again."""

from collections.abc import Sequence

from django.db import connection

from annotations.models.queue import GuardState, Stage

_GUARD = """
INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
SELECT b.reviewer_id, t.id, t.project_id, %(labelled)s, gen_random_uuid(), b.rubric_id, '', now()
FROM annotations_task t JOIN annotations_label b ON b.project_id = t.project_id AND b.item_id = t.item_id
WHERE t.item_id = ANY(%(items)s) AND t.stage = %(stage)s AND b.reviewer_id IS NOT NULL
  AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
ON CONFLICT (reviewer_id, task_id) DO NOTHING
"""


def guard_labelled(item_ids: Sequence[int]) -> None:
    """Write the guards of everybody who has a label on these items and none at their review tasks."""
    with connection.cursor() as cursor:
        cursor.execute(_GUARD, {"items": list(item_ids), "stage": Stage.REVIEW, "labelled": GuardState.LABELLED})
