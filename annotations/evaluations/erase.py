"""Erasing people from evaluations: outputs and marks of their rows are emptied; the scores are numbers and stay."""

from datetime import datetime

from django.db import connection

from annotations.evaluations.tasks import close_erased
from annotations.models import Evaluation
from sampling.erase.lock import lock_content

# The rows' tombstones still say which item they were of.
_ERASE = """
UPDATE annotations_evaluationoutput o
SET output = NULL, marks = NULL, verdicts = NULL, problem = '', erased_at = %s
FROM annotations_evaluation e, annotations_datasetrow r
WHERE e.id = o.evaluation_id AND r.version_id = e.version_id AND r.position = o.position AND r.item_id = ANY(%s)
  AND o.erased_at IS NULL AND e.project_id = %s
"""
_NOTES = """
UPDATE annotations_evaluationgrade g SET note = '', revision_reason = ''
FROM annotations_evaluation e, annotations_datasetrow r
WHERE e.id = g.evaluation_id AND r.version_id = e.version_id AND r.position = g.position AND r.item_id = ANY(%s)
  AND g.note || g.revision_reason <> '' AND e.project_id = %s
"""


_LATE = """
SELECT r.item_id FROM annotations_evaluationoutput o
JOIN annotations_datasetrow r ON r.version_id = %s AND r.position = o.position
WHERE o.evaluation_id = %s AND o.erased_at IS NULL AND r.erased_at IS NOT NULL AND r.item_id IS NOT NULL
"""


def forget_erased(evaluation: Evaluation, now: datetime) -> None:
    """Empty the outputs of people who were erased while a slice ran: nobody else knows of these outputs yet."""
    lock_content(evaluation.project_id)
    with connection.cursor() as cursor:
        cursor.execute(_LATE, [evaluation.version_id, evaluation.pk])
        erase_outputs(evaluation.project_id, sorted({row[0] for row in cursor.fetchall()}), now)


def erase_outputs(project_id: int, item_ids: list[int], now: datetime) -> dict[str, int]:
    """Empty what systems said about these items, and what people noted of it."""
    if not item_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ERASE, [now, item_ids, project_id])
        erased = cursor.rowcount
        cursor.execute(_NOTES, [item_ids, project_id])
    close_erased(project_id, item_ids)
    return {"evaluation_outputs": erased}
