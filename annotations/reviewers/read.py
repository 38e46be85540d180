"""A project's labels of one question as arrays, each beside the answer it can be held against.

That answer is the gold's or the adjudicator's where there is one, else the plurality of what the others said about the
item: never of oneself, or whoever labels much would agree with themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import orjson
from django.db import connection

from annotations.quality.asked import Window
from annotations.quality.votes import NO_ANSWER, answer_text, code_answer, declared_values
from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray
from reviewapp.stats.labels import Labels, votes
from sampling.plans.filters import EVERYTHING, Filter

MOST = 200_000
MOST_CELLS = 20_000_000
"""Texts may have as many categories as labels; nobody needs a plurality of those."""

NOTHING = NO_ANSWER

_LABELS = """
SELECT b.item_id, b.reviewer_name, b.created_at,
    CASE WHEN b.duration_ms IS NOT NULL THEN LEAST(b.duration_ms, %s)::float8 / 1000 END, b.source = 'gold',
    b.source = 'import', b.answers -> %s,
    (SELECT a.answers -> %s FROM annotations_adjudication a
     WHERE a.item_id = b.item_id AND a.superseded_by_id IS NULL)
FROM annotations_label b
WHERE b.project_id = %s AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus
  AND (%s::timestamptz IS NULL OR b.created_at >= %s)
  AND (%s::timestamptz IS NULL OR b.created_at < %s) AND {only}
ORDER BY b.created_at DESC, b.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """L labels, oldest first, as arrays of shape (L,).

    `category` is the answer (-1: not asked), `truth` what it is held against (-1: nothing), `seconds` NaN where nobody
    measured it. `values` are the answers that the categories stand for, `is_complete` whether all labels are there.
    """

    people: list[str]
    values: list[Any]
    person: IntArray
    at: list[datetime]
    seconds: FloatArray
    is_gold: BoolArray
    is_import: BoolArray
    category: IntArray
    truth: IntArray
    is_complete: bool


def read_work(
    *,
    project_id: int,
    question: Mapping[str, Any],
    lease_seconds: int,
    start: datetime | None,
    end: datetime | None,
    where: Filter = EVERYTHING,
) -> Work:
    """Return the newest 200,000 labels that were given from `start` until before `end`, to items that `where` means."""
    key = question["key"]
    only, params = "TRUE", list[Any]()
    if where != EVERYTHING:
        meant = Window(project_id, where=where).condition()
        only = f"b.item_id IN (SELECT i.id FROM sampling_item i WHERE {meant.sql})"  # noqa: S608 — values are parameters
        params = list(meant.params)
    with connection.cursor() as cursor:
        cursor.execute(
            _LABELS.format(only=only),
            [lease_seconds * 1000, key, key, project_id, start, start, end, end, *params, MOST + 1],
        )
        rows = cursor.fetchall()
    is_complete = len(rows) <= MOST
    rows = rows[:MOST][::-1]
    names = sorted({row[1] for row in rows})
    place = {name: index for index, name in enumerate(names)}
    items = {item: index for index, item in enumerate(dict.fromkeys(row[0] for row in rows))}
    values = list(declared_values(dict(question)))
    known = {answer_text(value): index for index, value in enumerate(values)}

    def code(answer: str | None) -> int:
        if answer is None or answer == "null":
            return NOTHING
        return code_answer(orjson.loads(answer), question, known, values)

    person = np.array([place[row[1]] for row in rows], dtype=np.int64)
    item = np.array([items[row[0]] for row in rows], dtype=np.int64)
    is_gold = np.array([row[4] for row in rows], dtype=bool)
    category = np.array([code(row[6]) for row in rows], dtype=np.int64)
    decided = np.array([code(row[7]) for row in rows], dtype=np.int64)
    votes_on = (category != NOTHING) & ~is_gold
    size = _Size(len(items), len(names), max(len(values), 1))
    peers = _plurality_of_others(item, person, category, votes_on, size)
    return Work(
        people=names,
        values=values,
        person=person,
        at=[row[2] for row in rows],
        seconds=np.array([np.nan if row[3] is None else row[3] for row in rows], dtype=float),
        is_gold=is_gold,
        is_import=np.array([row[5] for row in rows], dtype=bool),
        category=category,
        truth=np.where(decided != NOTHING, decided, peers),
        is_complete=is_complete,
    )


class _Size(NamedTuple):
    items: int
    people: int
    categories: int


def _plurality_of_others(
    item: IntArray, person: IntArray, category: IntArray, votes_on: BoolArray, size: _Size
) -> IntArray:
    """Return for each label what most others say about its item, -1 where nobody else does or they tie."""
    found = np.full(item.size, NOTHING, dtype=np.int64)
    chosen = np.flatnonzero(votes_on)
    if chosen.size == 0 or size.items * size.categories > MOST_CELLS:
        return found
    labels = Labels(
        item=item[chosen],
        rater=person[chosen],
        category=category[chosen],
        n_items=size.items,
        n_raters=size.people,
        n_categories=size.categories,
    )
    others = votes(labels)[labels.item]
    others[np.arange(chosen.size), labels.category] -= 1
    most = others.max(axis=1)
    is_clear = (most > 0) & ((others == most[:, None]).sum(axis=1) == 1)
    found[chosen] = np.where(is_clear, others.argmax(axis=1), NOTHING)
    return found
