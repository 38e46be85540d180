"""Intervals for one proportion; counts may be effective (fractional) counts.

Every function takes successes `x` and trials `n` with 0 <= x <= n, n > 0, and a two-sided `confidence`; a one-sided
bound at level c is the matching limit of the two-sided interval at confidence 2c - 1. They raise ValueError when n is
not positive: no trials is no interval, and callers say so with `no_estimate`.
"""

from math import sqrt
from typing import NamedTuple

from scipy.stats import beta, norm


class Interval(NamedTuple):
    """Lower and upper limit of a proportion, both in [0, 1]."""

    low: float
    high: float


def _checked(x: float, n: float, confidence: float) -> float:
    """Return the tail probability alpha / 2 after checking the arguments."""
    if n <= 0:
        raise ValueError("a proportion needs at least one trial")
    if not 0 <= x <= n:
        raise ValueError(f"{x} successes of {n} trials is not a proportion")
    if not 0 < confidence < 1:
        raise ValueError("confidence lies strictly between 0 and 1")
    return (1 - confidence) / 2


def wilson(x: float, n: float, confidence: float = 0.95) -> Interval:
    """Score interval of Wilson (1927): (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)."""
    tail = _checked(x, n, confidence)
    z = float(norm.isf(tail))
    p = x / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # The closed form is exact at the ends, the floating point is not.
    return Interval(0.0 if x == 0 else max(0.0, centre - half), 1.0 if x == n else min(1.0, centre + half))


def jeffreys(x: float, n: float, confidence: float = 0.95) -> Interval:
    """Beta(x + ½, n - x + ½) quantiles, 0 at x = 0 and 1 at x = n (Brown, Cai & DasGupta 2001)."""
    tail = _checked(x, n, confidence)
    low = 0.0 if x == 0 else float(beta.ppf(tail, x + 0.5, n - x + 0.5))
    high = 1.0 if x == n else float(beta.isf(tail, x + 0.5, n - x + 0.5))
    return Interval(low, high)


def clopper_pearson(x: float, n: float, confidence: float = 0.95) -> Interval:
    """Exact interval by inverting the binomial test (Clopper & Pearson 1934); guaranteed coverage."""
    tail = _checked(x, n, confidence)
    low = 0.0 if x == 0 else float(beta.ppf(tail, x, n - x + 1))
    high = 1.0 if x == n else float(beta.isf(tail, x + 1, n - x))
    return Interval(low, high)
