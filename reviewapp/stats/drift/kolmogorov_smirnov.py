"""Has a numeric quantity changed its distribution (length, latency, score): the two-sample Kolmogorov-Smirnov test."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import kstwo

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Undefined

# Up to this many pairs the lattice paths are counted exactly.
_EXACT_PAIRS = 10_000


@dataclass(frozen=True)
class NumericDrift:
    """Two windows' values compared.

    `statistic` is D, the largest gap between the distribution functions, in [0, 1]. `shift` says in which direction and
    how far: Wasserstein's distance in pooled standard deviations, with the sign of the change of the mean; None when
    nothing varies. All three None when `undefined`.
    """

    statistic: float | None
    p_value: float | None
    shift: float | None
    method: Literal["exact", "asymptotic"]
    n_before: int
    n_after: int
    undefined: Undefined | None = None


def _finite_vector(values: ArrayLike) -> FloatArray:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or not bool(np.all(np.isfinite(vector))):
        raise ValueError("each window is a vector of finite numbers")
    return vector


def ks_statistic(before: FloatArray, after: FloatArray) -> float:
    """D = max |F(z) - G(z)| of two non-empty samples.

    F - G is largest at a value of the first sample and G - F at one of the second, so each sorted sample is looked up
    in the other once; at ties the last of the equal values carries the true step.
    """
    x, y = np.sort(before), np.sort(after)
    above = np.arange(1, len(x) + 1) / len(x) - np.searchsorted(y, x, side="right") / len(y)
    below = np.arange(1, len(y) + 1) / len(y) - np.searchsorted(x, y, side="right") / len(x)
    return max(0.0, float(above.max()), float(below.max()))


def _exact_tail(n: int, m: int, statistic: float) -> float:
    """P(D >= statistic) over all orders of n + m distinct values.

    q(i, j) = share of the paths from (0, 0) to (i, j) that have touched |i/n - j/m| >= statistic: 1 where that holds,
    else the mean of q(i-1, j) and q(i, j-1) weighted by i and j.
    """
    reach = round(statistic * n * m)
    row = [0.0] * (m + 1)
    for i in range(n + 1):
        for j in range(m + 1):
            if abs(i * m - j * n) >= reach:
                row[j] = 1.0
            elif i + j:
                row[j] = (row[j] * i + (row[j - 1] * j if j else 0.0)) / (i + j)
    return row[m]


def _shift(before: FloatArray, after: FloatArray) -> float | None:
    """Area between the distribution functions in pooled standard deviations, negative when the mean fell."""
    n, m = len(before), len(after)
    if np.ptp(before) == 0 and np.ptp(after) == 0:
        return None
    spread = float(np.sqrt((before.var() * n + after.var() * m) / (n + m)))
    together = np.concatenate((np.sort(before), np.sort(after)))
    order = np.argsort(together, kind="stable")  # two sorted runs: merged in linear time
    gap = np.cumsum(np.where(order < n, 1 / n, -1 / m))[:-1]
    distance = float(np.abs(gap) @ np.diff(together[order])) / spread
    return distance if after.mean() >= before.mean() else -distance


def kolmogorov_smirnov_drift(before: ArrayLike, after: ArrayLike) -> NumericDrift:
    """Test equal distributions of two independent samples, two-sided.

    The p-value is exact up to 10,000 pairs (conservative with ties), beyond that that of the one-sample D with nm/(n+m)
    values. Undefined with an empty window (`no_items`).
    """
    x, y = _finite_vector(before), _finite_vector(after)
    n, m = len(x), len(y)
    if n == 0 or m == 0:
        return NumericDrift(None, None, None, "exact", n, m, "no_items")
    statistic = ks_statistic(x, y)
    if n * m <= _EXACT_PAIRS:
        return NumericDrift(statistic, _exact_tail(n, m, statistic), _shift(x, y), "exact", n, m)
    p_value = float(kstwo.sf(statistic, round(n * m / (n + m))))
    return NumericDrift(statistic, p_value, _shift(x, y), "asymptotic", n, m)
