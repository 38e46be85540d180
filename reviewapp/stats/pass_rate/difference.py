"""Difference of two rates: two system versions, two segments, two weeks.

Positive means that the first is higher. Both forms recover the variance of each side from its own interval (MOVER: Zou
& Donner 2008; with Wilson limits Newcombe's 1998 method 10), so the difference is as honest as the two rates. The
samples must be independent; the same items under two versions are a paired question.
"""

from math import sqrt

from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.proportions import wilson


def difference_of_estimates(a: Estimate, b: Estimate) -> Estimate:
    """a - b from two independent estimates of rates with their limits: value ∓ sqrt of the squared distances.

    Low = d - sqrt((a - a_low)² + (b_high - b)²), high = d + sqrt((a_high - a)² + (b - b_low)²). Undefined if either
    is, for its reason. Raises ValueError for different confidences or populations, and for a one-sided bound.
    """
    method = "mover_difference"
    if (a.confidence, a.population) != (b.confidence, b.population):
        raise ValueError("a difference needs two estimates of one confidence and one population")
    warnings = tuple(dict.fromkeys((*a.warnings, *b.warnings)))
    if a.value is None or b.value is None:
        reason = a.undefined or b.undefined or "no_labels"
        return no_estimate(
            reason,
            method=method,
            n=a.n + b.n,
            confidence=a.confidence,
            population=a.population,
            warnings=warnings,
        )
    if a.low is None or a.high is None or b.low is None or b.high is None:
        raise ValueError("a difference needs two-sided intervals")
    value = a.value - b.value
    return Estimate(
        value=value,
        low=max(-1.0, value - sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2)),
        high=min(1.0, value + sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2)),
        method=method,
        n=a.n + b.n,
        confidence=a.confidence,
        population=a.population,
        warnings=warnings,
    )


def difference_of_proportions(x1: float, n1: float, x2: float, n2: float, *, confidence: float = 0.95) -> Estimate:
    """x1/n1 - x2/n2 of two simple random samples, Newcombe's hybrid score interval; undefined if either is empty."""
    if n1 == 0 or n2 == 0:
        return no_estimate("no_labels", method="newcombe_score", confidence=confidence, population="process")
    sides = []
    for x, n in ((x1, n1), (x2, n2)):
        limits = wilson(x, n, confidence)
        sides.append(
            Estimate(
                value=x / n,
                low=limits.low,
                high=limits.high,
                method="newcombe_score",
                n=round(n),
                confidence=confidence,
                population="process",
            )
        )
    difference = difference_of_estimates(*sides)
    return Estimate(
        value=difference.value,
        low=difference.low,
        high=difference.high,
        method="newcombe_score",
        n=difference.n,
        confidence=confidence,
        population="process",
    )
