"""A leased task as its reviewer gets it: what it asks about, and nothing that a blind reviewer must not see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.sides import asks_for_whole_output, only_candidates, orders_of
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
_JSON = frozenset({"input", "output", "context", "steps", "decision", "metadata"})


@dataclass(frozen=True, slots=True)
class LeasedTask:
    """One task with its lease, its item's visible fields (JSON columns as raw JSON), and what was drafted.

    `orders` says for each comparing question in which order its candidates are shown to this reviewer.
    """

    id: int
    token: UUID
    expires_at: datetime
    item: dict[str, Any]
    rubric_id: int
    draft: dict[str, Any] | None
    reason: str | None
    orders: dict[str, list[str]]


def read_leased(*, project: Project, reviewer_id: int, task_ids: Sequence[int]) -> list[LeasedTask]:
    """Return the reviewer's leased tasks of these ids, in the ids' order."""
    if not task_ids:
        return []
    fields = _BLIND if project.blind else _OPEN
    columns = ", ".join(f"i.{field}" for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT q.task_id, q.token, q.expires_at, q.rubric_id, q.answers, q.comment, q.reason, {columns}
            FROM queue_leased(%s, %s) q JOIN sampling_item i ON i.id = q.item_id
            ORDER BY q.nth
            """,  # noqa: S608 — the columns are the constants above
            [reviewer_id, list(task_ids)],
        )
        rows = cursor.fetchall()
    return [_leased(row, fields, blind=project.blind, reviewer_id=reviewer_id) for row in rows]


def _leased(row: tuple[Any, ...], fields: Sequence[str], *, blind: bool, reviewer_id: int) -> LeasedTask:
    questions = rubric_by_id(row[3]).questions
    orders = orders_of(questions, reviewer_id=reviewer_id, task_id=row[0])
    item = {
        field: orjson.Fragment(value) if field in _JSON and value is not None else value
        for field, value in zip(fields, row[7:], strict=True)
    }
    if blind and orders and not asks_for_whole_output(questions):
        item["output"] = only_candidates(row[7 + fields.index("output")], orders)
    return LeasedTask(
        id=row[0],
        token=row[1],
        expires_at=row[2],
        rubric_id=row[3],
        draft={"answers": orjson.loads(row[4]), "comment": row[5]} if row[4] is not None else None,
        reason=(row[6] or None) if not blind else None,
        orders=orders,
        item=item,
    )
