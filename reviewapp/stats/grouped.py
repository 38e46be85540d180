"""Means of rows with their intervals. Rows of one session are not independent: where rows share a group, groups count.

The unit is then the group: variances are those of the groups' totals, Σ_c (Σ_{i in c} e_i)² C / (C - 1), and z becomes
Student's t with C - 1 degrees of freedom. Groups never make an interval narrower than rows alone would.
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm, t

from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate, no_estimate

FloatArray = NDArray[np.float64]
Group = str | None
BY_GROUP = "_by_group"


class Units(NamedTuple):
    """The group 0..n-1 of each row; rows without one are groups of their own."""

    code: NDArray[np.int64]
    n: int

    def variance(self, residual: FloatArray) -> float:
        """Return the variance of a sum of residuals; infinite for a single group."""
        if self.n < 2:
            return float("inf")
        totals = np.bincount(self.code, residual, self.n)
        return float(totals @ totals) * self.n / (self.n - 1)

    def reach(self, confidence: float) -> float:
        """Return how many standard errors an interval reaches."""
        return float(t.isf((1 - confidence) / 2, max(self.n - 1, 1)))

    def size(self, variance: float, *, one: float, most: float, confidence: float) -> float:
        """Return how many independent rows of variance `one` would tell as much, `most` at most."""
        found = one / variance if variance > 0 else float(self.n)
        shrink = (float(norm.isf((1 - confidence) / 2)) / self.reach(confidence)) ** 2
        return max(min(found, most) * shrink, 1.0)


def units_of(groups: Sequence[Group]) -> Units | None:
    """Return the groups as numbers, or None where no two rows share one: then each row is a unit."""
    known: dict[str, int] = {}
    n = 0
    code = np.empty(len(groups), np.int64)
    for index, group in enumerate(groups):
        code[index] = n if group is None else known.setdefault(group, n)
        n += int(code[index] == n)
    return Units(code, n) if n < len(groups) else None


def mean_rate(
    values: Sequence[float | None], groups: Sequence[Group] | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Mean of shares in [0, 1], one a row, with Wilson's interval; rows without a value are left out.

    Where repeats make shares of them, the interval is at the number of rows that a plain rate would need for the same
    variance: p (1 - p) / (s² / n), and never above the number of rows times ten; where rows share groups, at that of
    the groups. Undefined without rows.
    """
    given, units = _known(values, groups)
    n = given.size
    if not n:
        return no_estimate("not_measured", method="wilson", confidence=confidence, population="process")
    p = float(given.mean())
    binary = bool(np.all((given == 0) | (given == 1)))
    if binary and units is None:
        return wilson_rate(round(float(given.sum())), n, method="wilson", confidence=confidence)
    size = float(n)
    if not binary:
        variance = float(given.var(ddof=1)) / n if n > 1 else 0.0
        size = max(min(p * (1 - p) / variance, 10.0 * n) if variance > 0 else float(n), 1.0)
    if units is None:
        return wilson_rate(p * size, size, method="wilson_clustered", labels=n, confidence=confidence)
    size = units.size(units.variance(given - p) / n**2, one=p * (1 - p), most=size, confidence=confidence)
    return wilson_rate(p * size, size, method=f"wilson{BY_GROUP}", labels=n, confidence=confidence)


class Totals(NamedTuple):
    """Sums over groups with n_c rows each, which sum up to x_c: of 1, n, x, n², n x and x²."""

    groups: int
    rows: int
    value: float
    rows_square: float
    mixed: float
    value_square: float

    @property
    def mean(self) -> float:
        """The mean of the rows; there is one at least."""
        return self.value / self.rows

    @property
    def variance(self) -> float:
        """The variance of that mean, with the groups as units; infinite for a single group."""
        if self.groups < 2:
            return float("inf")
        squares = self.value_square - 2 * self.mean * self.mixed + self.mean**2 * self.rows_square
        return max(squares, 0.0) / self.rows**2 * self.groups / (self.groups - 1)

    @property
    def units(self) -> Units:
        """As many groups, whose rows nobody numbered."""
        return Units(np.zeros(0, np.int64), self.groups)


def rate_of_totals(totals: Totals, *, confidence: float = 0.95) -> Estimate:
    """`mean_rate` of rows that are 0 or 1, from their sums: of rows that are too many to be held."""
    if totals.groups == totals.rows:
        return wilson_rate(totals.value, totals.rows, method="wilson", confidence=confidence)
    p, n = totals.mean, float(totals.rows)
    size = totals.units.size(totals.variance, one=p * (1 - p), most=n, confidence=confidence)
    return wilson_rate(p * size, size, method=f"wilson{BY_GROUP}", labels=totals.rows, confidence=confidence)


def weighted_rate(
    values: Sequence[tuple[float | None, float | None]],
    groups: Sequence[Group] | None = None,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Hájek mean of the rows that chance drew, with Wilson's interval at Kish's size W²/Σw², or that of the groups."""
    known = [None if value is None or weight is None else value for value, weight in values]
    given, units = _known(known, groups)
    if not given.size:
        return no_estimate(
            "unknown_inclusion_probability", method="hajek_wilson", confidence=confidence, population="process"
        )
    weight = np.asarray([each[1] for each, value in zip(values, known, strict=True) if value is not None], np.float64)
    whole = float(weight.sum())
    size = whole**2 / float((weight**2).sum())
    share = min(max(float((weight * given).sum()) / whole, 0.0), 1.0)
    method = "hajek_wilson"
    if units is not None:
        variance = units.variance(weight * (given - share)) / whole**2
        size = units.size(variance, one=share * (1 - share), most=size, confidence=confidence)
        method += BY_GROUP
    return wilson_rate(share * size, size, method=method, labels=given.size, confidence=confidence)


def mean_amount(
    values: Sequence[float | None],
    groups: Sequence[Group] | None = None,
    *,
    method: str = "student_t",
    least: float = 0.0,
    confidence: float = 0.95,
) -> Estimate:
    """Mean of amounts, one a row, with Student's interval; limits from two rows, or two groups, on.

    No lower limit is below `least`. Undefined without rows.
    """
    given, units = _known(values, groups)
    n = given.size
    if not n:
        return no_estimate("not_measured", method=method, confidence=confidence, population="process")
    mean = float(given.mean())
    low = high = None
    if units is not None:
        method += BY_GROUP
        if units.n > 1:
            error = max(units.variance(given - mean) / n**2, float(given.var(ddof=1)) / n) ** 0.5
            low, high = mean - units.reach(confidence) * error, mean + units.reach(confidence) * error
    elif n > 1:
        reach = float(t.isf((1 - confidence) / 2, n - 1)) * float(given.std(ddof=1)) / n**0.5
        low, high = mean - reach, mean + reach
    low = None if low is None else max(least, low)
    return Estimate(mean, low, high, method, n, None, confidence, "process")


def quantile(
    values: Sequence[float], share: float, groups: Sequence[Group] | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Smallest value that at least `share` of the values do not exceed, with limits at order statistics.

    Ranks l = q(α/2) and u = q(1 - α/2) + 1 of Bin(n, share): free of any shape of the distribution. A limit beyond the
    values is None: few values say little of a p99. Where values share groups, the ranks are those of as many values
    as the groups are worth, n times over that number.
    """
    ordered = sorted(values)
    n = len(ordered)
    if not n:
        return no_estimate("not_measured", method="order_statistics", confidence=confidence, population="process")
    found = ordered[max(ceil(share * n - 1e-9), 1) - 1]
    worth, method = float(n), "order_statistics"
    units = units_of(groups) if groups is not None else None
    if units is not None:
        below = (np.asarray(values, np.float64) <= found).astype(np.float64)
        variance = units.variance(below - below.mean()) / n**2
        worth = float(floor(units.size(variance, one=share * (1 - share), most=n, confidence=confidence)))
        method += BY_GROUP
    tail, each = (1 - confidence) / 2, n / worth
    low = floor(float(binom.ppf(tail, worth, share)) * each)
    high = ceil((float(binom.ppf(1 - tail, worth, share)) + 1) * each)
    return Estimate(
        value=found,
        low=ordered[low - 1] if low >= 1 else None,
        high=ordered[high - 1] if high <= n else None,
        method=method,
        n=n,
        confidence=confidence,
        population="process",
    )


def _known(values: Sequence[float | None], groups: Sequence[Group] | None) -> tuple[FloatArray, Units | None]:
    given = np.asarray([value for value in values if value is not None], np.float64)
    if groups is None:
        return given, None
    return given, units_of([group for value, group in zip(values, groups, strict=True) if value is not None])
