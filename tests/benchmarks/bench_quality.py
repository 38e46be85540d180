"""Agreement at a million labels: the Quality page as it is kept, and what computing it in the background takes.

`LABELS` changes how many; two people of forty label each item, and one pair in ten differs.
"""

import os
import time
from datetime import UTC, datetime, timedelta

from tests.benchmarks.rows import Row
from tests.benchmarks.serving import prepared_database

LABELS = int(os.environ.get("LABELS", "1000000"))
ASKED = 40
QUESTION = {
    "key": "verdict",
    "kind": "choice",
    "title": "Verdict",
    "options": [{"value": "pass", "label": "Pass"}, {"value": "fail", "label": "Fail"}],
    "positive": ["pass"],
}
_FILL = """
WITH numbered AS (
    SELECT n, next_item_id() AS id FROM generate_series(1, %(n)s) n
), item AS (
    INSERT INTO sampling_item (id, project_id, external_id, input, output, received_at, metadata)
    SELECT id, %(project)s, 'item-' || n, to_jsonb('question ' || n), '"answer"', %(now)s - n * interval '1 s', '{}'
    FROM numbered RETURNING id
)
INSERT INTO annotations_label (project_id, item_id, reviewer_name, rubric_id, answers, comment, source, surplus,
    revision_reason, created_at)
SELECT %(project)s, id, 'r' || (hashint8(id) & 31) + 4 * second, %(rubric)s,
    CASE WHEN (hashint8(id) >> 5) %% 10 < 2 + second THEN '{"verdict": "fail"}'::jsonb ELSE '{"verdict": "pass"}' END,
    '', 'import', false, '', %(now)s - (id %% 60) * interval '1 day'
FROM item, generate_series(0, 1) second
"""


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        from django.conf import settings
        from django.test import override_settings

        plain_files = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        with override_settings(
            STORAGES={**settings.STORAGES, "staticfiles": plain_files}, ALLOWED_HOSTS=["testserver"]
        ):
            return _measure()


def _measure() -> list[Row]:
    from django.db import connection
    from django.test import Client

    from annotations.models import AgreementFigure
    from annotations.projects import create_project
    from annotations.quality.figures import count_agreement, plan_agreement
    from annotations.rubrics.publish import find_rubric
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec

    now = datetime.now(UTC)
    owner = User.objects.create(username="olga")
    spec = ProjectSpec(slug="bench", name="Bench")
    project = create_project(owner=owner, spec=spec, rubric={"questions": [QUESTION]}, actor=None, now=now)
    rubric = find_rubric(project.pk)
    assert rubric is not None
    with connection.cursor() as cursor:
        values = {"n": LABELS // 2, "project": project.pk, "rubric": rubric.pk, "now": now}
        cursor.execute(_FILL, values)
        cursor.execute("ANALYZE annotations_label, sampling_item")
    client = Client()
    client.force_login(owner)

    def ask(path: str) -> float:
        begun = time.perf_counter()
        answer = client.get(path)
        assert answer.status_code == 200, answer.status_code
        return time.perf_counter() - begun

    def p95(path: str) -> str:
        seconds = sorted(ask(path) for _ in range(ASKED))
        return f"p50 {seconds[ASKED // 2] * 1000:.0f} ms, p95 {seconds[int(ASKED * 0.95) - 1] * 1000:.0f} ms"

    first = ask("/p/bench/quality")
    begun, cpu = time.perf_counter(), time.process_time()
    figure = AgreementFigure.objects.get()
    count_agreement({"figure_id": figure.pk}, now)
    begun, cpu = time.perf_counter() - begun, time.process_time() - cpu
    page, api = p95("/p/bench/quality"), p95("/api/v1/projects/bench/agreement")
    sweep = time.perf_counter()
    plan_agreement(now + timedelta(seconds=1))
    sweep = time.perf_counter() - sweep
    what = f"{LABELS:,} labels"
    return [
        Row(
            f"{what}: the Quality page, agreement kept", page, f"asked for the first time {first:.1f} s", "p95 ≤ 300 ms"
        ),
        Row(f"{what}: GET …/agreement, kept", api, "–", "p95 ≤ 300 ms"),
        Row(f"{what}: computing it in the background", f"{begun:.1f} s ({cpu:.1f} s of it Python)", "–", "≤ 30 s"),
        Row("a step of the sweep", f"{sweep * 1000:.0f} ms", "–", "–"),
    ]
