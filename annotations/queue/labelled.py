"""Who labelled an item before it had a task, or before they had an account, is not given it again.

Such labels were imported, and an import knows people by their names. What they had been given and not finished is over.
"""

from collections.abc import Sequence

from django.db import connection

from annotations.models.queue import GuardState, Stage
from annotations.queue.free import free_places
from annotations.queue.turns import take_turn
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
_UNFINISHED = """
SELECT t.item_id FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
WHERE g.reviewer_id = %(person)s AND g.project_id = %(project)s AND g.state = ANY(%(unfinished)s)
  AND t.stage = ANY(%(stages)s)
  AND EXISTS (SELECT 1 FROM annotations_label b WHERE b.item_id = t.item_id AND b.reviewer_name = %(name)s
      AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL)
ORDER BY t.id FOR NO KEY UPDATE OF t
"""
_END = """
WITH theirs AS (
    SELECT DISTINCT t.id AS task_id, n.person
    FROM unnest(%(items)s::bigint[], %(people)s::bigint[]) AS n (item_id, person)
    JOIN annotations_task t ON t.item_id = n.item_id AND t.stage = ANY(%(stages)s)
), undrafted AS (
    DELETE FROM annotations_draft d USING theirs WHERE d.task_id = theirs.task_id AND d.reviewer_id = theirs.person
)
UPDATE annotations_guard g SET state = %(labelled)s, at = now()
FROM theirs WHERE g.task_id = theirs.task_id AND g.reviewer_id = theirs.person AND g.state = ANY(%(unfinished)s)
"""
_STATES = [GuardState.LEASED, GuardState.LEFT]


def guard_labelled(item_ids: Sequence[int]) -> None:
    """Write the guards of everybody who has a label on these items and none at their review tasks."""
    with connection.cursor() as cursor:
        cursor.execute(_GUARD, {"items": list(item_ids), "stage": Stage.REVIEW, "labelled": GuardState.LABELLED})


def guard_member(*, project: Project, person: User) -> None:
    """Write the guards of somebody who has just become a member and has labels under their name.

    Who was one before may have left such an item unfinished: it is over.
    """
    take_turn(person.pk)
    stages = [Stage.REVIEW, Stage.GOLD]
    with connection.cursor() as cursor:
        cursor.execute(
            _UNFINISHED,
            {
                "person": person.pk,
                "name": person.username,
                "project": project.pk,
                "stages": stages,
                "unfinished": _STATES,
            },
        )
        end_unfinished([(row[0], person.pk) for row in cursor.fetchall()], stages=stages)
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


def end_unfinished(places: Sequence[tuple[int, int]], *, stages: Sequence[Stage]) -> None:
    """End what people have not finished of items that they have a label on: `places` are items and people.

    The tasks are held by the caller, and the people's turns.
    """
    if not places:
        return
    free_places(places, stages=stages)
    with connection.cursor() as cursor:
        cursor.execute(
            _END,
            {
                "items": [item_id for item_id, _ in places],
                "people": [person for _, person in places],
                "stages": list(stages),
                "labelled": GuardState.LABELLED,
                "unfinished": _STATES,
            },
        )
