"""Resolutions: the answer of record of an item, from the labels it has.

One label stands alone (`single`). Several agree or do not (`agreed`): where they differ the question is unresolved.
By `majority` most people's answer wins, and a tie stays unresolved; it never falls to whichever comes first. By
`dawid_skene` the model's most probable answer stands where several people answered (`annotations.quality`). What an
adjudicator decided stands in every method (`adjudicated`). Surplus labels and golds have no vote.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, Protocol

import orjson
from django.db import connection

from annotations.labels.combine import combine_answers
from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.questions import has_form, is_shown

Method = Literal["agreed", "majority", "dawid_skene"]
How = Literal["single", "agreed", "majority", "dawid_skene", "adjudicated"]
BATCH = 2000

_VOTES = """
SELECT wanted.item_id, i.external_id, b.rubric_id, b.answers,
    (SELECT d.probability FROM sampling_draw d WHERE d.item_id = i.id AND d.selected ORDER BY d.id DESC LIMIT 1),
    a.answers
FROM (
    (SELECT DISTINCT item_id FROM annotations_label
     WHERE project_id = %(project)s AND item_id > %(after)s AND withdrawn_at IS NULL AND superseded_by_id IS NULL
        AND NOT surplus AND source <> 'gold'
     ORDER BY item_id LIMIT %(limit)s)
    UNION
    (SELECT item_id FROM annotations_adjudication
     WHERE project_id = %(project)s AND item_id > %(after)s AND superseded_by_id IS NULL
     ORDER BY item_id LIMIT %(limit)s)
    ORDER BY item_id LIMIT %(limit)s
) wanted
JOIN sampling_item i ON i.id = wanted.item_id
LEFT JOIN annotations_label b ON b.item_id = wanted.item_id AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
    AND NOT b.surplus AND b.source <> 'gold'
LEFT JOIN annotations_adjudication a ON a.item_id = wanted.item_id AND a.superseded_by_id IS NULL
ORDER BY wanted.item_id, b.id
"""


class Opinion(NamedTuple):
    """A model's answer about an item, None where two are equally probable, and how probable each answer is."""

    answer: Any
    posterior: dict[str, float]


class Opinions(Protocol):
    """What a model holds about the items of one question."""

    def get(self, item_id: int) -> Opinion | None:
        """Return the opinion about an item, None where there is none."""


class Vote(NamedTuple):
    """One label's answers under its rubric version."""

    rubric_id: int
    answers: Mapping[str, Any]


class Resolution(NamedTuple):
    """An item's answers of record and how they came about; an unresolved question's answer is None.

    `probability` is the item's inclusion probability in our sample, None where our draw did not select it. `posterior`
    is by question the model's, where the answers may be by `dawid_skene`.
    """

    external_id: str
    answers: dict[str, Any]
    how: How
    n_labels: int
    probability: float | None
    unresolved: list[str]
    posterior: dict[str, dict[str, float]]


def resolve_votes(
    votes: Sequence[Vote], method: Method, opinion: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], How, list[str]]:
    """Return the answers, how they came about, and the unresolved questions, of at least one vote.

    `opinion` holds the model's answers for `dawid_skene`; a question that it is silent about goes by majority.

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
        given = [vote.answers[key] for vote in votes if key in vote.answers and has_form(question, vote.answers[key])]
        if not given:
            continue
        combined = combine_answers(question, given, by_majority=method != "agreed")
        if opinion is not None and key in opinion and len(given) > 1:
            answers[key] = opinion[key]
            how = "dawid_skene"
        else:
            answers[key] = combined.answer
            if not combined.unanimous and method != "agreed" and how != "dawid_skene":
                how = "majority"
        if answers[key] is None:
            unresolved.append(key)
    return answers, how, unresolved


def list_resolutions(
    project_id: int,
    *,
    method: Method,
    after: int = 0,
    limit: int = BATCH,
    opinions: Mapping[str, Opinions] | None = None,
) -> tuple[list[Resolution], int | None]:
    """Return resolutions in order of item id from behind `after`, and where the next page begins (None at the end).

    `opinions` are the model's by question, for `dawid_skene`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, {"project": project_id, "after": after, "limit": limit})
        rows = cursor.fetchall()
    resolutions = []
    last = after
    for item_id, labels in groupby(rows, key=lambda row: row[0]):
        group = list(labels)
        votes = [Vote(rubric_id=row[2], answers=orjson.loads(row[3])) for row in group if row[2] is not None]
        opinion = {key: held for key, model in (opinions or {}).items() if (held := model.get(item_id)) is not None}
        told = {key: held.answer for key, held in opinion.items()} if opinions is not None else None
        answers, how, unresolved = _resolved(group[0][5], votes, method, told)
        resolutions.append(
            Resolution(
                external_id=group[0][1],
                answers=answers,
                how=how,
                n_labels=len(votes),
                probability=group[0][4],
                unresolved=unresolved,
                posterior={key: held.posterior for key, held in opinion.items()},
            )
        )
        last = item_id
    return resolutions, last if len(resolutions) == limit else None


def _resolved(
    adjudicated: str | None, votes: Sequence[Vote], method: Method, opinion: Mapping[str, Any] | None
) -> tuple[dict[str, Any], How, list[str]]:
    if adjudicated is not None:
        return orjson.loads(adjudicated), "adjudicated", []
    return resolve_votes(votes, method, opinion)


def stream_resolutions(
    project_id: int, *, method: Method, opinions: Mapping[str, Opinions] | None = None
) -> Iterator[Resolution]:
    """Yield a project's resolutions in order of item id, holding one batch at a time."""
    after: int | None = 0
    while after is not None:
        batch, after = list_resolutions(project_id, method=method, after=after, opinions=opinions)
        yield from batch
