"""The default calibration: a logistic curve on the logit of the score, two parameters, safe from 50 labels on."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.calibration.observations import Observations, clipped, observations
from reviewapp.stats.estimate import Estimate, Undefined, no_estimate
from reviewapp.stats.logistic_regression import LogisticFit, fit_logistic


@dataclass(frozen=True)
class LogitLine:
    """P(pass | s) = logistic(slope logit(s) + intercept); both with standard-error intervals, or undefined together.

    Perfectly calibrated scores have slope 1 (below: overconfident) and intercept 0 (below: too generous).
    """

    slope: Estimate
    intercept: Estimate

    @property
    def undefined(self) -> Undefined | None:
        """The reason why nothing was fitted, else None."""
        return self.slope.undefined

    def predict(self, score: ArrayLike) -> FloatArray:
        """Probabilities of a pass, within [.001, .999]; ValueError when nothing was fitted."""
        if self.slope.value is None or self.intercept.value is None:
            raise ValueError(f"no calibration was fitted: {self.undefined}")
        return clipped(expit(self.slope.value * logit(clipped(score)) + self.intercept.value))


def _smoothed_targets(data: Observations) -> FloatArray:
    """Platt's targets (n1+1)/(n1+2) and 1/(n0+2), n1 and n0 the weighted counts."""
    passes = float(data.weight @ data.label)
    failures = float(data.weight.sum()) - passes
    return np.where(data.label == 1, (passes + 1) / (passes + 2), 1 / (failures + 2))


def _parameter(fit: LogisticFit, index: int, data: Observations, method: str) -> Estimate:
    value, error = float(fit.coefficients[index]), sqrt(float(fit.covariance[index, index]))
    half = float(norm.isf(0.025)) * error
    return Estimate(value, value - half, value + half, method, data.n, data.n_effective, 0.95, "process")


def _fit(data: Observations, target: FloatArray, method: str) -> LogitLine:
    reason = data.undefined()
    if reason is None:
        design = np.column_stack((logit(clipped(data.score)), np.ones(data.n)))
        fit = fit_logistic(design, target, data.weight)
        if fit.converged:
            return LogitLine(_parameter(fit, 0, data, method), _parameter(fit, 1, data, method))
        reason = "separated"
    none = no_estimate(reason, method=method, n=data.n, population="process")
    return LogitLine(none, none)


def fit_platt(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> LogitLine:
    """Calibrate with smoothed targets (Platt 1999) on the logit of the score, clipped to [.001, .999].

    `score` in [0, 1], `label` 0/1, `weight` 1/pi where records were drawn unequally. Undefined without labels
    (`no_labels`), with one outcome only (`missing_class`), with one score throughout (`zero_variance`).
    """
    data = observations(score, label, weight)
    return _fit(data, _smoothed_targets(data), "platt_logit_smoothed")


def calibration_line(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> LogitLine:
    """Measure calibration slope and intercept: the same curve by maximum likelihood, without smoothing.

    Undefined as `fit_platt`, and where the scores separate the outcomes perfectly (`separated`): no finite maximum.
    """
    data = observations(score, label, weight)
    return _fit(data, data.label, "logistic_on_logit")
