"""Beta calibration: a logistic curve on ln s and -ln(1 - s), for distortions that the logit line cannot follow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.calibration.observations import clipped, observations
from reviewapp.stats.estimate import Undefined
from reviewapp.stats.logistic_regression import fit_logistic


@dataclass(frozen=True)
class BetaCurve:
    """P(pass | s) = logistic(a ln s - b ln(1 - s) + c), a, b >= 0; a = b = 1, c = 0 is the identity."""

    a: float
    b: float
    c: float
    n: int
    undefined: Undefined | None = None

    def predict(self, score: ArrayLike) -> FloatArray:
        """Probabilities of a pass, within [.001, .999]; ValueError when nothing was fitted."""
        if self.undefined is not None:
            raise ValueError(f"no calibration was fitted: {self.undefined}")
        s = clipped(score)
        return clipped(expit(self.a * np.log(s) - self.b * np.log1p(-s) + self.c))


def fit_beta(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> BetaCurve:
    """Calibrate by maximum likelihood (Kull, Silva Filho & Flach 2017); scores clipped to [.001, .999].

    A coefficient that comes out negative is set to 0 and the rest refitted, which keeps the curve rising. Undefined
    without labels (`no_labels`), with one outcome (`missing_class`), with one score (`zero_variance`), or where no
    finite maximum exists (`separated`: outcomes perfectly separated, or two distinct scores only). a, b, c are 0 then.
    """
    data = observations(score, label, weight)
    reason = data.undefined()
    if reason is not None:
        return BetaCurve(0.0, 0.0, 0.0, data.n, reason)
    s = clipped(data.score)
    columns = np.column_stack((np.log(s), -np.log1p(-s), np.ones(data.n)))
    kept = [0, 1, 2]
    while True:
        fit = fit_logistic(columns[:, kept], data.label, data.weight)
        if not fit.converged:
            return BetaCurve(0.0, 0.0, 0.0, data.n, "separated")
        negative = [column for column, value in zip(kept, fit.coefficients, strict=True) if column < 2 and value < 0]
        if not negative:
            break
        lowest = min(negative, key=lambda column: float(fit.coefficients[kept.index(column)]))
        kept.remove(lowest)
    full = np.zeros(3)
    full[kept] = fit.coefficients
    return BetaCurve(float(full[0]), float(full[1]), float(full[2]), data.n)
