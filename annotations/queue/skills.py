"""Who may be asked what: tasks that ask for a skill stand in lanes of that skill, which only its carriers walk.

A project maps what is known of an item to a skill (`skills_asked`: fact, value, skill; the first that fits). A skill's
lanes are those of the project, moved by twice the skill's number: odd numbers are estimation, even ones chosen by hand,
those from 1001 on urgent. A claim walks the lane without a skill and those of the skills that its reviewer carries, and
takes the best ranked of all; it never looks at a task that it may not give. So a claim costs as much more as its
reviewer has skills, whatever is in the queue.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from annotations.models.queue import Lane, Stage
from annotations.models.skills import Skill, SkillMapping
from annotations.queue.watermarks import BASE_LANE, base_lane, lower_watermark
from reviewapp.accounts.models import Project
from sampling.plans.segments import segment_sql

BATCH = 2000
MOST_BATCHES = 25

_ASK = """
WITH held AS MATERIALIZED (
    SELECT t.id, {base} + 2 * CASE {cases} ELSE 0 END AS lane
    FROM annotations_task t JOIN sampling_item i ON i.id = t.item_id
    WHERE i.id = ANY(%s) AND t.stage = %s ORDER BY t.id FOR NO KEY UPDATE OF t
)
UPDATE annotations_task t SET lane = held.lane FROM held WHERE t.id = held.id AND t.lane <> held.lane
RETURNING t.lane, t.rank
"""
_OPEN = """
SELECT t.id, t.item_id FROM annotations_task t
WHERE t.project_id = %s AND t.stage = %s AND t.closed_reason IS NULL AND t.need > t.n_labels AND t.id > %s
ORDER BY t.id LIMIT %s
"""
# The lane of what this reviewer may be given: without a skill, or of one that they carry.
ELIGIBLE = """
(mod(t.lane, 1000) <= 2 OR EXISTS (
    SELECT 1 FROM annotations_skill s
    JOIN accounts_membership m ON m.project_id = s.project_id AND m.user_id = %(reviewer)s AND s.name = ANY(m.skills)
    WHERE s.project_id = t.project_id AND s.number = (mod(t.lane, 1000) - 1) / 2))
"""
_MISSING = """
SELECT s.name FROM annotations_skill s
WHERE s.project_id = %(project)s
  AND NOT EXISTS (SELECT 1 FROM accounts_membership m
                  WHERE m.project_id = s.project_id AND m.user_id = %(reviewer)s AND s.name = ANY(m.skills))
  AND EXISTS (SELECT 1 FROM annotations_task t
              WHERE t.project_id = s.project_id AND t.stage = %(stage)s AND t.closed_reason IS NULL
                AND t.need > t.n_labels
                AND t.lane = ANY(ARRAY[1 + 2 * s.number, 2 + 2 * s.number, 1001 + 2 * s.number]::smallint[]))
ORDER BY s.name
"""


def ask_for_skills(project: Project, item_ids: Sequence[int]) -> None:
    """Put the review tasks of these items into the lanes of the skills they ask for, in the caller's transaction."""
    if project.skills_asked and item_ids:
        _ask(project, item_ids)


def _ask(project: Project, item_ids: Sequence[int]) -> None:
    numbers = _numbers(project)
    cases, params = ["WHEN FALSE THEN 0"], []
    for asked in project.skills_asked:
        fact = segment_sql(asked["fact"])
        cases.append(f"WHEN {fact.sql} = %s THEN {numbers[asked['skill']]}")
        params += [*fact.params, asked["value"]]
    with connection.cursor() as cursor:
        cursor.execute(_ASK.format(base=BASE_LANE, cases=" ".join(cases)), [*params, list(item_ids), Stage.REVIEW])
        moved = cursor.fetchall()
    for base in Lane:
        ranks = [rank for lane, rank in moved if base_lane(lane) == base]
        if ranks:
            lower_watermark(project_id=project.pk, lane=base, rank=min(ranks))


def follow_mappings(now: datetime) -> int:  # noqa: ARG001 — every step of the sweep is called alike
    """Step of the sweep: where a project asks for other skills by now, ask so of its open tasks; return how many."""
    return sum(_follow(project) for project in Project.objects.order_by("pk"))


def _follow(project: Project) -> int:
    asked = 0
    for _ in range(MOST_BATCHES):
        with transaction.atomic(), connection.cursor() as cursor:
            row = SkillMapping.objects.select_for_update().filter(project=project).first()
            if row is None and not project.skills_asked:
                return asked
            row = row or SkillMapping.objects.create(project=project)
            if row.asked != project.skills_asked:
                row.asked, row.behind = project.skills_asked, 0
            if row.behind is None:
                return asked
            cursor.execute(_OPEN, [project.pk, Stage.REVIEW, row.behind, BATCH])
            found = cursor.fetchall()
            if found:
                _ask(project, [item_id for _, item_id in found])
            row.behind = found[-1][0] if len(found) == BATCH else None
            row.save()
        asked += len(found)
    return asked


def _numbers(project: Project) -> dict[str, int]:
    """Return the numbers of the skills that the project asks for, giving new ones theirs."""
    numbers = dict(Skill.objects.filter(project=project).values_list("name", "number"))
    for asked in project.skills_asked:
        if asked["skill"] not in numbers:
            number = max(numbers.values(), default=0) + 1
            skill, _ = Skill.objects.get_or_create(project=project, name=asked["skill"], defaults={"number": number})
            numbers[skill.name] = skill.number
    return numbers


def list_missing(*, project_id: int, reviewer_id: int) -> list[str]:
    """Return the skills that open tasks ask for and the reviewer does not carry."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {"project": project_id, "reviewer": reviewer_id, "stage": Stage.REVIEW})
        return [row[0] for row in cursor.fetchall()]
