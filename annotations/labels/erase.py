"""Emptying what people wrote about erased items: texts go, choices among declared answers stay.

A choice ("fail") says nothing of the person behind the item and keeps the rates of the past true. A corrected text, a
comment or a marked span repeats what the item said.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from annotations.golds.erase import retire_erased
from annotations.models import Adjudication, Draft, GuidelineTodo, Label, Verdict
from annotations.models.queue import Stage
from annotations.queue.counters import SHARDS
from annotations.rubrics.publish import rubric_by_id

CLOSED = "erased"
NOTE = "[erased]"
# Their answers are one of a few values that the rubric declares.
_DECLARED = frozenset({"choice", "multi_choice", "rating", "pairwise", "ranking"})

_CLOSE = """
WITH closed AS (
    UPDATE annotations_task t SET closed_reason = %(closed)s
    WHERE t.item_id = ANY(%(ids)s) AND t.closed_reason IS NULL AND t.need > t.n_labels
    RETURNING t.project_id, t.stage, t.need - t.n_labels - t.n_leases AS seats
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open - s.seats
    FROM (SELECT project_id, stage, sum(seats) AS seats FROM closed GROUP BY 1, 2) s
    WHERE c.project_id = s.project_id AND c.stage = s.stage AND s.stage = %(stage)s
      AND c.shard = mod(pg_backend_pid(), %(shards)s)
)
SELECT count(*) FROM closed
"""
# What people wrote about an item elsewhere: why they skipped or sent it, what the guidelines leave open, rulings.
_NOTES = (
    """
    UPDATE annotations_guard SET reason = '' WHERE reason <> ''
        AND task_id IN (SELECT id FROM annotations_task WHERE item_id = ANY(%(ids)s))
    """,
    "UPDATE annotations_task SET reason = '' WHERE item_id = ANY(%(ids)s) AND reason <> ''",
    "UPDATE annotations_guidelinetodo SET text = %(note)s WHERE item_id = ANY(%(ids)s)",
    "UPDATE annotations_shadowruling SET note = '', sides = '[\"\", \"\"]' WHERE item_id = ANY(%(ids)s)",
)
_ESCALATIONS = """
UPDATE annotations_escalation SET note = %s, answers = NULL, comment = '' WHERE item_id = ANY(%s)
"""


def erase_labels(project_id: int, item_ids: list[int], now: datetime) -> dict[str, int]:  # noqa: ARG001 — the seam's
    """Empty labels, adjudications, verdicts, escalations and drafts of these items, and close their open tasks."""
    if not item_ids:
        return {}
    found = {
        "labels": _empty(Label, item_ids, ("comment", "revision_reason"), objects=("details",)),
        "adjudications": _empty(Adjudication, item_ids, ("note",)),
        "verdicts": _empty(Verdict, item_ids, ("raw", "rationale")),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ESCALATIONS, [NOTE, item_ids])
        found["escalations"] = cursor.rowcount
        for statement in _NOTES:
            cursor.execute(statement, {"ids": item_ids, "note": NOTE})
        values: dict[str, Any] = {"closed": CLOSED, "ids": item_ids, "stage": Stage.REVIEW, "shards": SHARDS}
        cursor.execute(_CLOSE, values)
        found["tasks"] = cursor.fetchone()[0]
    Draft.objects.filter(task__item_id__in=item_ids).delete()
    GuidelineTodo.objects.filter(item_id__in=item_ids).update(text=NOTE)
    retire_erased(item_ids, now=now)
    return found


def _empty(model: Any, item_ids: list[int], texts: tuple[str, ...], objects: tuple[str, ...] = ()) -> int:
    """Take texts, objects and free answers out of the rows about these items; return how many rows there are."""
    rows = list(model.objects.filter(item_id__in=item_ids))
    for row in rows:
        if row.answers is not None:
            row.answers = _declared(row.rubric_id, row.answers)
        for name in texts:
            setattr(row, name, "")
        for name in objects:
            setattr(row, name, {})
    model.objects.bulk_update(rows, ["answers", *texts, *objects], batch_size=500)
    return len(rows)


def _declared(rubric_id: int, answers: dict[str, Any]) -> dict[str, Any]:
    """Return the answers to questions that declare their answers."""
    kept = {question["key"] for question in rubric_by_id(rubric_id).questions if question["kind"] in _DECLARED}
    return {key: answer for key, answer in answers.items() if key in kept}
