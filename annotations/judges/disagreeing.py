"""Where judges differ: a fact about an item that plans may use, `hint.judges_disagree.<question>`.

Where one judge is unsure they have `hint.<judge>`, its score. Names of judges have no dot, so the two never meet.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection

from annotations.models import Judge
from sampling.ingest.facts import NewFact

FACT = "hint.judges_disagree."

_NEWEST = """
SELECT DISTINCT ON (v.item_id, jv.judge_id) v.item_id, v.answers
FROM annotations_verdict v JOIN annotations_judgeversion jv ON jv.id = v.judge_version_id
WHERE v.item_id = ANY(%s) AND v.superseded_by_id IS NULL
ORDER BY v.item_id, jv.judge_id, v.id DESC
"""


def disagreement_facts(
    project_id: int, item_ids: Sequence[int], questions: Sequence[str], *, caused_by_draw: bool = False
) -> list[NewFact]:
    """Return for each item and question whether the judges' newest answers differ; nothing with fewer than two."""
    if not item_ids or Judge.objects.filter(project_id=project_id).count() < 2:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [sorted(set(item_ids))])
        rows = cursor.fetchall()
    said: dict[tuple[int, str], list[str]] = {}
    for item_id, text in rows:
        for key, answer in _read(text).items():
            if key in questions:
                said.setdefault((item_id, key), []).append(repr(answer))
    return [
        NewFact(item_id, f"{FACT}{key}", len(set(answers)) > 1, caused_by_draw)
        for (item_id, key), answers in said.items()
        if len(answers) > 1
    ]


def _read(answers: str | None) -> dict[str, Any]:
    return orjson.loads(answers) if answers else {}
