"""Standard errors and limits over items: linearised, jackknife, and Wilson with an effective number."""

from math import inf, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Population
from reviewapp.stats.proportions import Interval, wilson

ZERO = 1e-12
"""A relative standard error below this is floating point noise, not evidence of certainty."""


class Jackknife(NamedTuple):
    """Standard error and mean of the pseudo-values."""

    standard_error: float
    mean: float


def finite_population_factor(weight: FloatArray, population: Population) -> FloatArray:
    """Return 1 - π_i for the window (Poisson sampling), 1 for the process; shape of `weight`."""
    if population == "process":
        return np.ones_like(weight)
    if np.any(weight < 1):
        raise ValueError("limits about the window need weights 1/π of at least 1")
    return np.asarray(1 - 1 / weight)


def linearised_error(deviation: FloatArray, weight: FloatArray, population: Population) -> float | None:
    """Return the standard error of a Hájek mean: sqrt(n/(n-1) Σ f_i w_i² d_i²) / Σ w_i, None for one item.

    `deviation` is the influence d_i = g_i - g of each item, shape (n,); f_i the finite-population factor. With equal
    weights this is sqrt(Σ d² / (n(n-1))).
    """
    n = deviation.size
    if n < 2:
        return None
    factor = finite_population_factor(weight, population)
    return sqrt(n / (n - 1) * float(factor @ (weight * deviation) ** 2)) / float(weight.sum())


def jackknife(value: float, leave_one_out: FloatArray, weight: FloatArray, population: Population) -> Jackknife:
    """Return the delete-one jackknife over N >= 2 units: pseudo-values P_i = Nθ - (N-1)θ₍₋ᵢ₎, SE = sd(P)/√N.

    `leave_one_out` holds θ₍₋ᵢ₎, shape (N,). Source: Efron & Tibshirani 1993, chapter 11.
    """
    n = leave_one_out.size
    centre = float(leave_one_out.mean())
    factor = finite_population_factor(weight, population)
    spread = float(factor @ (leave_one_out - centre) ** 2)
    return Jackknife(sqrt((n - 1) / n * spread), n * value - (n - 1) * centre)


def t_limits(
    value: float, standard_error: float, degrees: int, confidence: float, *, lowest: float = -inf
) -> Interval | None:
    """Return value ± t SE cut to [lowest, 1], None when the variance is zero, which is no evidence of certainty.

    Coefficients are not cut below: with missing labels they can fall under -1.
    """
    if standard_error <= ZERO * max(1.0, abs(value)):
        return None
    half = float(stdtrit(degrees, (1 + confidence) / 2)) * standard_error
    return Interval(max(lowest, value - half), min(1.0, value + half))


def effective_wilson(
    share: float, standard_error: float | None, *, units: float, most: float, confidence: float
) -> tuple[Interval, float]:
    """Return Wilson limits and their effective number p(1-p)/V, at most `most` (the labels or pairs behind it).

    Where the variance is zero or unknown the effective number is `units`, the effective number of items.
    """
    p = min(1.0, max(0.0, share))
    if standard_error is None or standard_error <= ZERO or not 0 < p < 1:
        n = units
    else:
        n = min(p * (1 - p) / standard_error**2, max(units, most))
    return wilson(p * n, n, confidence), n
