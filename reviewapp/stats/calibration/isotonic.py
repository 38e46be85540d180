"""Calibration without a shape: rising steps through the observed rates, for a thousand labels or more."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.calibration.observations import Observations, observations
from reviewapp.stats.estimate import Undefined


@dataclass(frozen=True)
class IsotonicSteps:
    """Rising `levels` at the distinct `scores`; straight lines between them, constant outside.

    Levels may be exactly 0 or 1; predictions are clipped to [clip, 1 - clip] so that no outcome is called impossible.
    """

    scores: FloatArray
    levels: FloatArray
    clip: float
    n: int
    undefined: Undefined | None = None

    def predict(self, score: ArrayLike) -> FloatArray:
        """Probabilities of a pass; ValueError when nothing was fitted."""
        if self.undefined is not None:
            raise ValueError(f"no calibration was fitted: {self.undefined}")
        level = np.interp(np.asarray(score, dtype=np.float64), self.scores, self.levels)
        return np.asarray(np.clip(level, self.clip, 1 - self.clip), dtype=np.float64)


def _pooled(data: Observations, pseudo: float) -> IsotonicSteps:
    """Weighted mean of the labels at each distinct score, `pseudo` observations at the overall mean added, pooled."""
    reason = data.undefined()
    if reason is not None:
        return IsotonicSteps(np.empty(0), np.empty(0), 0.5, data.n, reason)
    scores, place = np.unique(data.score, return_inverse=True)
    weight = np.bincount(place, weights=data.weight)
    passes = np.bincount(place, weights=data.weight * data.label)
    overall = float(passes.sum() / weight.sum())
    means = (passes + pseudo * overall) / (weight + pseudo)
    levels = np.asarray(isotonic_regression(means, weights=weight + pseudo).x, dtype=np.float64)
    return IsotonicSteps(scores, levels, 1 / (data.n + 2), data.n)


def fit_isotonic(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> IsotonicSteps:
    """Weighted least squares under rising levels (pool adjacent violators), clipped at 1/(n+2).

    Undefined without labels (`no_labels`), with one outcome (`missing_class`) or one score (`zero_variance`).
    """
    return _pooled(observations(score, label, weight), 0.0)


def fit_level_means(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> IsotonicSteps:
    """Calibrate a score of few levels (1-5, 0-10, divided into [0, 1]): level means, two pseudo-observations each.

    The pseudo-observations lie at the overall mean; neighbouring means that fall are pooled. Undefined as
    `fit_isotonic`.
    """
    return _pooled(observations(score, label, weight), 2.0)
