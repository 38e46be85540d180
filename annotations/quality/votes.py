"""Labels of one question as arrays: who said what about which item, and with what weight the item was drawn.

These are the labels planned from the start: no surplus, no gold, nobody who was called in because of
a disagreement, nothing withdrawn or superseded.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import orjson
from django.db import connection

from annotations.quality.asked import Window
from annotations.quality.lanes import reached
from annotations.rubrics.questions import has_form
from reviewapp.stats.agreement.coincidences import Level
from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray
from reviewapp.stats.labels import Labels
from sampling.plans.filters_sql import SqlCondition
from sampling.plans.segments import segment_sql

# A label `b` that was planned from the start.
_COUNTS = "b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'"
PLANNED = f"{_COUNTS} AND NOT EXISTS (SELECT FROM annotations_extralabel x WHERE x.label_id = b.id)"
_VOTES = """
SELECT b.item_id, b.reviewer_name, b.answers -> %s, {segment}, {weight}, i.sampling_probability, b.rubric_id,
    (floor(extract(epoch FROM b.created_at))::bigint + 259200) / 604800
FROM annotations_label b JOIN sampling_item i ON i.id = b.item_id {drawn}
WHERE b.project_id = %s AND {planned} AND b.answers ? %s AND {condition}
"""
_DRAWN = """
JOIN LATERAL (SELECT d.probability * {share} AS probability FROM sampling_draw d WHERE d.item_id = i.id AND d.selected
              ORDER BY d.id DESC LIMIT 1) d ON TRUE
"""
_LEVELS: dict[str, Level] = {"rating": "ordinal"}
_FETCHED = 10_000
NO_ANSWER = -1


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """V votes in long format; `values` are the raw answers in the order of the categories' indices.

    `item`, `rater`, `category` are index arrays of shape (V,), and so is `rubric` (the ids of the rubric versions);
    `segment` holds each item's segment (None: not known), `week` the week of its first label (see `monday`), `weight`
    its 1/π where it was asked for, divided by how far its lane of the queue was reached where lanes differ. `raw` holds
    the answers of spans as they were given, and is empty for other kinds.
    """

    labels: Labels
    item_ids: list[int]
    reviewers: list[str]
    values: list[Any]
    segment: list[str | None]
    week: IntArray
    rubric: IntArray
    weight: FloatArray | None
    raw: list[Any]

    def only(self, items: BoolArray) -> "Votes":
        """Return the votes on the chosen items; items are numbered anew, people and categories stay."""
        return self._kept(items[self.labels.item], items)

    def under(self, rubric_id: int) -> "Votes":
        """Return the votes under one rubric version, on the items that have any."""
        chosen = self.rubric == rubric_id
        items = np.zeros(self.labels.n_items, dtype=bool)
        items[self.labels.item[chosen]] = True
        return self._kept(chosen, items)

    def answers_to(self, item: int) -> list[tuple[Any, int]]:
        """Return the answers to the item at this index, and how many gave each; the most frequent first."""
        codes, counts = np.unique(self.labels.category[self.labels.item == item], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return [(self.values[int(codes[index])], int(counts[index])) for index in order]

    def _kept(self, chosen: BoolArray, items: BoolArray) -> "Votes":
        """Return the chosen votes (V,), which lie on the given items (N,)."""
        number = np.cumsum(items) - 1
        return Votes(
            labels=Labels(
                item=number[self.labels.item[chosen]],
                rater=self.labels.rater[chosen],
                category=self.labels.category[chosen],
                n_items=int(items.sum()),
                n_raters=self.labels.n_raters,
                n_categories=self.labels.n_categories,
            ),
            item_ids=[self.item_ids[index] for index in np.flatnonzero(items)],
            reviewers=self.reviewers,
            values=self.values,
            segment=[self.segment[index] for index in np.flatnonzero(items)],
            week=self.week[items],
            rubric=self.rubric[chosen],
            weight=None if self.weight is None else self.weight[items],
            raw=[self.raw[index] for index in np.flatnonzero(chosen)] if self.raw else [],
        )


def level_of(question: dict[str, Any]) -> Level:
    """Return the level at which a question measures."""
    return _LEVELS.get(question["kind"], "nominal")


def declared_values(question: dict[str, Any]) -> list[Any]:
    """Return the answers that a question declares, in their order; empty where any text or object may be one."""
    match question["kind"]:
        case "choice":
            return [option["value"] for option in question["options"]]
        case "rating":
            return list(range(question["min"], question["max"] + 1))
        case "pairwise":
            return [*question["candidates"], *(["tie"] if question.get("tie", True) else [])]
    return []


def read_votes(window: Window, question: dict[str, Any], *, weighted: bool, with_extra: bool = False) -> Votes:
    """Return the labels of a question on the window's items.

    With `weighted` only items that our draw selected are there, each with 1/(π · upstream probability); where nobody
    knows the latter of one of them it is left out of all, and the figures speak of the traffic received.
    `with_extra` adds the labels of reviewers who were called in by a disagreement.
    """
    items: dict[int, int] = {}
    people: dict[str, int] = {}
    declared = declared_values(question)
    categories = {answer_text(value): index for index, value in enumerate(declared)}
    known: dict[str, int] = {}  # answers as they are written; most are written alike
    values: list[Any] = list(declared)
    segment: list[str | None] = []
    weight: list[float] = []
    upstream: list[float | None] = []
    week: list[int] = []
    item, rater, category, rubric = [], [], [], []
    raw: list[Any] = []
    keeps_raw = question["kind"] == "spans"
    rows = _rows(window, question["key"], weighted=weighted, with_extra=with_extra)
    for item_id, name, answer, part, its_weight, its_upstream, rubric_id, its_week in rows:
        code = known.get(answer)
        if code is None:
            code = known[answer] = code_answer(orjson.loads(answer), question, categories, values)
        if code == NO_ANSWER:
            continue
        index = items.get(item_id)
        if index is None:
            index = items[item_id] = len(items)
            segment.append(part)
            weight.append(its_weight or 0.0)
            upstream.append(its_upstream)
            week.append(its_week)
        elif its_week < week[index]:
            week[index] = its_week
        item.append(index)
        rater.append(people.setdefault(name, len(people)))
        category.append(code)
        rubric.append(rubric_id)
        if keeps_raw:
            raw.append(answer)
    names = sorted(people)
    place = np.zeros(len(names), dtype=np.int64)
    place[[people[name] for name in names]] = np.arange(len(names))
    return Votes(
        labels=Labels(
            item=_indices(item),
            rater=place[_indices(rater)],
            category=_indices(category),
            n_items=len(items),
            n_raters=len(names),
            n_categories=max(len(values), 1),
        ),
        item_ids=list(items),
        reviewers=names,
        values=values,
        segment=segment,
        week=_indices(week),
        rubric=_indices(rubric),
        weight=_weights(weight, upstream) if weighted else None,
        raw=raw,
    )


def monday(week: int) -> date:
    """Return the day (UTC) on which a week begins."""
    return date(1969, 12, 29) + timedelta(weeks=week)


def _rows(window: Window, key: str, *, weighted: bool, with_extra: bool) -> Iterator[tuple[Any, ...]]:
    """Yield the rows a few at a time, since a million of them as tuples would be heavy."""
    segment = segment_sql(window.segment) if window.segment else SqlCondition("NULL", [])
    condition = window.condition()
    share = reached(window).share if weighted else SqlCondition("1", [])
    with connection.cursor() as cursor:
        cursor.execute(
            _VOTES.format(
                segment=segment.sql,
                planned=_COUNTS if with_extra else PLANNED,
                condition=condition.sql,
                drawn=_DRAWN.format(share=share.sql) if weighted else "",
                weight="1 / d.probability" if weighted else "NULL",
            ),
            [key, *segment.params, *share.params, window.project_id, key, *condition.params],
        )
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows


def _weights(drawn: Sequence[float], upstream: Sequence[float | None]) -> FloatArray:
    """Return 1/π of items over what a sampler upstream had kept; weights of some and not of others describe nothing."""
    weight, kept = np.asarray(drawn, dtype=float), [each for each in upstream if each is not None]
    return weight / np.asarray(kept, dtype=float) if len(kept) == len(upstream) else weight


def _indices(numbers: Sequence[int]) -> IntArray:
    return np.asarray(numbers, dtype=np.int64)


def answer_text(value: Any) -> str:
    """Return an answer as one text for all ways of writing it."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def code_answer(answer: Any, question: Mapping[str, Any], categories: dict[str, int], values: list[Any]) -> int:
    """Return an answer's category, a new one where it has none: one for all ways of writing it, and of several options
    the order says nothing. What an older version of the question asked in another form is no answer to it.
    """
    if not has_form(question, answer):
        return NO_ANSWER
    text = answer_text(sorted(answer) if question["kind"] == "multi_choice" else answer)
    if text not in categories:
        categories[text] = len(values)
        values.append(answer)
    return categories[text]
