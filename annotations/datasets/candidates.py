"""Candidates: items with labels or an adjudication, and what the rule of a recipe makes of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
from django.db import connection

from annotations.datasets.recipe import Recipe, Rule
from annotations.labels.combine import same_answer
from annotations.labels.resolve import Vote, resolve_votes
from annotations.quality.asked import Window
from annotations.quality.lanes import reached
from annotations.quality.votes import declared_values
from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.questions import has_form, primary_question
from reviewapp.jobs.lease import keep_lease
from sampling.plans.filters_refs import as_stored
from sampling.plans.filters_sql import filter_sql
from sampling.plans.segments import segment_sql

BATCH = 2000

_LABELLED = """
SELECT item_id FROM (
    (SELECT DISTINCT item_id FROM annotations_label
     WHERE project_id = %(project)s AND item_id > %(after)s AND withdrawn_at IS NULL AND superseded_by_id IS NULL
        AND NOT surplus AND source <> 'gold'
     ORDER BY item_id LIMIT %(limit)s)
    UNION
    (SELECT item_id FROM annotations_adjudication
     WHERE project_id = %(project)s AND item_id > %(after)s AND superseded_by_id IS NULL
     ORDER BY item_id LIMIT %(limit)s)
) wanted ORDER BY item_id LIMIT %(limit)s
"""
_CANDIDATES = """
SELECT i.id, i.external_id, {group}, {stratum}, i.session_ref,
    d.probability * COALESCE(i.sampling_probability, 1), d.version,
    b.id, b.reviewer_name, b.rubric_id, b.answers, a.id, u.username, a.rubric_id, a.answers, x.label_id IS NULL
FROM sampling_item i
LEFT JOIN annotations_label b ON b.item_id = i.id AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
    AND NOT b.surplus AND b.source <> 'gold'
LEFT JOIN annotations_extralabel x ON x.label_id = b.id
LEFT JOIN annotations_adjudication a ON a.item_id = i.id AND a.superseded_by_id IS NULL
LEFT JOIN accounts_user u ON u.id = a.adjudicator_id
LEFT JOIN LATERAL (SELECT d.probability * {share} / {overall} AS probability, p.version FROM sampling_draw d
    JOIN sampling_planversion p ON p.id = d.plan_version_id
    WHERE d.item_id = i.id AND d.selected ORDER BY d.id DESC LIMIT 1) d ON TRUE
WHERE i.id = ANY(%s) AND i.erased_at IS NULL AND ({condition} OR i.external_id = ANY(%s))
ORDER BY i.id, b.id
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One item with what people came to. `unresolved` says that there is no answer of record by the rule.

    `agreement` is the share of its labels that say what the answer of record says on the primary question, None with
    fewer than two; `planned` how many of the labels planned from the start gave each declared answer to it; `soft` the
    share of labels behind each declared answer, by question; `weight` 1/(π · upstream probability), None where the draw
    did not select the item; divided by how much further than others its lane of the
    queue was reached where lanes differ.
    """

    item_id: int
    external_id: str
    group: str | None
    stratum: str | None
    session: str | None
    weight: float | None
    plan_version: int | None
    rubric_version: int
    answers: Mapping[str, Any]
    expected: Any
    category: str
    unresolved: bool
    how: str
    n_labels: int
    agreement: float | None
    planned: Mapping[str, int]
    soft: Mapping[str, Mapping[str, float]]
    label_ids: tuple[int, ...]
    people: tuple[str, ...]
    adjudication_id: int | None


def stream_candidates(project_id: int, recipe: Recipe) -> Iterator[Candidate]:
    """Yield the labelled items that the recipe's filter finds or that it names, in order of item id.

    Read batch by batch in statements of their own, so that no transaction grows old meanwhile.
    """
    condition = filter_sql(as_stored(recipe.condition, project_id=project_id))
    group = segment_sql(recipe.group_by)
    stratum = segment_sql(recipe.stratify_by) if recipe.stratify_by else None
    lanes = reached(Window(project_id))
    sql = _CANDIDATES.format(
        group=group.sql,
        stratum=stratum.sql if stratum else "NULL::text",
        share=lanes.share.sql,
        overall=lanes.overall,
        condition=condition.sql or "TRUE",
    )
    before = [*group.params, *(stratum.params if stratum else []), *lanes.share.params]
    after = 0
    while True:
        keep_lease()
        with connection.cursor() as cursor:
            cursor.execute(_LABELLED, {"project": project_id, "after": after, "limit": BATCH})
            ids = [row[0] for row in cursor.fetchall()]
            if not ids:
                return
            cursor.execute(sql, [*before, ids, *condition.params, list(recipe.also)])
            rows = cursor.fetchall()
        for _, labels in groupby(rows, key=lambda row: row[0]):
            yield _candidate(list(labels), recipe.resolution)
        after = ids[-1]


def count_labelled(project_id: int, *, most: int) -> int:
    """Return how many items of the project have a label or an adjudication, counting no further than `most`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM ({_LABELLED}) x",  # noqa: S608 — our own statement
            {"project": project_id, "after": 0, "limit": most},
        )
        return int(cursor.fetchone()[0])


def _candidate(rows: Sequence[tuple[Any, ...]], rule: Rule) -> Candidate:
    item_id, external_id, group, stratum, session, probability, plan, *_ = rows[0]
    adjudication_id, adjudicator, its_rubric, adjudicated = rows[0][11:15]
    labels = [row for row in rows if row[7] is not None]
    votes = [Vote(rubric_id=row[9], answers=orjson.loads(row[10])) for row in labels]
    rubric = rubric_by_id(its_rubric if adjudicated is not None else max(vote.rubric_id for vote in votes))
    answers: Mapping[str, Any]
    if adjudicated is not None:
        answers, how = orjson.loads(adjudicated), "adjudicated"
    else:
        answers, how, _ = resolve_votes(votes, "majority" if rule == "majority" else "agreed")
    questions: list[dict[str, Any]] = rubric.questions
    key = primary_question(questions) or str(questions[0]["key"])
    expected = _expected(questions, answers, key)
    primary = next(each for each in questions if each["key"] == key)
    planned = [vote for vote, row in zip(votes, labels, strict=True) if row[15]]
    return Candidate(
        item_id=item_id,
        external_id=external_id,
        group=group,
        stratum=stratum,
        session=session,
        weight=1 / probability if probability else None,
        plan_version=plan,
        rubric_version=rubric.version,
        answers=answers,
        expected=expected,
        category=category_of(answers.get(key)),
        unresolved=expected is None or (rule == "adjudicated" and how != "adjudicated"),
        how=how,
        n_labels=len(votes),
        agreement=_agreement(primary, answers.get(key), votes),
        planned=_said(primary, planned) if declared_values(primary) else {},
        soft={each["key"]: shares for each in questions if (shares := _shares(each, votes))},
        label_ids=tuple(row[7] for row in labels),
        people=tuple(dict.fromkeys([*(row[8] for row in rows if row[8]), *([adjudicator] if adjudicator else [])])),
        adjudication_id=adjudication_id,
    )


def _expected(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], primary: str) -> Any:
    """Return the correction of record if there is one, else the primary question's answer."""
    corrections = (answers.get(each["key"]) for each in questions if each["kind"] == "correction")
    return next((answer for answer in corrections if answer is not None), answers.get(primary))


def category_of(answer: Any) -> str:
    """Return an answer as the word that balances are counted by."""
    return answer if isinstance(answer, str) else orjson.dumps(answer, option=orjson.OPT_SORT_KEYS).decode()


def _agreement(question: Mapping[str, Any], answer: Any, votes: Sequence[Vote]) -> float | None:
    given = _given(question, votes)
    if len(given) < 2 or answer is None:
        return None
    return sum(same_answer(question, each, answer) for each in given) / len(given)


def _said(question: Mapping[str, Any], votes: Sequence[Vote]) -> Counter[str]:
    return Counter(category_of(answer) for answer in _given(question, votes))


def _given(question: Mapping[str, Any], votes: Sequence[Vote]) -> list[Any]:
    """Return the answers to a question; what an older version of it asked in another form is none."""
    answers = (vote.answers.get(question["key"]) for vote in votes)
    return [answer for answer in answers if answer is not None and has_form(question, answer)]


def _shares(question: Mapping[str, Any], votes: Sequence[Vote]) -> dict[str, float]:
    """Return which share of the labels gave each answer; of several options at once, each counts by itself."""
    given = _given(question, votes)
    if question["kind"] == "multi_choice":
        counts = Counter(option for answer in given for option in answer)
    elif declared_values(dict(question)):
        counts = _said(question, votes)
    else:
        return {}
    return {name: round(n / len(given), 6) for name, n in sorted(counts.items())}
