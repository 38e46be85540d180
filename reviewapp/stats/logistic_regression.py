"""Weighted logistic regression by Newton's method, for designs of a few columns."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from reviewapp.stats.arrays import FloatArray

_TOLERANCE = 1e-10
# Beyond this linear predictor a probability is 0 or 1 to twelve digits: the classes are separated.
_SEPARATED = 30.0


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients (one per column), their covariance, and whether a finite maximum was found."""

    coefficients: FloatArray
    covariance: FloatArray
    converged: bool


def fit_logistic(design: FloatArray, target: FloatArray, weight: FloatArray, *, steps: int = 100) -> LogisticFit:
    """Maximise sum w (t ln p + (1-t) ln(1-p)), p = 1 / (1 + exp(-X beta)), targets t anywhere in [0, 1].

    `design` is n × k with its constant column, `weight` positive. Steps are halved while the likelihood falls. The
    covariance is the inverse information when all weights are equal, else the sandwich that weights call for. Not
    converged when no finite maximum exists: classes separated, columns depend on each other; or `steps` ran out.
    """
    beta = np.zeros(design.shape[1])
    singular = np.full((len(beta), len(beta)), np.inf)

    def loss(candidate: FloatArray) -> float:
        eta = design @ candidate
        return float(weight @ (np.logaddexp(0.0, eta) - target * eta))

    current = loss(beta)
    for _ in range(steps):
        p = expit(design @ beta)
        information = (design * (weight * p * (1 - p))[:, None]).T @ design
        gradient = design.T @ (weight * (target - p))
        if np.linalg.cond(information) > 1e14:
            return LogisticFit(beta, singular, converged=False)
        step = np.linalg.solve(information, gradient)
        trial = loss(beta + step)
        while trial > current + 1e-12 * abs(current):
            step, trial = step / 2, loss(beta + step / 2)
        beta, current = beta + step, trial
        if np.max(np.abs(design @ beta)) > _SEPARATED:
            return LogisticFit(beta, singular, converged=False)
        if np.max(np.abs(step)) < _TOLERANCE:
            inverse = np.linalg.inv(information)
            if np.ptp(weight) > 0:
                scores = design * (weight * (target - p))[:, None]
                inverse = inverse @ (scores.T @ scores) @ inverse
            return LogisticFit(beta, inverse, converged=True)
    return LogisticFit(beta, singular, converged=False)
