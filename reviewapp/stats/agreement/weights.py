"""Agreement weights w_kl: how much credit a pair of different categories gets.

Every matrix is symmetric, of shape (q, q), 1 on the diagonal and within [0, 1] (Gwet 2014, chapter 3).
"""

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray


def identity_weights(n_categories: int) -> FloatArray:
    """Nominal: w_kl = 1 when k = l, else 0."""
    return np.eye(n_categories)


def linear_weights(scores: ArrayLike) -> FloatArray:
    """w_kl = 1 - |x_k - x_l| / (x_max - x_min), for categories with scores x of shape (q,)."""
    return 1 - _distance(scores)


def quadratic_weights(scores: ArrayLike) -> FloatArray:
    """w_kl = 1 - (x_k - x_l)² / (x_max - x_min)², for categories with scores x of shape (q,)."""
    return np.asarray(1 - _distance(scores) ** 2)


def ordinal_weights(n_categories: int) -> FloatArray:
    """w_kl = 1 - C(|k - l| + 1, 2) / C(q, 2), for ranked categories; not Krippendorff's ordinal metric."""
    steps = np.abs(np.subtract.outer(np.arange(n_categories), np.arange(n_categories)))
    pairs = max(n_categories * (n_categories - 1) / 2, 1.0)
    return np.asarray(1 - steps * (steps + 1) / 2 / pairs)


def checked_weights(weights: ArrayLike | None, n_categories: int) -> FloatArray:
    """Return the weights as an array, the identity for None; ValueError when they are no agreement weights."""
    if weights is None:
        return identity_weights(n_categories)
    w = np.asarray(weights, dtype=float)
    if w.shape != (n_categories, n_categories):
        raise ValueError(f"weights have the shape ({n_categories}, {n_categories})")
    if not (np.array_equal(w, w.T) and np.all(np.diag(w) == 1) and w.min() >= 0 and w.max() <= 1):
        raise ValueError("weights are symmetric, within [0, 1], and 1 on the diagonal")
    return w


def _distance(scores: ArrayLike) -> FloatArray:
    """Return |x_k - x_l| as a share of the range."""
    x = np.asarray(scores, dtype=float)
    width = float(np.ptp(x))
    return np.asarray(np.abs(np.subtract.outer(x, x)) / (width or 1.0))
