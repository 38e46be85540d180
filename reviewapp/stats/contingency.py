"""Weighted tables of human category by judge category, and coefficients of agreement with intervals from them.

Rows are the human's category, columns the judge's, both 0..q-1 as the task declares them. Sums of weights give the
coefficients, sums of squared weights their variance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from reviewapp.stats.agreement.cohen import PairTable, cohen_kappa
from reviewapp.stats.arrays import FloatArray, IntArray, whole_numbers
from reviewapp.stats.estimate import Estimate, Undefined, no_estimate

Coefficient = Callable[[NDArray[Any]], Any]

STEP = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class WeightedTable:
    """Counts, sums of weights and sums of squared weights, each of shape (q, q)."""

    count: IntArray
    weight: FloatArray
    square: FloatArray

    @property
    def n(self) -> int:
        """Number of items with both a label and a verdict."""
        return int(self.count.sum())

    @property
    def share(self) -> FloatArray:
        """Weighted share of each cell; sums to 1."""
        return np.asarray(self.weight / self.weight.sum(), np.float64)


def weighted_table(
    human: ArrayLike, judge: ArrayLike, n_categories: int, *, probability: ArrayLike | None = None
) -> WeightedTable:
    """Cross two vectors of category codes, each item weighing 1/π (1 without `probability`).

    Without the weights a queue enriched in flagged items describes the queue, not the judge in production.
    """
    row, column = whole_numbers(human, "categories"), whole_numbers(judge, "categories")
    chances = np.ones(row.shape) if probability is None else np.asarray(probability, np.float64)
    if row.ndim != 1 or row.shape != column.shape or row.shape != chances.shape:
        raise ValueError("label, verdict and probability are vectors of one length")
    codes = np.concatenate([row, column])
    if ((codes < 0) | (codes >= n_categories)).any():
        raise ValueError(f"categories are codes in 0..{n_categories - 1}")
    if not ((chances > 0) & (chances <= 1)).all():
        raise ValueError("an inclusion probability lies in (0, 1]; leave items without one out")
    cell, size, shape = row * n_categories + column, n_categories**2, (n_categories, n_categories)
    return WeightedTable(
        count=np.bincount(cell, minlength=size).astype(np.int64).reshape(shape),
        weight=np.bincount(cell, 1 / chances, minlength=size).astype(np.float64).reshape(shape),
        square=np.bincount(cell, 1 / chances**2, minlength=size).astype(np.float64).reshape(shape),
    )


def counted_table(counts: ArrayLike) -> WeightedTable:
    """Table of equally weighted items from its (q, q) counts."""
    count = whole_numbers(counts, "counts")
    if count.ndim != 2 or count.shape[0] != count.shape[1] or (count < 0).any():
        raise ValueError("a table is square and its counts are not negative")
    return WeightedTable(count, count.astype(np.float64), count.astype(np.float64))


def standard_error(table: WeightedTable, coefficient: Coefficient) -> float:
    """Delta-method standard error sqrt(Σ_c s_c (g_c - g)²)/W, s the squared weights, g the gradient by the shares.

    The gradient is a complex-step derivative, exact to rounding for any smooth formula. Independent items, no
    finite-population factor.
    """
    share = table.share
    gradient = np.empty(share.shape)
    for cell in np.ndindex(share.shape):
        stepped = share.astype(np.complex128)
        stepped[cell] += 1j * STEP
        gradient[cell] = np.imag(coefficient(stepped)) / STEP
    centred = gradient - (gradient * share).sum()
    return sqrt(float((table.square * centred**2).sum())) / float(table.weight.sum())


def kappa_estimate(table: WeightedTable, *, weights: ArrayLike | None = None, confidence: float = 0.95) -> Estimate:
    """Cohen's kappa of human and judge, `weights` (q, q) for partial credit: `agreement.cohen` on this table.

    Undefined without labels (`no_labels`) and as `cohen_kappa`.
    """
    if not table.n:
        return no_estimate("no_labels", method="cohen_kappa_normal", confidence=confidence, population="process")
    pair = PairTable(table.weight, table.square, table.n)
    return cohen_kappa(pair, weights=weights, confidence=confidence).estimate


def coefficient_estimate(
    table: WeightedTable,
    coefficient: Coefficient,
    *,
    method: str,
    undefined: Undefined | None,
    confidence: float = 0.95,
    warnings: tuple[str, ...] = (),
) -> Estimate:
    """Coefficient with the normal interval value ± z SE, cut at -1 and 1.

    The caller says why it is `undefined`, if it is. Where the table shows no variation at all (a judge never wrong)
    the value stands without limits: a width of zero would claim certainty.
    """
    if undefined:
        return no_estimate(
            undefined, method=method, n=table.n, confidence=confidence, population="process", warnings=warnings
        )
    value = float(np.clip(np.real(coefficient(table.share)), -1.0, 1.0))
    half = float(norm.isf((1 - confidence) / 2)) * standard_error(table, coefficient)
    unseen = half < 1e-12
    return Estimate(
        value=value,
        low=None if unseen else max(-1.0, value - half),
        high=None if unseen else min(1.0, value + half),
        method=method,
        n=table.n,
        confidence=confidence,
        population="process",
        warnings=(*warnings, "zero_variance") if unseen else warnings,
    )
