"""Labels of one question as arrays: who said what about which item, and with what weight the item was drawn.

These are the labels planned from the start: no surplus, no gold, nobody who was called in because of
a disagreement, nothing withdrawn or superseded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db import connection

from annotations.quality.asked import Window
from reviewapp.stats.agreement.coincidences import Level
from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray
from reviewapp.stats.labels import Labels
from sampling.plans.filters_sql import SqlCondition
from sampling.plans.segments import segment_sql

_VOTES = """
SELECT b.item_id, b.reviewer_name, b.answers -> %s, {segment}, {weight}
FROM annotations_label b JOIN sampling_item i ON i.id = b.item_id {drawn}
WHERE b.project_id = %s AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus
    AND (%s OR NOT EXISTS (SELECT 1 FROM annotations_extralabel x WHERE x.label_id = b.id))
    AND b.source <> 'gold' AND b.answers ? %s AND {condition}
"""
_DRAWN = """
JOIN LATERAL (SELECT d.probability FROM sampling_draw d WHERE d.item_id = i.id AND d.selected
              ORDER BY d.id DESC LIMIT 1) d ON TRUE
"""
_LEVELS: dict[str, Level] = {"rating": "ordinal"}


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """V votes in long format; `values` are the raw answers in the order of the categories' indices.

    `item`, `rater`, `category` are index arrays of shape (V,); `segment` holds each item's segment (None: not known),
    `weight` each item's 1/π where it was asked for.
    """

    labels: Labels
    item_ids: list[int]
    reviewers: list[str]
    values: list[Any]
    segment: list[str | None]
    weight: FloatArray | None
    raw: list[Any]

    def only(self, items: BoolArray) -> "Votes":
        """Return the votes on the chosen items; items are numbered anew, people and categories stay."""
        chosen = items[self.labels.item]
        number = np.cumsum(items) - 1
        kept: IntArray = np.flatnonzero(chosen)
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
            weight=None if self.weight is None else self.weight[items],
            raw=[self.raw[index] for index in kept],
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

    With `weighted` only items that our draw selected are there, each with 1/(π · upstream probability). `with_extra`
    adds the labels of reviewers who were called in by a disagreement.
    """
    rows = _rows(window, question["key"], weighted=weighted, with_extra=with_extra)
    items: dict[int, int] = {}
    names = sorted({row[1] for row in rows})
    people = {name: index for index, name in enumerate(names)}
    declared = declared_values(question)
    categories = {_text(value): index for index, value in enumerate(declared)}
    values: list[Any] = list(declared)
    segment: list[str | None] = []
    weight: list[float] = []
    item, rater, category = [], [], []
    raw: list[Any] = []
    for item_id, name, answer, part, its_weight in rows:
        if item_id not in items:
            items[item_id] = len(items)
            segment.append(part)
            weight.append(its_weight or 0.0)
        text = _canonical(answer, question["kind"])
        if text not in categories:
            categories[text] = len(values)
            values.append(orjson.loads(answer))
        item.append(items[item_id])
        rater.append(people[name])
        category.append(categories[text])
        raw.append(answer)
    return Votes(
        labels=Labels(
            item=_indices(item),
            rater=_indices(rater),
            category=_indices(category),
            n_items=len(items),
            n_raters=len(names),
            n_categories=max(len(values), 1),
        ),
        item_ids=list(items),
        reviewers=names,
        values=values,
        segment=segment,
        weight=np.asarray(weight, dtype=float) if weighted else None,
        raw=raw,
    )


def _rows(window: Window, key: str, *, weighted: bool, with_extra: bool) -> list[tuple[Any, ...]]:
    segment = segment_sql(window.segment) if window.segment else SqlCondition("NULL", [])
    condition = window.condition()
    with connection.cursor() as cursor:
        cursor.execute(
            _VOTES.format(
                segment=segment.sql,
                condition=condition.sql,
                drawn=_DRAWN if weighted else "",
                weight="1 / (d.probability * i.sampling_probability)" if weighted else "NULL",
            ),
            [key, *segment.params, window.project_id, with_extra, key, *condition.params],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _indices(numbers: Sequence[int]) -> IntArray:
    return np.asarray(numbers, dtype=np.int64)


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _canonical(answer: str, kind: str) -> str:
    """Return an answer as one text for all ways of writing it; of several options the order says nothing."""
    value = orjson.loads(answer)
    return _text(sorted(value) if kind == "multi_choice" else value)
