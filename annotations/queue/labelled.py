"""Who labelled an item before it had a task, or before they had an account, is not given it again.

Such labels were imported, and an import knows people by their names.
"""

from collections.abc import Sequence

from django.db import connection

from annotations.models.queue import GuardState, Stage
from reviewapp.accounts.models import Project, User

_GUARD = """
INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
SELECT COALESCE(b.reviewer_id, m.user_id), t.id, t.project_id, %(labelled)s, gen_random_uuid(), b.rubric_id, '', now()
FROM annotations_task t JOIN annotations_label b ON b.project_id = t.project_id AND b.item_id = t.item_id
LEFT JOIN accounts_user u ON b.reviewer_id IS NULL AND u.username = b.reviewer_name
LEFT JOIN accounts_membership m ON m.project_id = b.project_id AND m.user_id = u.id
WHERE t.item_id = ANY(%(items)s) AND t.stage = %(stage)s AND COALESCE(b.reviewer_id, m.user_id) IS NOT NULL
  AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
ON CONFLICT (reviewer_id, task_id) DO NOTHING
"""
_JOINED = """
INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
SELECT %(person)s, t.id, t.project_id, CASE t.stage WHEN %(review)s THEN %(labelled)s ELSE %(known)s END,
    gen_random_uuid(), b.rubric_id, '', now()
FROM annotations_label b JOIN annotations_task t ON t.item_id = b.item_id AND t.stage IN (%(review)s, %(gold)s)
WHERE b.project_id = %(project)s AND b.reviewer_name = %(name)s AND b.reviewer_id IS NULL
  AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
ON CONFLICT (reviewer_id, task_id) DO NOTHING
"""


def guard_labelled(item_ids: Sequence[int]) -> None:
    """Write the guards of everybody who has a label on these items and none at their review tasks."""
    with connection.cursor() as cursor:
        cursor.execute(_GUARD, {"items": list(item_ids), "stage": Stage.REVIEW, "labelled": GuardState.LABELLED})


def guard_member(*, project: Project, person: User) -> None:
    """Write the guards of somebody who has just become a member and has labels under their name."""
    with connection.cursor() as cursor:
        cursor.execute(
            _JOINED,
            {
                "person": person.pk,
                "name": person.username,
                "project": project.pk,
                "review": Stage.REVIEW,
                "gold": Stage.GOLD,
                "labelled": GuardState.LABELLED,
                "known": GuardState.KNOWN,
            },
        )
