"""Labels in: 50,000 labels of 125 people on 400 items, validated, seated, stored and audited, by one process.

Beside it the floor: the same rows by one INSERT … SELECT, with the table's keys and indexes, in the same run.
"""

import os
import time
from datetime import UTC, datetime

from tests.benchmarks.rows import Row
from tests.benchmarks.serving import prepared_database

ITEMS = int(os.environ.get("ITEMS", "400"))
PEOPLE = 125
QUESTION = {
    "key": "verdict",
    "kind": "choice",
    "title": "Verdict",
    "options": [{"value": value, "label": value} for value in ("Yes", "No", "Unsure")],
}
_FLOOR = """
INSERT INTO annotations_label (project_id, item_id, reviewer_name, rubric_id, answers, comment, source, surplus,
    revision_reason, created_at)
SELECT project_id, item_id, 'x' || reviewer_name, rubric_id, answers, comment, source, surplus, revision_reason,
    created_at
FROM annotations_label WHERE project_id = %s
"""


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        return _measure()


def _measure() -> list[Row]:
    import orjson
    from django.db import connection

    from annotations.imports.labels import import_labels
    from annotations.projects import create_project
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from reviewapp.http.lines import Line
    from sampling.ingest.add import add_items

    now = datetime.now(UTC)
    owner = User.objects.create(username="olga")
    spec = ProjectSpec(slug="bench", name="Bench", overlap=2)
    project = create_project(owner=owner, spec=spec, rubric={"questions": [QUESTION]}, actor=None, now=now)
    items = [Line(n, {"external_id": f"i{n}", "input": "q", "output": "a"}) for n in range(ITEMS)]
    add_items(project=project, lines=items, actor=None, now=now)
    lines = [
        Line(
            n,
            orjson.dumps(
                {
                    "external_id": f"i{n // PEOPLE}",
                    "reviewer": f"r{n % PEOPLE:03}",
                    "answers": {"verdict": ("Yes", "No", "Unsure")[n * 7 % 3]},
                    "created_at": "2026-01-02T03:04:05Z",
                }
            ),
        )
        for n in range(ITEMS * PEOPLE)
    ]
    seconds, cpu = time.perf_counter(), time.process_time()
    result = import_labels(project=project, lines=lines, actor=None, now=now)
    seconds, cpu = time.perf_counter() - seconds, time.process_time() - cpu
    assert result.accepted == len(lines), result
    again = time.perf_counter()
    assert import_labels(project=project, lines=lines, actor=None, now=now).duplicates == len(lines)
    again = time.perf_counter() - again
    floor = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR, [project.pk])
    beside = f"INSERT … SELECT of the same rows {time.perf_counter() - floor:.1f} s"
    what = f"{len(lines):,} labels"
    return [
        Row(f"{what}, new", f"{seconds:.1f} s ({cpu:.1f} s of it Python)", beside, "< 20 s"),
        Row(f"{what}, sent again", f"{again:.1f} s", beside, "–"),
    ]
