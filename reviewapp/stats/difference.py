"""Difference of two rates: two system versions, two segments, two weeks, passes recognised against fails mistaken.

Both sides bring the variance of their own interval (MOVER: Zou & Donner 2008; with Wilson limits Newcombe's 1998 score
interval), so the difference is as honest as the two rates. The samples must be independent; the same items under two
versions are a paired question.
"""

from dataclasses import replace
from math import sqrt

from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate, no_estimate

NO_LIMITS = "no_limits"


def difference_of_estimates(a: Estimate, b: Estimate) -> Estimate:
    """a - b from two independent estimates of rates with their limits, in [-1, 1]; positive when a is higher.

    Low = d - sqrt((a - a_low)² + (b_high - b)²), high = d + sqrt((a_high - a)² + (b - b_low)²). Undefined if either
    is, for its reason; without limits, and with the warning `no_limits`, where one of them has none or is a one-sided
    bound. Raises ValueError for different confidences or populations.
    """
    method = "mover_difference"
    if (a.confidence, a.population) != (b.confidence, b.population):
        raise ValueError("a difference needs two estimates of one confidence and one population")
    warnings = tuple(dict.fromkeys((*a.warnings, *b.warnings)))
    missing = a.undefined or b.undefined
    if a.value is None or b.value is None or missing is not None:
        return no_estimate(
            missing or "no_labels",
            method=method,
            n=a.n + b.n,
            confidence=a.confidence,
            population=a.population,
            warnings=warnings,
        )
    value, low, high = a.value - b.value, None, None
    if a.low is None or a.high is None or b.low is None or b.high is None:
        warnings = (*warnings, NO_LIMITS)
    else:
        low = max(-1.0, value - sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2))
        high = min(1.0, value + sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2))
    return Estimate(
        value=value,
        low=low,
        high=high,
        method=method,
        n=a.n + b.n,
        confidence=a.confidence,
        population=a.population,
        warnings=warnings,
    )


def difference_of_proportions(x1: float, n1: float, x2: float, n2: float, *, confidence: float = 0.95) -> Estimate:
    """x1/n1 - x2/n2 of two simple random samples, Newcombe's hybrid score interval; undefined if either is empty."""
    first, second = (wilson_rate(x, n, method="newcombe_score", confidence=confidence) for x, n in ((x1, n1), (x2, n2)))
    return replace(difference_of_estimates(first, second), method="newcombe_score")


def informedness(tpr: Estimate, tnr: Estimate) -> Estimate:
    """TPR + TNR - 1 = TPR - (1 - TNR) in [-1, 1], 0 for whoever answers alike in both classes (Youden 1950).

    MOVER limits from the two rates, which rest on different items. Undefined if either rate is.
    """
    return replace(difference_of_estimates(tpr, _complement(tnr)), method="informedness_mover")


def _complement(rate: Estimate) -> Estimate:
    """Return the estimate of 1 - rate."""
    if rate.value is None:
        return rate
    low = None if rate.high is None else 1 - rate.high
    high = None if rate.low is None else 1 - rate.low
    return replace(rate, value=1 - rate.value, low=low, high=high)
