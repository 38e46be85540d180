"""Probabilities that look where the judge is unsure, with a floor that keeps the rest in view.

The best π for the difference estimator is proportional to the judge's expected error sqrt(p(1-p)), p its calibrated
probability of a pass (active inference, arXiv 2403.03208). A judge that is confidently wrong is only found by the
floor, which also bounds the weights.
"""

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.sampling.budget import budget_scale


def uncertainty_probabilities(pass_probability: ArrayLike, expected_labels: float, *, floor: float = 0.3) -> FloatArray:
    """π_i = min(1, b (τ + (1-τ) s_i/mean(s))), s_i = sqrt(p_i(1-p_i)), b such that Σ π_i = `expected_labels`.

    `pass_probability` has shape (N,), calibrated, in [0, 1]; `floor` is τ in (0, 1], sensibly .2 to .5: weights stay
    below 1/(b τ). Where the cap at 1 binds, the rest is raised until the sum is met. A judge without any doubt gives
    equal probabilities.
    """
    p = np.asarray(pass_probability, np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a judge's probabilities are a vector in [0, 1]")
    if not 0 < floor <= 1:
        raise ValueError("the floor lies in (0, 1]: without one a confident error is never seen")
    spread = np.sqrt(p * (1 - p))
    mean = float(spread.mean()) if p.size else 0.0
    relative = spread / mean if mean > 0 else np.ones_like(p)
    sizes = floor + (1 - floor) * relative
    return np.minimum(1.0, budget_scale(sizes, expected_labels) * sizes)
