"""How good predicted probabilities are: the two proper scores."""

from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.calibration.observations import Observations, clipped, observations
from reviewapp.stats.estimate import Estimate, no_estimate


def _mean_loss(loss: FloatArray, data: Observations, method: str, *, most: float = inf) -> Estimate:
    """Weighted mean with a t interval from the linearised variance, cut at 0 and the `most` that a loss can be; no
    interval from one record or equal losses."""
    if data.n == 0:
        return no_estimate("no_labels", method=method, population="process")
    total = float(data.weight.sum())
    mean = float(data.weight @ loss) / total
    effective = data.n_effective
    if data.n == 1 or float(np.ptp(loss)) == 0:
        return Estimate(mean, None, None, method, data.n, effective, 0.95, "process", warnings=("no_interval",))
    variance = float(data.weight**2 @ (loss - mean) ** 2) / total**2 * data.n / (data.n - 1)
    half = float(student.isf(0.025, data.n - 1)) * sqrt(variance)
    low, high = max(0.0, mean - half), min(most, mean + half)
    return Estimate(mean, low, high, method, data.n, effective, 0.95, "process")


def log_losses(score: ArrayLike, label: FloatArray) -> FloatArray:
    """Loss of each record: -ln of the probability given to what happened, scores clipped to [.001, .999]."""
    p = clipped(score)
    return -np.log(np.where(label == 1, p, 1 - p))


def brier_score(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> Estimate:
    """Mean (score - label)² (Brier 1950); 0 is perfect, .25 a coin. Undefined without labels."""
    data = observations(score, label, weight)
    return _mean_loss((data.score - data.label) ** 2, data, "brier", most=1.0)


def log_loss(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> Estimate:
    """Mean -ln p(outcome); 0 is perfect, ln 2 a coin. Undefined without labels."""
    data = observations(score, label, weight)
    return _mean_loss(log_losses(data.score, data.label), data, "log_loss")
