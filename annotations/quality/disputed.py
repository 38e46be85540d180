"""Where people disagree: the options that they confuse, and the items that divide them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db import connection

from annotations.quality.pairs import Crossed
from annotations.quality.votes import Votes

MAX_CONFUSED = 20
MAX_DISPUTED = 50


@dataclass(frozen=True, slots=True)
class Confused:
    """Two answers that people give to the same item: in `n_items` items; `share` of all pairs of labels that differ."""

    a: Any
    b: Any
    n_items: int
    n_pairs: int
    share: float


@dataclass(frozen=True, slots=True)
class Disputed:
    """An item that divides people: how many gave which answer; `disagreement` is 1 where no two agree.

    Of ratings it is the mean squared difference of two labels, as a share of the largest that the scale allows.
    """

    external_id: str
    answers: list[tuple[Any, int]]
    n_labels: int
    disagreement: float


def find_confused(votes: Votes, crossed: Crossed) -> list[Confused]:
    """Return the pairs of answers that are confused most, by the items in which they are."""
    differ = crossed.code_first != crossed.code_second
    low = np.minimum(crossed.code_first, crossed.code_second)[differ]
    high = np.maximum(crossed.code_first, crossed.code_second)[differ]
    if not low.size:
        return []
    key = low * votes.labels.n_categories + high
    keys, n_pairs = np.unique(key, return_counts=True)
    # Each pair of answers once an item.
    place = np.searchsorted(keys, key)
    once = np.unique(place * votes.labels.n_items + crossed.item[differ])
    n_items = np.bincount(once // votes.labels.n_items, minlength=keys.size)
    order = np.lexsort((keys, -n_pairs, -n_items))[:MAX_CONFUSED]
    return [
        Confused(
            a=votes.values[int(keys[index]) // votes.labels.n_categories],
            b=votes.values[int(keys[index]) % votes.labels.n_categories],
            n_items=int(n_items[index]),
            n_pairs=int(n_pairs[index]),
            share=float(n_pairs[index] / key.size),
        )
        for index in order
    ]


def find_disputed(votes: Votes, *, rating: bool) -> list[Disputed]:
    """Return the items with most disagreement; of equal ones those with more labels, then those that came first."""
    labels = votes.labels
    n = np.bincount(labels.item, minlength=labels.n_items)
    pairs = np.maximum(n * (n - 1) / 2, 1)
    if rating and labels.n_labels:
        scores = np.asarray([float(value) for value in votes.values])
        spread = max(float(scores.max() - scores.min()), 1.0)
        given = scores[labels.category]
        total = np.bincount(labels.item, weights=given, minlength=labels.n_items)
        squares = np.bincount(labels.item, weights=given**2, minlength=labels.n_items)
        # The mean squared difference of two labels is twice their sample variance.
        disagreement = (n * squares - total**2) / pairs / spread**2
    else:
        cells, count = np.unique(labels.item * labels.n_categories + labels.category, return_counts=True)
        same = np.bincount(cells // labels.n_categories, weights=count * (count - 1) / 2, minlength=labels.n_items)
        disagreement = 1 - same / pairs
    disagreement = np.where(n > 1, disagreement, 0.0)
    # Rounded, so that equal ones are equal whatever the order in which their labels came.
    order = np.lexsort((np.asarray(votes.item_ids), -n, -np.round(disagreement, 9)))[:MAX_DISPUTED]
    chosen = [int(index) for index in order if disagreement[index] > 0]
    names = name_items([votes.item_ids[index] for index in chosen])
    return [
        Disputed(
            external_id=names[votes.item_ids[index]],
            answers=votes.answers_to(index),
            n_labels=int(n[index]),
            disagreement=float(disagreement[index]),
        )
        for index in chosen
    ]


def name_items(item_ids: list[int]) -> dict[int, str]:
    """Return the external id of each item."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, external_id FROM sampling_item WHERE id = ANY(%s)", [item_ids])
        return dict(cursor.fetchall())


def word(value: Any) -> str:
    """Return an answer as it is written: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
