"""How a judge on an ordered scale compares with people: agreement, order, leniency.

A correlation alone hides a judge that is a point too generous everywhere; the mean signed error shows it. Codes are
positions on the declared scale. Sources: Cohen 1968; Lin 1989; Spearman 1904; Kendall 1945.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from reviewapp.stats.agreement.weights import quadratic_weights
from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.contingency import WeightedTable, coefficient_estimate, kappa_estimate
from reviewapp.stats.estimate import Estimate, Undefined, no_estimate


@dataclass(frozen=True, slots=True)
class OrdinalJudgeDescription:
    """Coefficients in [-1, 1]; `mean_signed_error` in scale units, judge minus human, above 0 if lenient."""

    quadratic_kappa: Estimate
    concordance: Estimate
    spearman: Estimate
    kendall_tau_b: Estimate
    mean_signed_error: Estimate


def describe_ordinal_judge(
    table: WeightedTable, *, scores: ArrayLike | None = None, confidence: float = 0.95
) -> OrdinalJudgeDescription:
    """Describe a judge on q ordered levels from its (q, q) table; `scores` are the levels' values (default 0..q-1).

    Kappa and concordance need some difference within or between human and judge, the rank coefficients variation in
    both; else `zero_variance`.
    """
    q = table.weight.shape[0]
    x = np.arange(q, dtype=np.float64) if scores is None else np.asarray(scores, np.float64)
    if x.shape != (q,) or not (np.diff(x) > 0).all():
        raise ValueError("one score for every level, increasing")
    empty: Undefined | None = None if table.n else "no_labels"
    levels_used = np.flatnonzero((table.count.sum(axis=0) + table.count.sum(axis=1)) > 0)
    flat = min((table.count.sum(axis=axis) > 0).sum() for axis in (0, 1)) < 2
    no_distance: Undefined | None = "zero_variance" if levels_used.size < 2 else None
    no_order: Undefined | None = "zero_variance" if flat else None

    def coefficient(formula: Any, reason: Undefined | None) -> Estimate:
        return coefficient_estimate(table, formula, method="delta", undefined=empty or reason, confidence=confidence)

    return OrdinalJudgeDescription(
        quadratic_kappa=_quadratic_kappa(table, x, empty or no_distance, confidence),
        concordance=coefficient(lambda p: concordance(p, x), no_distance),
        spearman=coefficient(spearman, no_order),
        kendall_tau_b=coefficient(kendall_tau_b, no_order),
        mean_signed_error=_mean_signed_error(table, x, confidence),
    )


def _quadratic_kappa(table: WeightedTable, x: FloatArray, reason: Undefined | None, confidence: float) -> Estimate:
    """Kappa with quadratic weights (Cohen 1968), unless there is a reason why not."""
    if reason:
        return no_estimate(reason, method="cohen_kappa_normal", n=table.n, confidence=confidence, population="process")
    return kappa_estimate(table, weights=quadratic_weights(x), confidence=confidence)


def concordance(share: NDArray[Any], x: FloatArray) -> Any:
    """Lin's 2 s_xy/(s_x² + s_y² + (mean difference)²) with population variances; equal to quadratic kappa."""
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    human, judge = rows @ x, columns @ x
    covariance = (x - human) @ share @ (x - judge)
    return 2 * covariance / (rows @ (x - human) ** 2 + columns @ (x - judge) ** 2 + (human - judge) ** 2)


def spearman(share: NDArray[Any]) -> Any:
    """Correlation of the mid-ranks, a level's rank being the share below it plus half of its own."""
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    human, judge = np.cumsum(rows) - rows / 2, np.cumsum(columns) - columns / 2
    human, judge = human - rows @ human, judge - columns @ judge
    return (human @ share @ judge) / np.sqrt((rows @ human**2) * (columns @ judge**2))


def kendall_tau_b(share: NDArray[Any]) -> Any:
    """(concordant - discordant)/sqrt(untied by human × untied by judge), over pairs of items by weight."""
    q = share.shape[0]
    above = np.triu(np.ones((q, q)), 1)
    upper_right = above @ share @ above.T + above.T @ share @ above
    lower_left = above @ share @ above + above.T @ share @ above.T
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    return (share * (upper_right - lower_left)).sum() / np.sqrt((1 - rows @ rows) * (1 - columns @ columns))


def _mean_signed_error(table: WeightedTable, x: FloatArray, confidence: float) -> Estimate:
    """Σ w (judge - human)/W ± t_{n-1} SE, V = n/(n-1) Σ w² (e - mean)²/W²; no limits from fewer than two items."""
    method = "linearised_t"
    if not table.n:
        return no_estimate("no_labels", method=method, confidence=confidence, population="process")
    error = x[None, :] - x[:, None]
    mean = float((table.share * error).sum())
    half: float | None = None
    if table.n > 1:
        squares = float((table.square * (error - mean) ** 2).sum())
        variance = table.n / (table.n - 1) * squares / float(table.weight.sum()) ** 2
        half = float(student.isf((1 - confidence) / 2, table.n - 1)) * sqrt(variance)
    return Estimate(
        value=mean,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        method=method,
        n=table.n,
        confidence=confidence,
        population="process",
    )
