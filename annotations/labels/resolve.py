"""Resolutions: the answer of record of an item, from the labels it has.

One label stands alone (`single`). Several agree or do not (`agreed`): where they differ the question is unresolved.
By `majority` most people's answer wins, and a tie stays unresolved; it never falls to whichever comes first.
Surplus labels and golds have no vote.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple

import orjson
from django.db import connection

from annotations.labels.combine import combine_answers
from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.questions import is_shown

Method = Literal["agreed", "majority"]
How = Literal["single", "agreed", "majority"]
BATCH = 2000

_VOTES = """
SELECT wanted.item_id, i.external_id, b.rubric_id, b.answers,
    (SELECT d.probability FROM sampling_draw d WHERE d.item_id = i.id AND d.selected ORDER BY d.id DESC LIMIT 1)
FROM (
    SELECT DISTINCT item_id FROM annotations_label
    WHERE project_id = %(project)s AND item_id > %(after)s AND {voting}
    ORDER BY item_id LIMIT %(limit)s
) wanted
JOIN sampling_item i ON i.id = wanted.item_id
JOIN annotations_label b ON b.item_id = wanted.item_id AND {voting}
ORDER BY wanted.item_id, b.id
"""
_VOTING = "withdrawn_at IS NULL AND superseded_by_id IS NULL AND NOT surplus AND source <> 'gold'"


class Vote(NamedTuple):
    """One label's answers under its rubric version."""

    rubric_id: int
    answers: Mapping[str, Any]


class Resolution(NamedTuple):
    """An item's answers of record and how they came about; an unresolved question's answer is None.

    `probability` is the item's inclusion probability in our sample, None where our draw did not select it.
    """

    external_id: str
    answers: dict[str, Any]
    how: How
    n_labels: int
    probability: float | None
    unresolved: list[str]


def resolve_votes(votes: Sequence[Vote], method: Method) -> tuple[dict[str, Any], How, list[str]]:
    """Return the answers, how they came about, and the unresolved questions, of at least one vote.

    The questions are those of the newest rubric version that was answered. A question that the resolved answers hide
    is left out, whatever some labels say to it.
    """
    questions = rubric_by_id(max(vote.rubric_id for vote in votes)).questions
    answers: dict[str, Any] = {}
    unresolved: list[str] = []
    how: How = "single" if len(votes) == 1 else "agreed"
    for question in questions:
        key = question["key"]
        if not is_shown(question, answers):
            continue
        given = [vote.answers[key] for vote in votes if key in vote.answers]
        if not given:
            continue
        combined = combine_answers(question, given, by_majority=method == "majority")
        answers[key] = combined.answer
        if combined.answer is None:
            unresolved.append(key)
        elif not combined.unanimous:
            how = "majority"
    return answers, how, unresolved


def list_resolutions(
    project_id: int, *, method: Method, after: int = 0, limit: int = BATCH
) -> tuple[list[Resolution], int | None]:
    """Return resolutions in order of item id from behind `after`, and where the next page begins (None at the end)."""
    with connection.cursor() as cursor:
        cursor.execute(_VOTES.replace("{voting}", _VOTING), {"project": project_id, "after": after, "limit": limit})
        rows = cursor.fetchall()
    resolutions = []
    last = after
    for item_id, labels in groupby(rows, key=lambda row: row[0]):
        group = list(labels)
        votes = [Vote(rubric_id=row[2], answers=orjson.loads(row[3])) for row in group]
        answers, how, unresolved = resolve_votes(votes, method)
        resolutions.append(
            Resolution(
                external_id=group[0][1],
                answers=answers,
                how=how,
                n_labels=len(votes),
                probability=group[0][4],
                unresolved=unresolved,
            )
        )
        last = item_id
    return resolutions, last if len(resolutions) == limit else None


def stream_resolutions(project_id: int, *, method: Method) -> Iterator[Resolution]:
    """Yield a project's resolutions in order of item id, holding one batch at a time."""
    after: int | None = 0
    while after is not None:
        batch, after = list_resolutions(project_id, method=method, after=after)
        yield from batch
