"""Exact confidence sequences for the mean of any values in [0, 1] (scores, not only pass/fail), in order of arrival.

For pass/fail labels the beta-binomial sequence is as narrow, needs no grid and ignores the order: prefer it there.
Waudby-Smith & Ramdas (JRSS-B 2024).
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray

_TRUNCATION = 0.5
_CHUNK = 256


@dataclass(frozen=True)
class RunningLimits:
    """Lower and upper limit of the mean after 1, 2, …, n values; already intersected over time; empty without values.

    All limits hold at once with the confidence asked for, so any of them may be acted on.
    """

    low: FloatArray
    high: FloatArray


def _checked(values: ArrayLike, alpha: float) -> FloatArray:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not bool(np.all((x >= 0) & (x <= 1))):
        raise ValueError("betting needs a vector of values from 0 to 1")
    if not 0 < alpha < 1:
        raise ValueError("alpha lies strictly between 0 and 1")
    return x


def _bets(x: FloatArray, alpha: float) -> FloatArray:
    """Predictable plug-in bets sqrt(2 ln(1/alpha) / (t ln(t+1) s²)), s² the variance so far with one value of 1/4."""
    t = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (t + 1)
    before = np.concatenate(([0.25], variance[:-1]))[: len(x)]
    return np.asarray(np.sqrt(2 * log(1 / alpha) / (t * np.log(t + 1) * before)), dtype=np.float64)


def _first_kept(x: FloatArray, bets: FloatArray, log_bound: float, grid: int) -> FloatArray:
    """Lower limit after each value: one grid step below the smallest mean whose capital never passed the bound so far.

    Capital against mean m: product of 1 + lambda_t (x_t - m), lambda_t = min(bet_t, 1/(2m)).
    """
    means = np.linspace(0.0, 1.0, grid + 1)
    cap = np.divide(_TRUNCATION, means, out=np.full(grid + 1, np.inf), where=means > 0)
    capital = np.zeros(grid + 1)
    kept = np.empty(len(x), dtype=np.int64)
    for start in range(0, len(x), _CHUNK):
        piece, bet = x[start : start + _CHUNK, None], bets[start : start + _CHUNK, None]
        logs = capital + np.cumsum(np.log1p(np.minimum(bet, cap) * (piece - means)), axis=0)
        capital = logs[-1]
        # All means rejected at once has no smallest: that says nothing more than before.
        kept[start : start + _CHUNK] = np.argmax(logs <= log_bound, axis=1)
    return np.maximum(0.0, (np.maximum.accumulate(kept) - 1) / grid) if len(x) else np.empty(0)


def hedged_capital_lower(values: ArrayLike, alpha: float = 0.05, grid: int = 10_000) -> FloatArray:
    """One-sided 1 - alpha lower limit after each value, of resolution 1/grid."""
    x = _checked(values, alpha)
    return _first_kept(x, _bets(x, alpha), -log(alpha), grid)


def hedged_capital_sequence(values: ArrayLike, alpha: float = 0.05, grid: int = 10_000) -> RunningLimits:
    """Two-sided 1 - alpha limits after each value: a mean stays while max(K+, K-)/2 <= 1/alpha.

    K+ bets that the mean is larger, K- (the same game on 1 - x) that it is smaller, each with bets tuned to alpha/2.
    Depends on the order of the values. Time and memory grow with n times `grid`.
    """
    x = _checked(values, alpha)
    bound = -log(alpha / 2)
    bets = _bets(x, alpha / 2)
    return RunningLimits(_first_kept(x, bets, bound, grid), 1 - _first_kept(1 - x, bets, bound, grid))


def _bernstein_lower(x: FloatArray, alpha: float) -> FloatArray:
    t = np.arange(1, len(x) + 1)
    predicted = np.concatenate(([0.0], (np.cumsum(x) / t)[:-1]))[: len(x)]
    bets = np.minimum(_bets(x, alpha), _TRUNCATION)
    spent = log(1 / alpha) + np.cumsum((x - predicted) ** 2 * (-np.log1p(-bets) - bets))
    low = (np.cumsum(bets * x) - spent) / np.cumsum(bets)
    return np.maximum.accumulate(np.maximum(low, 0.0))


def empirical_bernstein_sequence(values: ArrayLike, alpha: float = 0.05) -> RunningLimits:
    """Two-sided 1 - alpha limits after each value in closed form; wider than betting, no grid.

    Bet-weighted mean ± (ln(2/alpha) + sum (x_t - mean_{t-1})² (-ln(1 - b_t) - b_t)) / sum b_t, bets b cut at 1/2.
    """
    x = _checked(values, alpha)
    return RunningLimits(_bernstein_lower(x, alpha / 2), 1 - _bernstein_lower(1 - x, alpha / 2))
