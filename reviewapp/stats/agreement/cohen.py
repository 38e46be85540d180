"""Cohen's kappa, plain and weighted, for one named pair: two raters, or a judge and a human."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from reviewapp.stats.agreement.coefficient import CoefficientName
from reviewapp.stats.agreement.counts import inclusion_weight
from reviewapp.stats.agreement.intervals import ZERO, finite_population_factor
from reviewapp.stats.agreement.weights import checked_weights
from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate
from reviewapp.stats.labels import Labels


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """Cross table of two raters, rows the first and columns the second, both of shape (q, q).

    `weight` sums 1/π over the items of each cell (their number without weights), `variance_weight` sums f/π² with the
    finite-population factor f; `n` items have a label of both. `inclusion_known` is False without weights.
    """

    weight: FloatArray
    variance_weight: FloatArray
    n: int
    population: Population = "process"
    inclusion_known: bool = False


@dataclass(frozen=True, slots=True)
class CohenKappa:
    """Kappa with its large-sample standard error; `null_standard_error` serves only a test of kappa = 0."""

    estimate: Estimate
    observed: float | None = None
    expected: float | None = None
    standard_error: float | None = None
    null_standard_error: float | None = None
    name: CoefficientName = "cohen_kappa"


def pair_table(table: ArrayLike) -> PairTable:
    """Return the cross table of equally weighted items from counts of shape (q, q)."""
    counts = np.asarray(table, dtype=float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not np.all(counts >= 0):
        raise ValueError("a cross table is square and has no negative count")
    return PairTable(counts, counts, int(counts.sum()))


def cross_codes(first: IntArray, second: IntArray) -> PairTable:
    """Return the cross table of two raters' codes 0, 1, … of the same equally weighted items, shapes (n,)."""
    q = int(max(first.max(initial=0), second.max(initial=0))) + 1
    return pair_table(np.bincount(first * q + second, minlength=q * q).reshape(q, q))


def cross_labels(
    labels: Labels,
    first: int,
    second: int,
    *,
    item_weight: ArrayLike | None = None,
    population: Population = "process",
) -> PairTable:
    """Return the cross table of raters `first` and `second` over the items that both labelled, once each."""
    answer = np.full((2, labels.n_items), -1)
    for row, rater in enumerate((first, second)):
        own = labels.rater == rater
        if np.unique(labels.item[own]).size < np.count_nonzero(own):
            raise ValueError("a cross table takes one label of an item from a rater")
        answer[row, labels.item[own]] = labels.category[own]
    both = np.flatnonzero((answer >= 0).all(axis=0))
    w = inclusion_weight(item_weight, labels.n_items)[both]
    q = labels.n_categories
    cell = answer[0, both] * q + answer[1, both]
    squares = finite_population_factor(w, population) * w**2
    return PairTable(
        np.bincount(cell, weights=w, minlength=q * q).astype(float).reshape(q, q),
        np.bincount(cell, weights=squares, minlength=q * q).astype(float).reshape(q, q),
        int(both.size),
        population,
        item_weight is not None,
    )


def cohen_kappa(table: PairTable, *, weights: ArrayLike | None = None, confidence: float = 0.95) -> CohenKappa:
    """Return kappa = (p_o - p_e) / (1 - p_e), p_e = Σ w_kl p_k+ p_+l, with a normal interval cut to [-1, 1].

    The standard error is the large-sample one of Fleiss, Cohen & Everitt (1969), written as the mean square of
    z_kl = (w_kl - (w̄_k+ + w̄_+l)(1 - kappa) - kappa + p_e (1 - kappa)) / (1 - p_e), which 1/π weights then scale
    cell by cell. `weights` (q, q), None is unweighted. n counts items. Undefined without an item that both labelled
    (`no_pairs`), when both used one and the same category (`single_category`), when the weights make every
    disagreement free (`zero_variance`), or for the window without 1/π (`unknown_inclusion_probability`).
    """
    w = checked_weights(weights, table.weight.shape[0])
    if table.n == 0:
        return _refused("no_pairs", table, confidence)
    if table.population == "window" and not table.inclusion_known:
        return _refused("unknown_inclusion_probability", table, confidence)
    total = float(table.weight.sum())
    p = table.weight / total
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float((w * p).sum()), float(rows @ w @ columns)
    if 1 - expected <= ZERO:
        used = np.count_nonzero(rows + columns)
        return _refused("single_category" if used == 1 else "zero_variance", table, confidence)
    kappa = (observed - expected) / (1 - expected)
    by_chance = np.add.outer(w @ columns, rows @ w)
    z = w - by_chance * (1 - kappa) - kappa + expected * (1 - kappa)
    error = sqrt(float((table.variance_weight * z**2).sum())) / total / (1 - expected)
    # The same under independence with the marginals as they are: the expected share of a cell is p_k+ p_+l.
    spread = float(rows @ (w - by_chance) ** 2 @ columns) - expected**2
    effective = total**2 / max(float(table.variance_weight.sum()), ZERO)
    half = float(ndtri((1 + confidence) / 2)) * error
    known = error > ZERO
    estimate = Estimate(
        value=kappa,
        low=max(-1.0, kappa - half) if known else None,
        high=min(1.0, kappa + half) if known else None,
        method="cohen_kappa_normal",
        n=table.n,
        n_effective=effective if table.population == "process" else None,
        confidence=confidence,
        population=table.population,
        warnings=() if known else ("zero_variance",),
    )
    null_error = sqrt(max(spread, 0.0) / effective) / (1 - expected)
    return CohenKappa(estimate, observed, expected, error if known else None, null_error)


def _refused(reason: Undefined, table: PairTable, confidence: float) -> CohenKappa:
    """Return the kappa that says why there is none."""
    method = "cohen_kappa_normal"
    return CohenKappa(no_estimate(reason, method=method, n=table.n, confidence=confidence, population=table.population))
