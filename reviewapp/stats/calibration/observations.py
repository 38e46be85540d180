"""Judge scores with the human outcomes they predicted, checked once for every function of this package."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray, kish
from reviewapp.stats.estimate import Undefined

# Scores of exactly 0 or 1 have no logit and an infinite log-loss.
SCORE_CLIP = 1e-3


class Observations(NamedTuple):
    """Three vectors of one length: score in [0, 1], label 0 or 1, positive weight (1/pi; scaled to mean 1)."""

    score: FloatArray
    label: FloatArray
    weight: FloatArray

    @property
    def n(self) -> int:
        """How many labelled records."""
        return len(self.score)

    @property
    def n_effective(self) -> float:
        """Kish's effective number of records, (sum w)² / sum w²."""
        return kish(self.weight)

    def undefined(self) -> Undefined | None:
        """Why nothing can be fitted: no labels, only one outcome, or one score throughout; None when it can."""
        if self.n == 0:
            return "no_labels"
        if self.label.min() == self.label.max():
            return "missing_class"
        return "zero_variance" if self.score.min() == self.score.max() else None


class Calibration(Protocol):
    """A fitted map from scores to probabilities; `undefined` says why there is none."""

    @property
    def undefined(self) -> Undefined | None:
        """The reason why nothing was fitted, else None."""

    def predict(self, score: ArrayLike) -> FloatArray:
        """Probabilities of a pass; ValueError when nothing was fitted."""


def observations(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> Observations:
    """Check and pair the vectors; without `weight` every record counts the same. ValueError on anything else."""
    s = np.asarray(score, dtype=np.float64)
    y = np.asarray(label, dtype=np.float64)
    w = np.ones(len(s)) if weight is None else np.asarray(weight, dtype=np.float64)
    if not s.ndim == y.ndim == w.ndim == 1 or not len(s) == len(y) == len(w):
        raise ValueError("scores, labels and weights are vectors of one length")
    if not bool(np.all((s >= 0) & (s <= 1))):
        raise ValueError("scores lie in [0, 1]")
    if not bool(np.all((y == 0) | (y == 1))):
        raise ValueError("labels are 0 or 1")
    if not bool(np.all((w > 0) & np.isfinite(w))):
        raise ValueError("weights are positive")
    return Observations(s, y, w / w.mean() if len(w) else w)


def clipped(score: ArrayLike) -> FloatArray:
    """Scores or probabilities moved into [.001, .999]: nothing is called certain."""
    return np.clip(np.asarray(score, dtype=np.float64), SCORE_CLIP, 1 - SCORE_CLIP)
