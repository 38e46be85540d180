"""Pass rate from the judge's rate and error rates known from elsewhere.

Right when the calibration labels were drawn by outcome or from other traffic, and TPR and TNR carry over to this
traffic; then nothing that weights labels into the window is. Poor for a sample from the window: the error grows with
1/(TPR + TNR - 1). Sources: Rogan & Gladen 1978; Lang & Reiczigel 2014.
"""

from math import sqrt

from scipy.stats import norm

from reviewapp.stats.contingency import WeightedTable
from reviewapp.stats.estimate import Estimate, Undefined, no_estimate
from reviewapp.stats.judge_description import FN, FP, TN, TP, effective_size
from reviewapp.stats.pass_rate.labels_only import WeightedMean


def rogan_gladen_mean(table: WeightedTable, judge_pass: float, n_verdicts: float) -> WeightedMean:
    """(f + TNR - 1)/J with the delta-method error sqrt(f(1-f)/N + θ² v₁ + (1-θ)² v₀)/J; may lie outside [0, 1].

    f = judge_pass/n_verdicts, J = TPR + TNR - 1, v₁ and v₀ the variances of TPR and TNR. Raises ValueError where
    `rogan_gladen` returns a reason.
    """
    if reason := _why_undefined(table, n_verdicts):
        raise ValueError(f"no Rogan–Gladen estimate: {reason}")
    (tpr, n1), (tnr, n0) = _error_rates(table)
    f, informed = judge_pass / n_verdicts, tpr + tnr - 1
    theta = (f + tnr - 1) / informed
    variance = (
        f * (1 - f) / n_verdicts + theta**2 * tpr * (1 - tpr) / n1 + (1 - theta) ** 2 * tnr * (1 - tnr) / n0
    ) / informed**2
    return WeightedMean(theta, sqrt(variance))


def rogan_gladen(table: WeightedTable, judge_pass: int, n_verdicts: int, *, confidence: float = 0.95) -> Estimate:
    """Rogan–Gladen estimate with the delta-method interval, cut at 0 and 1.

    `table` is 2 × 2, human by judge, 1 = pass, weighted by 1/π within each class. Undefined without verdicts or
    labels, without labels of either class, and for a judge no better than chance (J ≤ 0).
    """
    if reason := _why_undefined(table, n_verdicts):
        return no_estimate(reason, method="rogan_gladen", n=table.n, confidence=confidence, population="process")
    mean = rogan_gladen_mean(table, judge_pass, n_verdicts)
    half = _z(confidence) * mean.standard_error
    return _estimate("rogan_gladen", mean.value, (mean.value - half, mean.value + half), table.n, confidence)


def lang_reiczigel(table: WeightedTable, judge_pass: float, n_verdicts: float, *, confidence: float = 0.95) -> Estimate:
    """Rogan–Gladen estimate with the adjusted interval of Lang & Reiczigel (2014): the better closed form.

    One success and one failure are added to TPR and TNR, z²/2 of each to the judge's rate; with θ', v₁' and v₀' from
    these, the centre moves by 2z²(θ' v₁' - (1-θ') v₀') and the half-width is the delta method's.
    """
    if reason := _why_undefined(table, n_verdicts):
        return no_estimate(reason, method="lang_reiczigel", n=table.n, confidence=confidence, population="process")
    z = _z(confidence)
    (tpr, n1), (tnr, n0) = _error_rates(table)
    tpr, tnr = (n1 * tpr + 1) / (n1 + 2), (n0 * tnr + 1) / (n0 + 2)
    v1, v0 = tpr * (1 - tpr) / (n1 + 2), tnr * (1 - tnr) / (n0 + 2)
    n = n_verdicts + z * z
    f, informed = (judge_pass + z * z / 2) / n, tpr + tnr - 1
    theta = (f + tnr - 1) / informed
    centre = theta + 2 * z * z * (theta * v1 - (1 - theta) * v0)
    half = z * sqrt(f * (1 - f) / n + theta**2 * v1 + (1 - theta) ** 2 * v0) / informed
    value = rogan_gladen_mean(table, judge_pass, n_verdicts).value
    return _estimate("lang_reiczigel", value, (centre - half, centre + half), table.n, confidence)


def _estimate(method: str, value: float, limits: tuple[float, float], n: int, confidence: float) -> Estimate:
    moved = min(max(value, 0.0), 1.0)
    low, high = (min(max(limit, 0.0), 1.0) for limit in limits)
    return Estimate(
        value=moved,
        low=min(low, moved),
        high=max(high, moved),
        method=method,
        n=n,
        confidence=confidence,
        population="process",
        warnings=() if moved == value else (f"{value:.4f} before it was moved into [0, 1]",),
    )


def _why_undefined(table: WeightedTable, n_verdicts: float) -> Undefined | None:
    if not n_verdicts:
        return "no_verdicts"
    if not table.n:
        return "no_labels"
    if (table.count.sum(axis=1) == 0).any():
        return "missing_class"
    (tpr, _), (tnr, _) = _error_rates(table)
    return "uninformative_judge" if tpr + tnr <= 1 else None


def _error_rates(table: WeightedTable) -> tuple[tuple[float, float], tuple[float, float]]:
    """TPR and TNR, each with its effective number of labels."""
    weight = table.weight
    tpr = float(weight[TP] / (weight[TP] + weight[FN]))
    tnr = float(weight[TN] / (weight[TN] + weight[FP]))
    return (tpr, effective_size(table, [TP], [FN])), (tnr, effective_size(table, [TN], [FP]))


def _z(confidence: float) -> float:
    return float(norm.isf((1 - confidence) / 2))
