"""What people answered to golds, and whether it was right."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.labels.combine import same_answer
from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.questions import primary_question

# Text, corrections, forms and passages have no one right answer that a program could tell.
SCORED_KINDS = frozenset({"choice", "multi_choice", "rating", "pairwise", "ranking"})

# The first answer counts: whoever was told how it was, or thought again, revises without changing the score.
_ANSWERS = """
SELECT d.id, d.item_id, i.external_id, b.reviewer_id, b.reviewer_name, b.created_at, b.answers, b.duration_ms,
    a.answers, a.rubric_id, a.note, d.retired_at IS NOT NULL, b.created_at >= d.counts_from
FROM annotations_gold d
JOIN annotations_label b ON b.item_id = d.item_id AND b.source = 'gold'
JOIN annotations_adjudication a ON a.item_id = d.item_id AND a.superseded_by_id IS NULL
JOIN sampling_item i ON i.id = d.item_id
WHERE d.project_id = %(project)s AND b.withdrawn_at IS NULL AND NOT b.surplus AND b.revision_reason = ''
  AND b.reviewer_id IS NOT NULL AND (%(until)s::timestamptz IS NULL OR b.created_at < %(until)s)
  AND (%(reviewer)s::bigint IS NULL OR b.reviewer_id = %(reviewer)s)
ORDER BY b.created_at, b.id
"""


class GoldAnswer(NamedTuple):
    """One person's answer to the scored question of one gold, and the right one."""

    gold_id: int
    item_id: int
    external_id: str
    reviewer_id: int
    reviewer: str
    at: datetime
    question: Mapping[str, Any]
    said: Any
    expected: Any
    note: str
    is_retired: bool
    is_fresh: bool

    @property
    def correct(self) -> bool:
        """Whether it says the same as the answer of record."""
        return self.said is not None and same_answer(self.question, self.said, self.expected)


def scored_question(questions: Sequence[Mapping[str, Any]], expected: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the question that golds are scored by: the primary one, else the first that has one right answer."""
    known = [q for q in questions if q["kind"] in SCORED_KINDS and expected.get(q["key"]) is not None]
    primary = primary_question([dict(question) for question in questions])
    return next((q for q in known if q["key"] == primary), next(iter(known), None))


def list_answers(project_id: int, *, until: datetime | None = None, reviewer_id: int | None = None) -> list[GoldAnswer]:
    """Return all answers to golds that can be scored, oldest first; those before `until` and of one person if named."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, {"project": project_id, "until": until, "reviewer": reviewer_id})
        rows = cursor.fetchall()
    found = []
    for row in rows:
        expected = orjson.loads(row[8])
        question = scored_question(rubric_by_id(row[9]).questions, expected)
        if question is None:
            continue
        key = question["key"]
        found.append(
            GoldAnswer(
                gold_id=row[0],
                item_id=row[1],
                external_id=row[2],
                reviewer_id=row[3],
                reviewer=row[4],
                at=row[5],
                question=question,
                said=orjson.loads(row[6]).get(key),
                expected=expected[key],
                note=row[10],
                is_retired=row[11],
                is_fresh=row[12],
            )
        )
    return found
