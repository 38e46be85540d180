"""Rows of an evaluation as people read them: what was asked and expected, what came, what the baseline gave."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.models import Evaluation, EvaluationOutput
from sampling.items.content import text_of

EXCERPT = 600

_ROWS = """
SELECT external_id, position, item_id, row, erased_at FROM annotations_datasetrow
WHERE version_id = %s AND external_id = ANY(%s)
"""
_WRONG = """
SELECT external_id, position FROM annotations_evaluationoutput
WHERE evaluation_id = %s AND nth = 1 AND position > %s
  AND (status = 'failed' OR status = 'answered' AND marks -> 'correct' = 'false')
ORDER BY position LIMIT %s
"""


class ShownRow(NamedTuple):
    """One row side by side; `loss` where the baseline was right and this is not."""

    external_id: str
    position: int
    is_item: bool
    said: str
    expected: str
    output: str
    problem: str
    baseline: str
    loss: bool


def list_wrong(evaluation: Evaluation, *, after: int = 0, limit: int = 25) -> list[str]:
    """Return the ids of rows that are wrong or failed, in the order of the dataset."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, [evaluation.pk, after, limit])
        return [row[0] for row in cursor.fetchall()]


def show_rows(
    evaluation: Evaluation, baseline: Evaluation | None, external_ids: Sequence[str], *, losses: frozenset[str]
) -> list[ShownRow]:
    """Return rows as they are shown, in the order asked for; erased ones are left out."""
    ids = list(external_ids)
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [evaluation.version_id, ids])
        rows = {row[0]: row for row in cursor.fetchall() if row[4] is None}
    own = _outputs(evaluation, ids)
    other = _outputs(baseline, ids) if baseline is not None else {}
    shown = []
    for external_id in ids:
        if external_id not in rows:
            continue
        _, position, item_id, text, _ = rows[external_id]
        fields = orjson.loads(text)
        output, problem = own.get(external_id, (None, ""))
        shown.append(
            ShownRow(
                external_id=external_id,
                position=position,
                is_item=item_id is not None,
                said=text_of(fields["input"])[:EXCERPT],
                expected=text_of(fields["expected"])[:EXCERPT],
                output=text_of(output)[:EXCERPT],
                problem=problem,
                baseline=text_of(other.get(external_id, (None, ""))[0])[:EXCERPT],
                loss=external_id in losses,
            )
        )
    return shown


def _outputs(evaluation: Evaluation, external_ids: list[str]) -> dict[str, tuple[Any, str]]:
    found = EvaluationOutput.objects.filter(evaluation=evaluation, nth=1, external_id__in=external_ids)
    return {name: (output, problem) for name, output, problem in found.values_list("external_id", "output", "problem")}
