"""What became of a reviewer's own answers: theirs, the answer of record, and the adjudicator's reason."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.labels.combine import same_answer
from annotations.labels.words import answer_words
from annotations.models import ErrorType
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action

PAGE = 50

# Only of items that the person has labelled or handed on: an outcome must not precede somebody's own answer.
_OUTCOMES = """
SELECT a.id, i.external_id, a.rubric_id, a.answers, a.note, a.error_type, a.created_at, own.rubric_id, own.answers,
    own.details
FROM annotations_adjudication a
JOIN sampling_item i ON i.id = a.item_id
JOIN LATERAL (
    SELECT b.rubric_id, b.answers, b.details FROM annotations_label b
    WHERE b.item_id = a.item_id AND b.reviewer_id = %(person)s AND b.project_id = a.project_id
      AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
    UNION ALL
    SELECT a.rubric_id, e.answers, NULL FROM annotations_escalation e
    WHERE e.item_id = a.item_id AND e.reviewer_id = %(person)s AND e.project_id = a.project_id
    LIMIT 1
) own ON TRUE
WHERE a.project_id = %(project)s AND a.superseded_by_id IS NULL AND (%(before)s::bigint IS NULL OR a.id < %(before)s)
ORDER BY a.id DESC LIMIT %(limit)s
"""


class Compared(NamedTuple):
    """One question: what the person answered and what stands, in words."""

    title: str
    own: str
    outcome: str
    same: bool


class Outcome(NamedTuple):
    """One decided item that the person had answered."""

    id: int
    external_id: str
    at: datetime
    reason: str
    why: str
    questions: list[Compared]

    @property
    def confirmed(self) -> bool:
        """Whether everything that they answered stands."""
        return all(question.same for question in self.questions)


def list_outcomes(access: Access, *, before: int | None = None) -> tuple[list[Outcome], int | None]:
    """Return the person's outcomes, newest first, and where the next page begins."""
    require(access, Action.LABEL)
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTCOMES,
            {"person": access.actor.user.pk, "project": access.project.pk, "before": before, "limit": PAGE + 1},
        )
        rows = cursor.fetchall()
    outcomes = [_outcome(row) for row in rows[:PAGE]]
    return outcomes, outcomes[-1].id if len(rows) > PAGE else None


def _outcome(row: tuple[Any, ...]) -> Outcome:
    row_id, external_id, rubric_id, answers, note, error_type, at, _, own_answers, own_details = row
    decided = orjson.loads(answers)
    own = orjson.loads(own_answers) if own_answers else {}
    details = orjson.loads(own_details) if own_details else {}
    compared = []
    for question in rubric_by_id(rubric_id).questions:
        key = question["key"]
        if key not in own and key not in decided:
            continue
        both = key in own and key in decided
        compared.append(
            Compared(
                title=question["title"],
                own=answer_words(question, own.get(key), details.get(key)),
                outcome=answer_words(question, decided.get(key)),
                same=(both and same_answer(question, own[key], decided[key])) or question["kind"] == "text",
            )
        )
    why = ErrorType(error_type).label if error_type else ""
    return Outcome(row_id, external_id, at, note, why, compared)
