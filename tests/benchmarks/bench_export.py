"""Labels out: 100,000 labelled items as JSON Lines, CSV and resolutions, and how far memory grows meanwhile.

Beside it the floor: the same columns by a bare COPY … TO STDOUT in the same run, on a throw-away database.
"""

import os
import time
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from tests.benchmarks.rows import Row
from tests.benchmarks.serving import prepared_database

LABELS = int(os.environ.get("LABELS", "100000"))
QUESTION = {
    "key": "verdict",
    "kind": "choice",
    "title": "Verdict",
    "options": [{"value": "pass", "label": "Pass"}, {"value": "fail", "label": "Fail"}],
    "positive": ["pass"],
}

FILL = """
WITH numbered AS (
    SELECT n, next_item_id() AS id FROM generate_series(1, %(n)s) n
), item AS (
    INSERT INTO sampling_item (id, project_id, external_id, input, output, received_at, metadata)
    SELECT id, %(project)s, 'item-' || n, to_jsonb('question ' || n), to_jsonb(repeat('answer ', 40)), now(), '{}'
    FROM numbered RETURNING id
)
INSERT INTO annotations_label (project_id, item_id, reviewer_id, reviewer_name, rubric_id, answers, comment,
    duration_ms, source, surplus, revision_reason, created_at)
SELECT %(project)s, id, %(user)s, 'rui', %(rubric)s, '{"verdict": "pass"}', '', 4200, 'import', false, '', now()
FROM item
"""
FLOOR = """
COPY (SELECT b.id, i.external_id, b.reviewer_name, b.answers, b.comment, b.created_at, b.duration_ms, b.source
      FROM annotations_label b JOIN sampling_item i ON i.id = b.item_id ORDER BY b.id) TO STDOUT
"""


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        return _measure()


def _measure() -> list[Row]:
    from django.db import connection

    from annotations.api.exports import LABEL_FIELDS, csv_of
    from annotations.labels.columns import Column
    from annotations.labels.read import stream_label_rows
    from annotations.labels.resolve import stream_resolutions
    from reviewapp.http.json_lines import json_lines

    project_id = _fill()
    columns = [Column("answers.verdict", "verdict")]

    def floor() -> Iterable[bytes]:
        with connection.cursor() as cursor, cursor.copy(FLOOR) as copy:
            yield from (bytes(block) for block in copy)

    floor_rate, _ = _rate(floor)
    beside = f"COPY to stdout {floor_rate:,.0f} rows/s"
    ways: list[tuple[str, Callable[[], Iterable[bytes]], str]] = [
        (
            "labels as JSON Lines",
            lambda: json_lines(row.as_dict() for row in stream_label_rows(project_id)),
            "≥ 30,000 rows/s",
        ),
        (
            "labels as CSV",
            lambda: csv_of((row.as_dict() for row in stream_label_rows(project_id)), LABEL_FIELDS, columns),
            "–",
        ),
        (
            "resolutions as JSON Lines",
            lambda: json_lines(row._asdict() for row in stream_resolutions(project_id, method="majority")),
            "–",
        ),
    ]
    rows = []
    for what, way, target in ways:
        rate, _ = _rate(way)
        grown = _grown(way)
        rows.append(Row(f"{LABELS:,} {what}", f"{rate:,.0f} rows/s, peak of {grown / 1e6:.1f} MB", beside, target))
    return rows


def _rate(way: Callable[[], Iterable[bytes]]) -> tuple[float, int]:
    start = time.perf_counter()
    size = sum(map(len, way()))
    return LABELS / (time.perf_counter() - start), size


def _grown(way: Callable[[], Iterable[bytes]]) -> int:
    """Return how many bytes Python held at most while streaming."""
    tracemalloc.start()
    for _ in way():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _fill() -> int:
    from django.db import connection

    from annotations.projects import create_project
    from annotations.rubrics.publish import find_rubric
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec

    user = User.objects.create(username="olga")
    project = create_project(
        owner=user,
        spec=ProjectSpec(slug="bench", name="Bench"),
        rubric={"questions": [QUESTION]},
        actor=None,
        now=datetime.now(UTC),
    )
    rubric = find_rubric(project.pk)
    with connection.cursor() as cursor:
        values = {"n": LABELS, "project": project.pk, "user": user.pk, "rubric": rubric.pk if rubric else None}
        cursor.execute(FILL, values)
        cursor.execute("ANALYZE annotations_label, sampling_item")
    return project.pk
