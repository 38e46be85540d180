"""Plurality: the label with most votes, where ties and narrow margins are named and left to adjudication."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray
from reviewapp.stats.labels import Labels, votes

UNDECIDED = -1
"""Stands where an item has no label of record; no category has this index."""


class Outcome(IntEnum):
    """Why an item has, or has not, a label by plurality."""

    DECIDED = 0
    TIE = 1
    LOW_MARGIN = 2
    NO_LABELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Plurality:
    """The vote on each of N items.

    `category` is the winner or UNDECIDED; `leading`, shape (N, q), marks every category with the most votes, so a tie
    names its categories; `margin` is the votes of the first less those of the second place (0 in a tie); `share` the
    first's share of the votes, 0 without votes; `votes` has shape (N, q).
    """

    category: IntArray
    outcome: NDArray[np.int8]
    leading: BoolArray
    margin: IntArray
    share: FloatArray
    votes: IntArray


def plurality(labels: Labels, *, minimum_margin: int = 1, minimum_labels: int = 1) -> Plurality:
    """Return the vote on each item: decided when the winner leads by `minimum_margin` and enough labels were given.

    A tie never falls to a category; with fewer than `minimum_labels` labels, or a lead below `minimum_margin`, the
    outcome is a low margin. An item without labels has none. O(L).
    """
    if minimum_margin < 1 or minimum_labels < 1:
        raise ValueError("a decision needs a lead of at least one vote and at least one label")
    count = votes(labels)
    first = count.max(axis=1)
    total = count.sum(axis=1)
    leading = (count == first[:, None]) & (total > 0)[:, None]
    tied = leading.sum(axis=1) > 1
    others = np.where(leading, 0, count).max(axis=1)
    margin = np.where(tied, 0, first - others)
    narrow = (margin < minimum_margin) | (total < minimum_labels)
    outcome = np.select(
        [total == 0, tied, narrow], [Outcome.NO_LABELS, Outcome.TIE, Outcome.LOW_MARGIN], default=Outcome.DECIDED
    ).astype(np.int8)
    return Plurality(
        category=np.where(outcome == Outcome.DECIDED, count.argmax(axis=1), UNDECIDED),
        outcome=outcome,
        leading=leading,
        margin=margin,
        share=first / np.maximum(total, 1),
        votes=count,
    )
