"""Pass rate as the judge's mean plus the weighted mean of its errors (difference estimator, prediction-powered).

θ(λ) = λ f_U + Σ w (y - λ f)/W: λ = 1 is the difference estimator of Särndal et al. (1992) and PPI (Angelopoulos et al.
2023), λ = 0 the labels alone, a tuned λ PPI++ (arXiv 2311.01453). Intervals are normal, and far too short when the
judge is nearly always right: shown for comparison, the default is `post_stratified`.
"""

from collections.abc import Callable
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.labels_only import WeightedMean, require_outcomes, wald_estimate, why_undefined
from reviewapp.stats.pass_rate.sample import LabelledSample, sampling_variance, squared_total

FEW = 10
Tuning = float | Literal["design"]


class JudgeTraffic(NamedTuple):
    """The judge's numbers on N items: how many, their mean and population variance (divisor N).

    Behind an upstream sampler the mean is a weighted one, and `mean_variance` is what the sampler makes it vary.
    """

    n: int
    mean: float
    variance: float
    mean_variance: float = 0.0


class TunedMean(NamedTuple):
    """A difference estimate with its standard error and the λ that was used."""

    value: float
    standard_error: float
    tuning: float

    @property
    def weighted_mean(self) -> WeightedMean:
        """Value and error alone."""
        return WeightedMean(self.value, self.standard_error)


def judge_traffic(judge: ArrayLike) -> JudgeTraffic:
    """Summarise the judge's numbers on all items, shape (N,), N ≥ 1."""
    f = np.asarray(judge, np.float64)
    return JudgeTraffic(f.size, float(f.mean()), float(f.var()))


def binary_traffic(judge_pass: int, n_verdicts: int) -> JudgeTraffic:
    """Summarise a binary judge, pass = 1, from its counts (n_verdicts ≥ 1)."""
    f = judge_pass / n_verdicts
    return JudgeTraffic(n_verdicts, f, f * (1 - f))


def design_tuning(sample: LabelledSample, population: Population = "window") -> float:
    """λ = Σ q (y - ȳ)(f - f̄)/Σ q (f - f̄)², q = f_π w², Hajek means: least design variance; 0 for a constant judge.

    Clusters put totals in the place of items. Not clipped.
    """
    y, f, weight = _centred(sample.y, sample), _centred(judge_of(sample), sample), sample.weight
    below = squared_total(weight * f, sample, population)
    if below <= 0 or np.ptp(judge_of(sample)) == 0:
        return 0.0
    # Polarisation gives the cross product from squares, whatever the unit is.
    cross = squared_total(weight * (y + f), sample, population) - squared_total(weight * (y - f), sample, population)
    return cross / (4 * below)


def plug_in_tuning(sample: LabelledSample, unlabelled: JudgeTraffic) -> float:
    """λ = Cov(y, f)/((1 + n/N) Var f) for equal chances (PPI++), clipped to [0, 1]; 0 for a constant judge.

    Covariance over the labels with divisor n, variance over labelled and unlabelled together with divisor n + N - 1.
    """
    f = judge_of(sample)
    n, m = sample.n, unlabelled.n
    covariance = float(((sample.y - sample.y.mean()) * (f - f.mean())).mean())
    pooled_mean = (f.sum() + m * unlabelled.mean) / (n + m)
    squares = ((f - pooled_mean) ** 2).sum() + m * (unlabelled.variance + (unlabelled.mean - pooled_mean) ** 2)
    variance = float(squares) / (n + m - 1)
    return min(max(covariance / ((1 + n / m) * variance), 0.0), 1.0) if np.ptp(f) > 0 else 0.0


def difference_mean(
    traffic: JudgeTraffic, sample: LabelledSample, *, tuning: Tuning = "design", population: Population = "window"
) -> TunedMean:
    """θ(λ) and its standard error sqrt(Σ q (e - ē)²/W²), e = y - λ f; y and f any real numbers.

    For the process λ² Var f/N is added: the traffic's mean is itself a sample's; for the window behind an upstream
    sampler λ² times its `mean_variance`. `"design"` takes `design_tuning`.
    """
    tuned = design_tuning(sample, population) if tuning == "design" else float(tuning)
    residual = sample.y - tuned * judge_of(sample)
    mean = float(sample.weight @ residual / sample.weight.sum())
    variance = sampling_variance(residual - mean, sample, population)
    of_the_mean = traffic.variance / traffic.n if population == "process" else traffic.mean_variance
    variance += tuned**2 * of_the_mean
    return TunedMean(tuned * traffic.mean + mean, sqrt(variance), tuned)


def difference(
    traffic: JudgeTraffic,
    sample: LabelledSample,
    *,
    tuning: Tuning = "design",
    population: Population = "window",
    confidence: float = 0.95,
) -> Estimate:
    """Pass rate by the (tuned) difference estimator with a normal interval, λ clipped to [0, 1].

    `sample.judge` holds the judge's number on the labelled items. Warns when fewer than ten of them carry an error:
    the interval then rests on next to nothing. Undefined without labels, verdicts, or with one cluster only.
    """

    def estimated() -> tuple[TunedMean, str]:
        tuned = design_tuning(sample, population) if tuning == "design" else float(tuning)
        tuned = min(max(tuned, 0.0), 1.0)
        mean = difference_mean(traffic, sample, tuning=tuned, population=population)
        return mean, "difference" if tuning == 1 else "tuned_difference"

    return _estimate(estimated, traffic, sample, population=population, confidence=confidence)


def prediction_powered(
    unlabelled: JudgeTraffic,
    sample: LabelledSample,
    *,
    tuning: float | Literal["plug_in"] = "plug_in",
    confidence: float = 0.95,
) -> Estimate:
    """PPI++ for labels drawn with equal chances from a process, `unlabelled` judged items drawn apart from them.

    θ = λ f_U + mean(y - λ f), variance λ² Var f_U/N + Var(y - λ f)/n with divisors N and n. Weights are not used:
    with unequal chances take `difference`.
    """

    def estimated() -> tuple[TunedMean, str]:
        tuned = plug_in_tuning(sample, unlabelled) if tuning == "plug_in" else float(tuning)
        residual = sample.y - tuned * judge_of(sample)
        variance = tuned**2 * unlabelled.variance / unlabelled.n + float(residual.var()) / sample.n
        mean = TunedMean(tuned * unlabelled.mean + float(residual.mean()), sqrt(variance), tuned)
        return mean, "prediction_powered"

    return _estimate(estimated, unlabelled, sample, population="process", confidence=confidence)


def judge_of(sample: LabelledSample) -> FloatArray:
    """Return the judge's numbers on the labelled items."""
    if sample.judge is None:
        raise ValueError("this estimator needs the judge's number for every label")
    return sample.judge


def _centred(x: FloatArray, sample: LabelledSample) -> FloatArray:
    return np.asarray(x - sample.weight @ x / sample.weight.sum(), np.float64)


def _estimate(
    estimated: Callable[[], tuple[TunedMean, str]],
    traffic: JudgeTraffic,
    sample: LabelledSample,
    *,
    population: Population,
    confidence: float,
) -> Estimate:
    reason = "no_verdicts" if traffic.n <= 0 else why_undefined(sample, population)
    if reason:
        return no_estimate(
            reason,
            method="difference",
            n=sample.n,
            confidence=confidence,
            population=population,
            warnings=sample.warnings,
        )
    require_outcomes(sample.y)
    mean, method = estimated()
    errors = int((np.abs(sample.y - judge_of(sample)) > 0.5).sum())
    few = (f"{errors} judge errors among the labels: the interval is too short",) if errors < FEW else ()
    return wald_estimate(
        mean.weighted_mean,
        method=method,
        sample=sample,
        population=population,
        confidence=confidence,
        warnings=few,
    )
