"""Steering the volume of a sample by one factor, from volume that is past.

The factor is fixed before the items arrive to which it is applied, and so is each item's probability. A factor that
followed the outcome of the day (how many were drawn so far) would make the probability depend on the draw.
"""

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray

LOWEST, HIGHEST = 0.05, 20.0
_HALVINGS = 80


def steered_probabilities(scaled: ArrayLike, fixed: ArrayLike, factor: float) -> FloatArray:
    """π_i = max(min(1, c a_i), f_i): `scaled` rates a_i follow the factor c, `fixed` ones f_i do not; shapes (N,)."""
    a, f = np.asarray(scaled, np.float64), np.asarray(fixed, np.float64)
    return np.asarray(np.maximum(np.minimum(1.0, factor * a), f), np.float64)


def steering_factor(
    scaled: ArrayLike,
    fixed: ArrayLike,
    labels: ArrayLike,
    target: float,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
) -> float | None:
    """Return c in [lowest, highest] with Σ l_i π_i = `target`, π as in `steered_probabilities`.

    `labels` l_i is how many labels each past item would need, shape (N,). The sum never falls as c grows; where the
    target lies outside of what the bounds reach, the nearer bound. None without any rate that follows the factor.
    """
    a, f, weight = (np.asarray(x, np.float64) for x in (scaled, fixed, labels))
    if not a.shape == f.shape == weight.shape or a.ndim != 1:
        raise ValueError("one scaled rate, one fixed rate and one number of labels for every item")
    if not ((a >= 0) & (a <= 1) & (f >= 0) & (f <= 1) & (weight >= 0)).all():
        raise ValueError("rates lie in [0, 1], labels are not negative")
    if not (a > 0).any():
        return None

    def reached(factor: float) -> float:
        return float(weight @ steered_probabilities(a, f, factor))

    low, high = lowest, highest
    if reached(low) >= target:
        return low
    if reached(high) <= target:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < target else (low, middle)
    return high
