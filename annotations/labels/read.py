"""Reading labels: one, an item's, or a project's as a stream in short transactions."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.models.labels import LabelSource

_COLUMNS = """
    b.id, i.external_id, b.reviewer_name, r.version, b.answers, b.details, b.comment,
    to_char(b.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), b.duration_ms, b.source,
    b.surplus, b.superseded_by_id
"""
_SOURCE = """
    FROM annotations_label b
    JOIN sampling_item i ON i.id = b.item_id
    JOIN annotations_rubricversion r ON r.id = b.rubric_id
    WHERE b.withdrawn_at IS NULL
"""
BATCH = 2000


class LabelRow(NamedTuple):
    """A label as exports give it; answers and details are raw JSON.

    A withdrawn one has no row, a superseded one its heir.
    """

    id: int
    external_id: str
    reviewer: str
    rubric_version: int
    answers: str
    details: str
    comment: str
    created_at: str
    duration_ms: int | None
    source: str
    surplus: bool
    superseded_by: int | None

    def as_queue(self) -> "LabelRow":
        """Return the row as its own reviewer may see it: a gold looks like any other label."""
        return self._replace(source=LabelSource.QUEUE) if self.source == LabelSource.GOLD else self

    def as_dict(self) -> dict[str, Any]:
        """Return the row for orjson, the answers passed through as they are stored."""
        # Formatting the time in Postgres and naming the fields here doubles the speed of an export.
        row: dict[str, Any] = dict(zip(self._fields, self, strict=True))
        row["answers"] = orjson.Fragment(self.answers)
        row["details"] = orjson.Fragment(self.details)
        return row


def get_label_row(label_id: int) -> LabelRow:
    """Return one label's row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} {_SOURCE} AND b.id = %s", [label_id])
        return LabelRow(*cursor.fetchone())


def list_label_rows(
    project_id: int, *, after: int = 0, limit: int = BATCH, reviewer_id: int | None = None
) -> list[LabelRow]:
    """Return a project's labels in order of id, from behind `after`; those of one reviewer where
    named, golds then looking like the others."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} {_SOURCE} AND b.project_id = %s AND b.id > %s"
            " AND (%s::bigint IS NULL OR b.reviewer_id = %s) ORDER BY b.id LIMIT %s",
            [project_id, after, reviewer_id, reviewer_id, limit],
        )
        rows = [LabelRow(*row) for row in cursor.fetchall()]
    return rows if reviewer_id is None else [row.as_queue() for row in rows]


def stream_label_rows(project_id: int, *, reviewer_id: int | None = None) -> Iterator[LabelRow]:
    """Yield all labels of a project (of one reviewer where named) in order of id, holding one batch at a time."""
    after = 0
    while rows := list_label_rows(project_id, after=after, reviewer_id=reviewer_id):
        yield from rows
        after = rows[-1].id


def labels_of_item(item_id: int) -> list[dict[str, Any]]:
    """Return an item's labels for its page and the API, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} {_SOURCE} AND b.item_id = %s ORDER BY b.id", [item_id])
        return [LabelRow(*row).as_dict() for row in cursor.fetchall()]
