"""Probabilities that look where the judge is unsure, with a floor that keeps the rest in view.

The best π for the difference estimator is proportional to the judge's expected error sqrt(p(1-p)), p its calibrated
probability of a pass (active inference, arXiv 2403.03208). A judge that is confidently wrong is only found by the
floor, which also bounds the weights.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.sampling.budget import budget_scale

WIDEST = 0.5  # the spread of a judge that knows nothing


@dataclass(frozen=True, slots=True)
class UncertaintyDesign:
    """π(p) = min(1, b (τ + (1-τ) s(p)/m)), s = sqrt(p(1-p)): `scale` b, `floor` τ, `mean` m of the past spreads.

    An item of which the judge has said nothing counts as s = 0, π = b τ: what the judge says later only ever raises π.
    """

    scale: float
    floor: float
    mean: float

    def probability(self, pass_probability: float | None) -> float:
        """Return π of one item; None where the judge has not said."""
        spread = 0.0 if pass_probability is None else sqrt(pass_probability * (1 - pass_probability))
        return min(1.0, self.scale * (self.floor + (1 - self.floor) * (spread / self.mean)))


def uncertainty_design(
    pass_probability: ArrayLike, expected_labels: float, *, floor: float = 0.3
) -> UncertaintyDesign | None:
    """Return the design under which Σ π over past items is `expected_labels` (all of them, where that is fewer).

    `pass_probability` has shape (N,), calibrated, in [0, 1], NaN where the judge has not said; `floor` as below. Where
    it never has, or never had a doubt, m is ½: then no π is above b. None without items.
    """
    sizes, mean = _sizes(pass_probability, floor)
    if not sizes.size:
        return None
    return UncertaintyDesign(budget_scale(sizes, min(expected_labels, sizes.size)), floor, mean)


def uncertainty_probabilities(pass_probability: ArrayLike, expected_labels: float, *, floor: float = 0.3) -> FloatArray:
    """π_i = min(1, b (τ + (1-τ) s_i/mean(s))), s_i = sqrt(p_i(1-p_i)), b such that Σ π_i = `expected_labels`.

    `pass_probability` has shape (N,), calibrated, in [0, 1]; `floor` is τ in (0, 1], sensibly .2 to .5: weights stay
    below 1/(b τ). Where the cap at 1 binds, the rest is raised until the sum is met. A judge without any doubt gives
    equal probabilities.
    """
    if np.isnan(np.asarray(pass_probability, np.float64)).any():
        raise ValueError("a judge's probabilities are a vector in [0, 1]")
    sizes, _ = _sizes(pass_probability, floor)
    return np.asarray(np.minimum(1.0, budget_scale(sizes, expected_labels) * sizes), np.float64)


def _sizes(pass_probability: ArrayLike, floor: float) -> tuple[FloatArray, float]:
    """Return τ + (1-τ) s_i/m and m, the mean of the spreads s_i."""
    p = np.asarray(pass_probability, np.float64)
    if p.ndim != 1 or not (np.isnan(p) | ((p >= 0) & (p <= 1))).all():
        raise ValueError("a judge's probabilities are a vector in [0, 1]")
    if not 0 < floor <= 1:
        raise ValueError("the floor lies in (0, 1]: without one a confident error is never seen")
    spread = np.nan_to_num(np.sqrt(p * (1 - p)))
    mean = (float(spread.mean()) if p.size else 0.0) or WIDEST
    return np.asarray(floor + (1 - floor) * (spread / mean), np.float64), mean
