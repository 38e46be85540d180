"""Calibration for ordered labels: the chance that the label reaches each level, one logit line a threshold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray, whole_numbers
from reviewapp.stats.calibration.platt import LogitLine, fit_platt
from reviewapp.stats.estimate import Undefined


@dataclass(frozen=True)
class ThresholdLines:
    """`lines[k-1]` gives P(label >= k | s) for k = 1..q-1; undefined for the reason of the first line without a fit."""

    lines: tuple[LogitLine, ...]

    @property
    def undefined(self) -> Undefined | None:
        """The reason why nothing was fitted, else None."""
        return next((line.undefined for line in self.lines if line.undefined is not None), None)

    def reach(self, score: ArrayLike) -> FloatArray:
        """P(label >= k), shape (n, q-1), falling in k; ValueError when nothing was fitted.

        Where lines cross, the values of a record are put in order, which is never further from the truth than before
        (rearrangement: Chernozhukov, Fernández-Val & Galichon 2010).
        """
        each = np.stack([line.predict(score) for line in self.lines], axis=-1)
        return -np.sort(-each, axis=-1)

    def predict(self, score: ArrayLike) -> FloatArray:
        """P(label = k), shape (n, q): the drops between thresholds; rows sum to 1."""
        reach = self.reach(score)
        return -np.diff(reach, axis=-1, prepend=1.0, append=0.0)


def fit_thresholds(
    score: ArrayLike, label: ArrayLike, n_levels: int, weight: ArrayLike | None = None
) -> ThresholdLines:
    """Calibrate a score in [0, 1] against labels 0..q-1 (q = `n_levels`) by `fit_platt` at every threshold.

    Undefined as `fit_platt`; `missing_class` also where nobody labelled below or at and above some level: declare
    fewer levels then. ValueError for labels outside 0..q-1.
    """
    y = whole_numbers(label, "levels")
    if n_levels < 2 or ((y < 0) | (y >= n_levels)).any():
        raise ValueError(f"labels are levels 0..{n_levels - 1}, two levels at least")
    return ThresholdLines(tuple(fit_platt(score, y >= k, weight) for k in range(1, n_levels)))
