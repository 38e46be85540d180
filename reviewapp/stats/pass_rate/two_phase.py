"""Pass rate when the judge itself ran on a sample only: the difference estimator over two phases.

Phase 1 keeps an item with probability π₁ (an upstream sampler, or a judge run on a tenth), phase 2 labels it with
probability π₂ given phase 1. The default behind an upstream sampler is `post_stratified` on `sampled_traffic`; this is
the form for judges with real-valued scores, and for influence values that are looked at daily. Source: Särndal,
Swensson & Wretman 1992, ch. 9; influence values as in augmented inverse-probability weighting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from reviewapp.stats.arrays import FloatArray, IntArray, whole_numbers
from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate
from reviewapp.stats.pass_rate.labels_only import require_outcomes
from reviewapp.stats.pass_rate.prediction_powered import TunedMean, Tuning


@dataclass(frozen=True, slots=True, eq=False)
class TwoPhaseSample:
    """m judged items, n of them labelled.

    `judge` and `first` = π₁ have shape (m,); `labelled` holds the positions of the labelled items in them, `y` their
    outcomes and `second` = π₂ their chance of a label given that they were judged, all of shape (n,). `unit` is the
    code of each judged item's cluster.
    """

    judge: FloatArray
    first: FloatArray
    labelled: IntArray
    y: FloatArray
    second: FloatArray
    unit: IntArray | None = None


def two_phase_sample(
    judge: ArrayLike,
    first: ArrayLike,
    *,
    labelled: ArrayLike,
    y: ArrayLike,
    second: ArrayLike,
    cluster: Sequence[Any] | NDArray[Any] | None = None,
) -> TwoPhaseSample:
    """Check the columns of a two-phase sample; `cluster` (m,) names the sessions that count for the process."""
    f, p1 = np.asarray(judge, np.float64), np.asarray(first, np.float64)
    position, p2 = whole_numbers(labelled, "positions"), np.asarray(second, np.float64)
    outcome = np.asarray(y, np.float64)
    if f.shape != p1.shape or f.ndim != 1 or position.ndim != 1 or not position.shape == p2.shape == outcome.shape:
        raise ValueError("the columns of each phase are vectors of one length")
    if any(not ((p > 0) & (p <= 1)).all() for p in (p1, p2)):
        raise ValueError("an inclusion probability lies in (0, 1]")
    if not (np.isfinite(f).all() and np.isfinite(outcome).all()):
        raise ValueError("outcomes and verdicts are finite numbers")
    if np.unique(position).size != position.size or ((position < 0) | (position >= f.size)).any():
        raise ValueError("`labelled` holds positions of judged items, each at most once")
    if cluster is None:
        return TwoPhaseSample(f, p1, position, outcome, p2)
    unit = np.unique(np.asarray(cluster), return_inverse=True)[1].astype(np.int64)
    if unit.shape != f.shape:
        raise ValueError("one cluster for every judged item")
    return TwoPhaseSample(f, p1, position, outcome, p2, unit)


def two_phase_mean(
    sample: TwoPhaseSample, *, tuning: Tuning = "design", population: Population = "window"
) -> TunedMean:
    """θ = λ f̄ + ē, Hajek means of f over phase 1 and of e = y - λ f over phase 2, weights 1/π₁ and 1/(π₁ π₂).

    Process: variance Σ (φ/π₁)²/W₁² of the influence values φ = λ(f - f̄) + (R/π₂)(e - ē), totals over clusters if
    given. Window: Poisson variances of both, Σ_S2 (1-π₁)/(π₁² π₂) (y - θ)²/W₁² + Σ_S2 (1-π₂)/(π₁ π₂)² (e - ē)²/W₂².
    `"design"` takes the λ that makes Σ (φ/π₁)² least, clipped to [0, 1].
    """
    tuned = _design_tuning(sample) if tuning == "design" else float(tuning)
    judge_mean, residual_mean, residual = _means(sample, tuned)
    theta = tuned * judge_mean + residual_mean
    w1 = 1 / sample.first
    if population == "process":
        weighted = w1 * _influence(sample, tuned)
        if sample.unit is not None:
            weighted = np.bincount(sample.unit, weighted).astype(np.float64)
        return TunedMean(theta, sqrt(float((weighted**2).sum())) / float(w1.sum()), tuned)
    p1, p2 = sample.first[sample.labelled], sample.second
    both = 1 / (p1 * p2)
    from_first = ((1 - p1) / (p1 * p1 * p2) * (sample.y - theta) ** 2).sum() / w1.sum() ** 2
    from_second = ((1 - p2) * (both * (residual - residual_mean)) ** 2).sum() / both.sum() ** 2
    return TunedMean(theta, sqrt(float(from_first + from_second)), tuned)


def influence_values(sample: TwoPhaseSample, *, tuning: float) -> FloatArray:
    """θ + φ_i for every judged item, shape (m,): 1/π₁-weighted they average to θ, and their spread is its error."""
    _, residual_mean, residual = _means(sample, tuning)
    values = tuning * sample.judge + residual_mean
    values[sample.labelled] += (residual - residual_mean) / sample.second
    return values


def two_phase(
    sample: TwoPhaseSample, *, tuning: Tuning = "design", population: Population = "window", confidence: float = 0.95
) -> Estimate:
    """Pass rate over two phases with a normal interval cut at 0 and 1; undefined without judged items or labels."""
    method = "two_phase_difference"
    if not sample.judge.size or not sample.y.size:
        reason: Undefined = "no_labels" if sample.judge.size else "no_verdicts"
        return no_estimate(reason, method=method, confidence=confidence, population=population)
    require_outcomes(sample.y)
    mean = two_phase_mean(sample, tuning=tuning, population=population)
    half = float(norm.isf((1 - confidence) / 2)) * mean.standard_error
    value = min(max(mean.value, 0.0), 1.0)
    return Estimate(
        value=value,
        low=min(max(mean.value - half, 0.0), value),
        high=max(min(mean.value + half, 1.0), value),
        method=method,
        n=sample.y.size,
        confidence=confidence,
        population=population,
        warnings=() if value == mean.value else (f"{mean.value:.4f} before it was moved into [0, 1]",),
    )


def _means(sample: TwoPhaseSample, tuning: float) -> tuple[float, float, FloatArray]:
    """Hajek means of f over phase 1 and of the residual over phase 2, and the residuals."""
    w1 = 1 / sample.first
    both = w1[sample.labelled] / sample.second
    residual = sample.y - tuning * sample.judge[sample.labelled]
    return float(w1 @ sample.judge / w1.sum()), float(both @ residual / both.sum()), residual


def _design_tuning(sample: TwoPhaseSample) -> float:
    """φ = A + λ B is linear in λ: least squares give -Σ w² A B/Σ w² B²."""
    squares = sample.first**-2.0
    constant = _influence(sample, 0.0)
    slope = _influence(sample, 1.0) - constant
    if not slope.any() or np.ptp(sample.judge) == 0:
        return 0.0
    below = float(squares @ slope**2)
    return min(max(-float(squares @ (constant * slope)) / below, 0.0), 1.0)


def _influence(sample: TwoPhaseSample, tuning: float) -> FloatArray:
    """φ_i of every judged item."""
    judge_mean, residual_mean, _ = _means(sample, tuning)
    return influence_values(sample, tuning=tuning) - (tuning * judge_mean + residual_mean)
