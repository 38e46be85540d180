"""The pass rate, from rows to the figures with segments, series and comparison, at a million items and a tenth of them
labelled; every item has a verdict. `ITEMS` changes how many. Each figure is the fastest of three, in one process.
"""

import os
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.rows import Row, best_of
from tests.benchmarks.serving import prepared_database

ITEMS = int(os.environ.get("ITEMS", "1000000"))
FILL = """
INSERT INTO sampling_item (id, project_id, external_id, input, output, received_at, system_version, session_ref,
    sampling_probability, metadata)
SELECT next_item_id(), %(project)s, 'item-' || n, to_jsonb('Where is my parcel number ' || n || '?'),
    to_jsonb('It is on its way and arrives on Friday.'::text), now() - (%(items)s - n) * interval '2 seconds',
    'v' || n %% 3, 's' || n / 4, 1, '{}'
FROM generate_series(1, %(items)s) n;
INSERT INTO sampling_draw (item_id, plan_version_id, u, probability, selected, reasons, at)
SELECT id, %(plan)s, u, 0.1, u < 0.1, '{base}', received_at
FROM (SELECT id, received_at, random() AS u FROM sampling_item ORDER BY id) i;
INSERT INTO annotations_label (project_id, item_id, reviewer_name, rubric_id, answers, comment, source, surplus,
    revision_reason, created_at)
SELECT %(project)s, item_id, 'zoe', %(rubric)s,
    jsonb_build_object('verdict', CASE WHEN random() < 0.85 THEN 'pass' ELSE 'fail' END), '', 'import', false, '', now()
FROM sampling_draw WHERE selected ORDER BY item_id;
INSERT INTO annotations_verdict (project_id, item_id, judge_version_id, rubric_id, answers, raw, rationale, created_at)
SELECT %(project)s, id, %(judge)s, %(rubric)s,
    jsonb_build_object('verdict', CASE WHEN random() < 0.8 THEN 'pass' ELSE 'fail' END), '', '', now()
FROM sampling_item ORDER BY id;
"""
RUBRIC: dict[str, Any] = {
    "questions": [
        {
            "key": "verdict",
            "kind": "choice",
            "title": "Would you send it?",
            "options": [{"value": "pass", "label": "Pass"}, {"value": "fail", "label": "Fail"}],
            "positive": ["pass"],
        }
    ]
}


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        return _measure()


def _measure() -> list[Row]:
    from django.db import connection

    from annotations.estimates.pass_rate import gather, get_pass_rate
    from annotations.quality.asked import Window

    project_id = _fill()
    window = Window(project_id)
    split = Window(project_id, segment="system_version")
    reading = best_of(3, lambda: gather(window, question=None, judge=(None, None)))
    with connection.cursor() as cursor:

        def count() -> None:
            cursor.execute("SELECT count(received_at) FROM sampling_item WHERE project_id = %s", [project_id])

        floor = best_of(3, count)
    beside = f"counting the items {floor:.2f} s"
    return [
        Row(f"{what}, {ITEMS:,} items", f"{best_of(3, work):.2f} s", beside, "≤ 1 s")
        for what, work in (
            ("the window, by day", lambda: get_pass_rate(window)),
            ("split by version, two compared", lambda: get_pass_rate(split, compare_largest=True)),
            ("a day of it", lambda: get_pass_rate(Window(project_id, start=_yesterday()))),
        )
    ] + [Row(f"of that reading and weighing, {ITEMS:,} items", f"{reading:.2f} s", beside)]


def _yesterday() -> datetime:
    from datetime import timedelta

    return datetime.now(UTC) - timedelta(days=1)


def _fill() -> int:
    from django.db import connection

    from annotations.models import Judge, JudgeVersion, RubricVersion
    from annotations.projects import create_project
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from sampling.plans.publish import get_plan

    user, now = User.objects.create(username="olga"), datetime.now(UTC)
    project = create_project(
        owner=user, spec=ProjectSpec(slug="bench", name="Bench"), rubric=RUBRIC, actor=None, now=now
    )
    judge = Judge.objects.create(project=project, name="j", created_at=now)
    with connection.cursor() as cursor:
        given = {
            "project": project.pk,
            "items": ITEMS,
            "plan": get_plan(project.pk).pk,
            "rubric": RubricVersion.objects.get(project=project).pk,
            "judge": JudgeVersion.objects.create(judge=judge, version="1", created_at=now).pk,
        }
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, given)
        cursor.execute("VACUUM ANALYZE")
    return int(project.pk)
