"""Outputs as work of the queue: opened for a sample, read as their graders see them, counted for one person, closed.

Such a task names an output and no item, so nothing that is read by item knows of it: no rate of production, agreement,
resolution, calibration or list. It is in no counter either; what a person is told of the queue holds the outputs that
they may still grade.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.models import Evaluation, EvaluationOutput, EvaluationTask, Task
from annotations.models.queue import GuardState, Lane, Stage

CLOSED = "erased"
KEY = "passes"
PASS = "pass"  # noqa: S105 — an answer

_SEEN = "You see what was expected."
_HIDDEN = "What was expected is not shown."
_ABOUT = "A system under evaluation gave this output; which one, you are not told. It is no production traffic."

_READ = """
SELECT t.task_id, r.row, o.output, e.sample
FROM annotations_evaluationtask t
JOIN annotations_evaluation e ON e.id = t.evaluation_id
JOIN annotations_evaluationoutput o ON o.evaluation_id = t.evaluation_id AND o.position = t.position AND o.nth = 1
JOIN annotations_datasetrow r ON r.version_id = e.version_id AND r.position = t.position
WHERE t.task_id = ANY(%s)
"""
_COUNT = """
SELECT t.project_id, count(*), 0 FROM annotations_task t
LEFT JOIN annotations_guard g ON g.reviewer_id = %(reviewer)s AND g.task_id = t.id
WHERE t.project_id = ANY(%(projects)s) AND t.stage = %(stage)s AND t.lane = %(lane)s AND t.is_open
  AND COALESCE(g.state, %(left)s) = %(left)s
GROUP BY t.project_id
UNION ALL
SELECT l.project_id, 0, count(*) FROM annotations_lease l
JOIN annotations_task t ON t.id = l.task_id AND t.stage = %(stage)s
WHERE l.reviewer_id = %(reviewer)s AND l.project_id = ANY(%(projects)s)
GROUP BY l.project_id
"""
# Who has one on screen loses it: what they send is refused, as the task is closed.
_CLOSE = """
WITH due AS MATERIALIZED (
    SELECT t.id FROM annotations_evaluationtask x JOIN annotations_task t ON t.id = x.task_id
    JOIN annotations_evaluation e ON e.id = x.evaluation_id
    JOIN annotations_datasetrow r ON r.version_id = e.version_id AND r.position = x.position
    WHERE r.item_id = ANY(%(items)s) AND e.project_id = %(project)s
    ORDER BY t.id FOR NO KEY UPDATE OF t
), undrafted AS (
    DELETE FROM annotations_draft d USING due WHERE d.task_id = due.id
), silent AS (
    UPDATE annotations_guard g SET reason = '' FROM due WHERE g.task_id = due.id AND g.reason <> ''
)
UPDATE annotations_task t SET closed_reason = %(closed)s FROM due
WHERE t.id = due.id AND t.closed_reason IS NULL AND t.need > t.n_labels
"""


class Waiting(NamedTuple):
    """Outputs that one person may still grade, and those that they have at hand."""

    open: int
    leased: int


@dataclass(frozen=True, slots=True)
class OutputTask:
    """An output as its grader sees it: the fields of its row, the output, what was expected where they see it."""

    item: dict[str, Any]
    questions: list[dict[str, Any]]


def questions_of(*, show_expected: bool) -> list[dict[str, Any]]:
    """Return what graders are asked of an output."""
    return [
        {
            "key": KEY,
            "kind": "choice",
            "title": "Does this output pass?",
            "help": f"{_ABOUT} {_SEEN if show_expected else _HIDDEN}",
            "required": True,
            "options": [
                {"value": PASS, "label": "It passes", "hotkey": "1"},
                {"value": "fail", "label": "It fails", "hotkey": "2"},
            ],
            "positive": [PASS],
        }
    ]


def open_outputs(evaluation: Evaluation, *, need: int, now: datetime) -> int:
    """Open a task for each output of the sample that has none, in the sample's order; return how many."""
    order = {name: nth for nth, name in enumerate((evaluation.sample or {}).get("external_ids", []))}
    there = set(EvaluationTask.objects.filter(evaluation=evaluation).values_list("position", flat=True))
    rows = EvaluationOutput.objects.filter(
        evaluation=evaluation, nth=1, external_id__in=list(order), erased_at=None
    ).values_list("position", "external_id")
    new = sorted((order[name], position) for position, name in rows if position not in there)
    tasks = Task.objects.bulk_create(
        Task(
            project_id=evaluation.project_id,
            stage=Stage.EVALUATION,
            lane=Lane.CHOSEN,
            rank=now.timestamp() + nth * 1e-6,
            need=need,
            created_at=now,
        )
        for nth, _ in new
    )
    EvaluationTask.objects.bulk_create(
        EvaluationTask(task=task, evaluation=evaluation, position=position)
        for task, (_, position) in zip(tasks, new, strict=True)
    )
    return len(new)


def read_outputs(task_ids: Sequence[int]) -> dict[int, OutputTask]:
    """Return the outputs behind these tasks; those of tasks about items are not among them."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(task_ids)])
        rows = cursor.fetchall()
    found = {}
    for task_id, row, output, sample in rows:
        fields = orjson.loads(row)
        shows = bool(orjson.loads(sample)["show_expected"])
        item = {name: fields[name] for name in ("external_id", "input", "context")}
        item |= {"output": None if output is None else orjson.loads(output), "steps": None, "occurred_at": None}
        if shows:
            item["expected"] = fields["expected"]
        found[task_id] = OutputTask(item, questions_of(show_expected=shows))
    return found


def count_waiting(reviewer_id: int, project_ids: Sequence[int]) -> dict[int, Waiting]:
    """Return what waits for a person in each of these projects; projects without anything are left out."""
    arguments: dict[str, Any] = {
        "reviewer": reviewer_id,
        "projects": list(project_ids),
        "stage": Stage.EVALUATION,
        "lane": Lane.CHOSEN,
        "left": GuardState.LEFT,
    }
    found: dict[int, Waiting] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, arguments)
        for project_id, waits, leased in cursor.fetchall():
            before = found.get(project_id, Waiting(0, 0))
            found[project_id] = Waiting(before.open + waits, before.leased + leased)
    return found


def close_erased(project_id: int, item_ids: Sequence[int]) -> None:
    """Close the tasks about outputs for erased items, with drafts and reasons gone."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, {"items": list(item_ids), "project": project_id, "closed": CLOSED})
