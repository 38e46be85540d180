"""Pass rate from people's labels alone: what the judge has to improve on.

Assumes that each item of the population had a known positive chance of being labelled, independently of the others
(Poisson sampling). Undefined without labels, and with one cluster only. Sources: Horvitz & Thompson 1952; Hajek 1971;
Särndal, Swensson & Wretman 1992; Wilson 1927.
"""

from math import inf, isinf, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from reviewapp.stats.arrays import FloatArray, weighted_mean
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate
from reviewapp.stats.pass_rate.sample import LabelledSample, independent_units, sampling_variance, squared_total
from reviewapp.stats.proportions import Interval, wilson

BIASED = "every label counts the same: says something about the queue, not about the traffic"


class WeightedMean(NamedTuple):
    """A number with the standard error of its sampling distribution, in the same unit."""

    value: float
    standard_error: float


def why_undefined(sample: LabelledSample, population: Population) -> Undefined | None:
    """Return the reason why a sample carries no estimate with a variance, or None."""
    if not sample.n:
        return sample.why_empty
    return "below_min_n" if sample.n > 1 and independent_units(sample, population) < 2 else None


def require_outcomes(y: FloatArray) -> None:
    """Raise ValueError unless every outcome is 0 (fail) or 1 (pass)."""
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("a pass rate is about outcomes 0 and 1; see `scores` for anything else")


def hajek_mean(sample: LabelledSample, population: Population = "window") -> WeightedMean:
    """Σ w y / Σ w with variance Σ f w² (y - mean)² / (Σ w)², f = 1 - π (window) or 1 (process); y any real number."""
    if reason := why_undefined(sample, population):
        raise ValueError(f"no weighted mean: {reason}")
    mean = weighted_mean(sample.weight, sample.y)
    return WeightedMean(mean, sqrt(sampling_variance(sample.y - mean, sample, population)))


def horvitz_thompson_total(sample: LabelledSample, population: Population = "window") -> WeightedMean:
    """Σ w y with variance Σ f (w y)²: unbiased for the total of y, but as variable as the sum of weights."""
    if reason := why_undefined(sample, population):
        raise ValueError(f"no weighted total: {reason}")
    expanded = sample.weight * sample.y
    return WeightedMean(float(expanded.sum()), sqrt(squared_total(expanded, sample, population)))


def horvitz_thompson(
    sample: LabelledSample, n_items: int, *, population: Population = "window", confidence: float = 0.95
) -> Estimate:
    """(1/N) Σ w y for a population of `n_items` = N, normal interval cut at 0 and 1."""
    method = "horvitz_thompson"
    reason = "no_items" if n_items <= 0 else why_undefined(sample, population)
    if reason:
        return no_estimate(reason, method=method, n=sample.n, confidence=confidence, population=population)
    require_outcomes(sample.y)
    total = horvitz_thompson_total(sample, population)
    return wald_estimate(
        WeightedMean(total.value / n_items, total.standard_error / n_items),
        method=method,
        sample=sample,
        population=population,
        confidence=confidence,
    )


def kish_size(sample: LabelledSample, population: Population) -> float:
    """W² / Σ f w²: the equally weighted labels that these are worth; infinite when every item was labelled."""
    squares = squared_total(sample.weight, sample, population)
    return float(sample.weight.sum()) ** 2 / squares if squares > 0 else inf


def labels_only(sample: LabelledSample, *, population: Population = "window", confidence: float = 0.95) -> Estimate:
    """Hajek mean with Wilson's interval at n_eff = p(1 - p)/V; Kish's n where all labels say the same.

    A window whose every item was labelled is known: the interval has width zero.
    """
    method = "hajek_wilson"
    if reason := why_undefined(sample, population):
        return no_estimate(
            reason,
            method=method,
            n=sample.n,
            confidence=confidence,
            population=population,
            warnings=sample.warnings,
        )
    require_outcomes(sample.y)
    mean = hajek_mean(sample, population)
    p, variance = min(mean.value, 1.0), mean.standard_error**2
    mixed = 0 < p < 1
    n_effective = p * (1 - p) / variance if mixed and variance > 0 else kish_size(sample, population)
    limits = Interval(p, p) if isinf(n_effective) else wilson(p * n_effective, n_effective, confidence)
    return Estimate(
        value=p,
        low=limits.low,
        high=limits.high,
        method=method,
        n=sample.n,
        n_effective=None if isinf(n_effective) else n_effective,
        confidence=confidence,
        population=population,
        warnings=sample.warnings,
    )


def unweighted(y: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Share of passes among the labels, Wilson's interval; right only if all had the same chance, hence the warning."""
    outcomes = np.asarray(y, np.float64)
    require_outcomes(outcomes)
    return wilson_rate(
        float(outcomes.sum()),
        outcomes.size,
        method="unweighted_wilson",
        confidence=confidence,
        population="window",
        warnings=(BIASED,),
    )


def wald_estimate(
    mean: WeightedMean,
    *,
    method: str,
    sample: LabelledSample,
    population: Population,
    confidence: float,
    warnings: tuple[str, ...] = (),
) -> Estimate:
    """Normal interval value ± z SE of a rate, cut at [0, 1]; an estimate outside is moved to the edge, and says so."""
    half = float(norm.isf((1 - confidence) / 2)) * mean.standard_error
    value = min(max(mean.value, 0.0), 1.0)
    if value != mean.value:
        warnings = (*warnings, f"{mean.value:.4f} before it was moved into [0, 1]")
    spread = value * (1 - value)
    return Estimate(
        value=value,
        low=min(max(mean.value - half, 0.0), 1.0),
        high=max(min(mean.value + half, 1.0), 0.0),
        method=method,
        n=sample.n,
        n_effective=spread / mean.standard_error**2 if spread > 0 and mean.standard_error > 0 else None,
        confidence=confidence,
        population=population,
        warnings=(*sample.warnings, *warnings),
    )
