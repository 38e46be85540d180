"""A leased task as its reviewer gets it: what it asks about, and nothing that a blind reviewer must not see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from annotations.evaluations.tasks import OutputTask, read_outputs
from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.sides import asks_for_whole_output, candidates_of, only_candidates, orders_of
from reviewapp.accounts.models import Project

# What a blind reviewer sees of an item. Metadata is left out: teams put model names and expected answers into it.
_BLIND = ("external_id", "input", "output", "context", "steps", "occurred_at")
_OPEN = (
    *_BLIND,
    "system",
    "system_version",
    "model",
    "prompt_version",
    "decision",
    "confidence",
    "latency_ms",
    "cost_usd",
    "feedback",
    "metadata",
)
_FIRST = 7  # where the item's columns begin, with the external id that every item has
_JSON = frozenset({"input", "output", "context", "steps", "decision", "metadata"})


@dataclass(frozen=True, slots=True)
class LeasedTask:
    """One task with its lease, its item's visible fields (JSON columns as raw JSON), and what was drafted.

    `candidates` are those that the questions compare, in the order in which this reviewer sees them; `orders` says the
    same for each question. `questions` are those of the rubric, or what is asked of an output of an evaluation: then
    `is_output`, and the item is its row with that output.
    """

    id: int
    token: UUID
    expires_at: datetime
    item: dict[str, Any]
    rubric_id: int
    draft: dict[str, Any] | None
    reason: str | None
    orders: dict[str, list[str]]
    candidates: list[str]
    questions: list[dict[str, Any]]
    is_output: bool = False


def read_leased(*, project: Project, reviewer_id: int, task_ids: Sequence[int]) -> list[LeasedTask]:
    """Return the reviewer's leased tasks of these ids, in the ids' order."""
    if not task_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {handed_out(blind=project.blind)}
            FROM queue_leased(%s, %s) q LEFT JOIN sampling_item i ON i.id = q.item_id
            ORDER BY q.nth
            """,  # noqa: S608 — the columns are the constants above
            [reviewer_id, list(task_ids)],
        )
        rows = cursor.fetchall()
    strange = [row[0] for row in rows if row[_FIRST] is None]
    outputs = read_outputs(strange) if strange else {}
    return [
        _leased_output(row, outputs[row[0]])
        if row[0] in outputs
        else _leased(row, project=project, reviewer_id=reviewer_id)
        for row in rows
    ]


@cache
def handed_out(*, blind: bool) -> str:
    """Return the columns that `read_handed_out` wants of a leased task `q` and its item `i`."""
    columns = ", ".join(f"i.{field}" for field in (_BLIND if blind else _OPEN))
    return f"q.task_id, q.token, q.expires_at, q.rubric_id, q.answers, q.comment, q.reason, {columns}"


def read_handed_out(rows: Sequence[tuple[Any, ...]], *, project: Project, reviewer_id: int) -> list[LeasedTask]:
    """Return the tasks of a statement that leased them and joined their items; one row without a task is none.

    The functions see what was committed while the statement ran, its join does not: an item that came in meanwhile has
    no columns there, and is read again. Nor has an output of an evaluation.
    """
    if rows[0][0] is None:
        return []
    if any(row[_FIRST] is None for row in rows):
        return read_leased(project=project, reviewer_id=reviewer_id, task_ids=[row[0] for row in rows])
    return [_leased(row, project=project, reviewer_id=reviewer_id) for row in rows]


def _shown_fields(project: Project) -> tuple[str, ...]:
    return _BLIND if project.blind else _OPEN


def _leased(row: tuple[Any, ...], *, project: Project, reviewer_id: int) -> LeasedTask:
    questions = rubric_by_id(row[3]).questions
    blind = project.blind
    shown = _shown(
        row[_FIRST:], _shown_fields(project), questions, blind=blind, reviewer_id=reviewer_id, task_id=row[0]
    )
    return LeasedTask(
        id=row[0],
        token=row[1],
        expires_at=row[2],
        rubric_id=row[3],
        draft=_draft(row),
        reason=(row[6] or None) if not blind else None,
        orders=shown.orders,
        candidates=shown.candidates,
        item=shown.item,
        questions=questions,
    )


def _leased_output(row: tuple[Any, ...], output: OutputTask) -> LeasedTask:
    return LeasedTask(
        id=row[0],
        token=row[1],
        expires_at=row[2],
        rubric_id=row[3],
        draft=_draft(row),
        reason=None,
        orders={},
        candidates=[],
        item=output.item,
        questions=output.questions,
        is_output=True,
    )


def _draft(row: tuple[Any, ...]) -> dict[str, Any] | None:
    return {"answers": orjson.loads(row[4]), "comment": row[5]} if row[4] is not None else None


class ShownItem(NamedTuple):
    """What a reviewer sees of an item, and the candidates they compare, in the order in which they see them."""

    item: dict[str, Any]
    orders: dict[str, list[str]]
    candidates: list[str]


def _shown(
    values: Sequence[Any],
    fields: Sequence[str],
    questions: list[dict[str, Any]],
    *,
    blind: bool,
    reviewer_id: int,
    task_id: int,
) -> ShownItem:
    candidates = candidates_of(questions, reviewer_id=reviewer_id, task_id=task_id)
    item = {
        field: orjson.Fragment(value) if field in _JSON and value is not None else value
        for field, value in zip(fields, values, strict=True)
    }
    if blind and candidates and not asks_for_whole_output(questions):
        item["output"] = only_candidates(values[fields.index("output")], candidates)
    return ShownItem(item, orders_of(questions, reviewer_id=reviewer_id, task_id=task_id), candidates)


def read_shown(
    *, project: Project, item_id: int, task_id: int, reviewer_id: int, questions: list[dict[str, Any]]
) -> ShownItem:
    """Return what a reviewer saw of an item under these questions, for a label that is looked at again."""
    fields = _shown_fields(project)
    columns = ", ".join(f"i.{field}" for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM sampling_item i WHERE i.id = %s", [item_id])  # noqa: S608 — as above
        values = cursor.fetchone()
    return _shown(values, fields, questions, blind=project.blind, reviewer_id=reviewer_id, task_id=task_id)
