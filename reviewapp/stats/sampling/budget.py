"""Holding a sample to a number of labels without losing the probability of each.

A hard cap is a second stage of sampling. Sequential Poisson sampling (Ohlsson 1998) keeps the records with the smallest
u/π; the probability to weight with is then about min(1, c π) with c such that these add up to the budget. Once the
window is closed it depends on nothing but the hash numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class BudgetedSample:
    """`chosen` are positions in the order in which to review them, `probability` π' of every record, `scale` c."""

    chosen: IntArray
    probability: FloatArray
    scale: float


def budget_scale(sizes: ArrayLike, budget: float) -> float:
    """Return c ≥ 0 with Σ min(1, c a_i) = budget, in closed form over the sorted sizes a_i ≥ 0.

    Raises ValueError if fewer than `budget` records have a positive size: no c reaches it. With equality every positive
    record is certain.
    """
    ordered = np.sort(np.asarray(sizes, np.float64))[::-1]
    if ordered.size and (not np.isfinite(ordered).all() or ordered[-1] < 0):
        raise ValueError("sizes are finite and not negative")
    ordered = ordered[ordered > 0]
    if not 0 <= budget <= ordered.size:
        raise ValueError(f"a budget of {budget} does not fit {ordered.size} records with a positive size")
    if budget == ordered.size:
        return float(1 / ordered[-1]) if ordered.size else 0.0
    # With the k largest at 1 the rest must make up budget - k; k is right if the next one stays below 1.
    rest = np.cumsum(ordered[::-1])[::-1]
    certain = np.arange(ordered.size)
    scale = (budget - certain) / rest
    return float(scale[np.argmax(scale * ordered <= 1)])


def sequential_poisson(numbers: ArrayLike, probability: ArrayLike, budget: int) -> BudgetedSample:
    """Choose exactly `budget` records with the smallest u/π (fewer if fewer have π > 0); π' = min(1, c π).

    `numbers` are the records' hash numbers u, `probability` their π, both (N,), for every record of the closed window,
    chosen or not. π' is approximate: exact for equal π, and close once a few records are chosen.
    """
    u, pi = np.asarray(numbers, np.float64), np.asarray(probability, np.float64)
    if u.shape != pi.shape or u.ndim != 1 or not ((u >= 0) & (u < 1)).all() or not ((pi >= 0) & (pi <= 1)).all():
        raise ValueError("one number in [0, 1) and one probability in [0, 1] for every record")
    possible = np.flatnonzero(pi > 0)
    kept = min(budget, possible.size)
    scale = budget_scale(pi, kept)
    rank = u[possible] / pi[possible]
    first = np.argpartition(rank, kept - 1)[:kept] if kept else np.empty(0, np.int64)
    first = first[np.lexsort((first, rank[first]))]
    return BudgetedSample(possible[first].astype(np.int64), np.minimum(1.0, scale * pi), scale)
