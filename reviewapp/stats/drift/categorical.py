"""Has the mix of categories changed (labels, verdicts, intents, models): chi-square and Cramer's V."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Undefined

MIN_EXPECTED = 5.0


@dataclass(frozen=True)
class CategoricalDrift:
    """Two windows' counts compared.

    `cramers_v` is the effect in [0, 1], of the table as tested; `merged` how many sparse categories were pooled for it.
    All three figures None when `undefined`.
    """

    statistic: float | None
    cramers_v: float | None
    p_value: float | None
    method: Literal["chi_square", "permutation"]
    n: int
    merged: int = 0
    undefined: Undefined | None = None


def _expected(table: FloatArray) -> FloatArray:
    return np.asarray(np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum(), dtype=np.float64)


def _statistics(first: FloatArray, totals: FloatArray) -> FloatArray:
    """Chi-square of 2 × k tables given as rows of first-window counts, all with the same margins."""
    n, size = float(totals.sum()), float(first[0].sum())
    expected = totals * size / n
    # Both rows deviate equally and oppositely, so the second one adds the same squares over n - size in place of size.
    return np.asarray(((first - expected) ** 2 / totals).sum(axis=1) * n * n / (size * (n - size)), dtype=np.float64)


def _merge_sparse(table: FloatArray) -> tuple[FloatArray, int]:
    """Pool the columns with an expected count below 5 into one; returns the table and how many were pooled."""
    sparse = (_expected(table) < MIN_EXPECTED).any(axis=0)
    if not sparse.any():
        return table, 0
    pooled = np.column_stack((table[:, ~sparse], table[:, sparse].sum(axis=1)))
    return pooled, int(sparse.sum())


def chi_square_drift(before: ArrayLike, after: ArrayLike, *, seed: int, permutations: int = 9_999) -> CategoricalDrift:
    """Compare the counts of k categories in two windows (Pearson's chi-square, V = sqrt(chi² / n) for two windows).

    Categories with an expected count below 5 are pooled; where that is not enough the p-value comes from permuting
    records between the windows (the original table; `seed`). Undefined without records in one window (`no_items`) or
    with one category in all (`single_category`).
    """
    table = np.stack((np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)))
    if table.ndim != 2 or not bool(np.all((table >= 0) & np.isfinite(table))):
        raise ValueError("counts form two vectors of one length and are not negative")
    n = int(table.sum())
    if not table.sum(axis=1).all():
        return CategoricalDrift(None, None, None, "chi_square", n, undefined="no_items")
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return CategoricalDrift(None, None, None, "chi_square", n, undefined="single_category")
    pooled, merged = _merge_sparse(table)
    if pooled.shape[1] >= 2 and float(_expected(pooled).min()) >= MIN_EXPECTED:
        statistic = float(_statistics(pooled[:1], pooled.sum(axis=0))[0])
        p_value = float(chi2.sf(statistic, pooled.shape[1] - 1))
        return CategoricalDrift(statistic, sqrt(statistic / n), p_value, "chi_square", n, merged)
    totals = table.sum(axis=0)
    statistic = float(_statistics(table[:1], totals)[0])
    draws = np.random.default_rng(seed).multivariate_hypergeometric(
        totals.astype(np.int64), int(table[0].sum()), size=permutations
    )
    as_far = int(np.sum(_statistics(draws.astype(np.float64), totals) >= statistic * (1 - 1e-12)))
    p_value = (1 + as_far) / (1 + permutations)
    return CategoricalDrift(statistic, sqrt(statistic / n), p_value, "permutation", n)
