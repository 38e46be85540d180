"""Labels that stand, read and stored as rows by the thousand: no object of the ORM for each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from annotations.models.labels import LabelSource

# By the partial index of labels that stand.
_FIND = """
SELECT b.id, b.item_id, b.reviewer_name, b.answers, b.task_id, b.reviewer_id, b.surplus, b.source
FROM annotations_label b
WHERE b.item_id = ANY(%s) AND b.reviewer_name = ANY(%s) AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
"""
_COPY = """
COPY annotations_label (id, project_id, item_id, task_id, reviewer_id, reviewer_name, rubric_id, answers, details,
    comment, duration_ms, source, surplus, revision_reason, created_at, superseded_by_id) FROM STDIN
"""


@dataclass(slots=True)
class Standing:
    """A label that stands, or is about to; `superseded_by` is set where a later line of the same file replaces it."""

    id: int
    item_id: int
    reviewer_name: str
    answers: dict[str, Any]
    task_id: int | None
    reviewer_id: int | None
    surplus: bool
    source: str = LabelSource.IMPORT
    details: dict[str, Any] = field(default_factory=dict)
    comment: str = ""
    duration_ms: int | None = None
    created_at: datetime | None = None
    revision_reason: str = ""
    superseded_by: int | None = None


def find_standing(*, item_ids: Sequence[int], names: Sequence[str]) -> dict[tuple[int, str], Standing]:
    """Return the labels that these people have on these items already, by item and name."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [list(item_ids), list(names)])
        return {
            (row[1], row[2]): Standing(row[0], row[1], row[2], orjson.loads(row[3]), *row[4:])
            for row in cursor.fetchall()
        }


def insert_labels(*, project_id: int, rubric_id: int, labels: Sequence[Standing]) -> None:
    """Store new labels, in one COPY."""
    if not labels:
        return
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for label in labels:
            copy.write_row(
                (
                    label.id,
                    project_id,
                    label.item_id,
                    label.task_id,
                    label.reviewer_id,
                    label.reviewer_name,
                    rubric_id,
                    orjson.dumps(label.answers).decode(),
                    orjson.dumps(label.details).decode(),
                    label.comment,
                    label.duration_ms,
                    str(label.source),
                    label.surplus,
                    label.revision_reason,
                    label.created_at,
                    label.superseded_by,
                )
            )
