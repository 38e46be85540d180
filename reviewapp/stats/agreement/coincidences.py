"""The sums behind Krippendorff's alpha: coincidences, squared differences, and both with each item left out."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.agreement.intervals import ZERO
from reviewapp.stats.arrays import FloatArray

Level = Literal["nominal", "ordinal", "interval", "ratio"]

BLOCK = 1 << 20
"""Numbers held at once while items are left out, so that memory stays flat for many categories."""


class Disagreements(NamedTuple):
    """Σ o_ck d_ck, Σ n_c n_k d_ck and n - 1; one number each, or an array with one entry for each item left out.

    With weights the 1 in n - 1 is the mean weight, so that alpha does not depend on the scale of the weights.
    """

    observed: FloatArray
    expected: FloatArray
    labels_less_one: FloatArray

    @property
    def alpha(self) -> FloatArray | None:
        """Alpha = 1 - (n - 1) observed / expected; None when one of the expected disagreements is zero."""
        if np.any(self.expected <= 0):
            return None
        return np.asarray(1 - self.labels_less_one * self.observed / self.expected)


def coincidence_matrix(counts: FloatArray, weight: FloatArray) -> FloatArray:
    """Return o_ck = Σ_i w_i n_i(c,k) / (r_i - 1), shape (q, q), from counts (N, q) of items with r_i >= 2.

    n_i(c,k) = r_ic r_ik for c ≠ k, r_ic (r_ic - 1) for c = k. Its row sums are n_c = Σ_i w_i r_ic.
    """
    scaled = counts * (weight / (counts.sum(axis=1) - 1))[:, None]
    return np.asarray(scaled.T @ counts - np.diag(scaled.sum(axis=0)))


def squared_differences(level: Level, scores: FloatArray, marginals: FloatArray) -> FloatArray:
    """Return d_ck of the level, shape (q, q), 0 on the diagonal.

    Ordinal needs the marginals n_c: (Σ_{g=c..k} n_g - (n_c + n_k)/2)² is the squared difference of mid-ranks.
    """
    if level == "nominal":
        return np.asarray(1 - np.eye(marginals.size))
    if level == "ratio":
        total = np.add.outer(scores, scores)
        gap = np.subtract.outer(scores, scores)
        return np.asarray(np.divide(gap, total, out=np.zeros_like(gap), where=total > 0) ** 2)
    x = np.cumsum(marginals) - marginals / 2 if level == "ordinal" else scores
    return np.asarray(np.subtract.outer(x, x) ** 2)


def disagreements(coincidences: FloatArray, level: Level, scores: FloatArray) -> Disagreements:
    """Return the sums over all items; weights were scaled to mean 1."""
    marginals = coincidences.sum(axis=1)
    d = squared_differences(level, scores, marginals)
    expected = float(marginals @ d @ marginals)
    return Disagreements(np.asarray((coincidences * d).sum()), np.asarray(expected), np.asarray(marginals.sum() - 1))


def disagreements_without_each(
    counts: FloatArray, weight: FloatArray, coincidences: FloatArray, level: Level, scores: FloatArray
) -> Disagreements:
    """Return the sums with each item left out, each of shape (N,), by updating the sums of all items; O(N q²).

    `counts` (N, q) with r_i >= 2, `weight` (N,) of mean 1, `coincidences` their matrix; N >= 2.
    """
    n_items, q = counts.shape
    marginals = coincidences.sum(axis=1)
    d = squared_differences(level, scores, marginals)
    observed, expected = np.empty(n_items), np.empty(n_items)
    step = max(1, BLOCK // q)
    for start in range(0, n_items, step):
        rows = slice(start, start + step)
        if level == "ordinal":
            sums = _without_each_by_rank(counts[rows], weight[rows], coincidences)
        else:
            sums = _without_each(counts[rows], weight[rows], coincidences, d)
        observed[rows], expected[rows] = sums
    floor = ZERO * float(marginals @ d @ marginals)
    rest = marginals.sum() - weight * counts.sum(axis=1)
    mean_weight = (n_items - weight) / (n_items - 1)
    return Disagreements(observed, np.where(expected > floor, expected, 0.0), rest - mean_weight)


def _without_each(
    counts: FloatArray, weight: FloatArray, coincidences: FloatArray, d: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return both sums for fixed differences: take r'Dr / (r - 1) from one, expand (m - r)'D(m - r) for the other."""
    marginals = coincidences.sum(axis=1)
    own = np.einsum("ic,ic->i", counts @ d, counts)
    observed = (coincidences * d).sum() - weight * own / (counts.sum(axis=1) - 1)
    expected = marginals @ d @ marginals - 2 * weight * (counts @ (d @ marginals)) + weight**2 * own
    return observed, expected


def _without_each_by_rank(
    counts: FloatArray, weight: FloatArray, coincidences: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return both sums for mid-ranks, which change with every item left out.

    With mid-ranks s centred on their mean n/2: Σ n_c n_k (s_c - s_k)² = 2n Σ n_c s_c², and
    Σ o_ck (s_c - s_k)² = 2 (Σ n_c s_c² - s'Os).
    """
    own = weight[:, None] * counts
    left = coincidences.sum(axis=1) - own
    total = left.sum(axis=1, keepdims=True)
    s = np.cumsum(left, axis=1) - left / 2 - total / 2
    spread = np.einsum("ic,ic->i", left, s**2)
    own_product = (np.einsum("ic,ic->i", counts, s) ** 2 - np.einsum("ic,ic->i", counts, s**2)) * weight
    product = np.einsum("ic,ic->i", s @ coincidences, s) - own_product / (counts.sum(axis=1) - 1)
    return 2 * (spread - product), 2 * total[:, 0] * spread


def checked_scores(scores: ArrayLike | None, level: Level, n_categories: int) -> FloatArray:
    """Return the category values, 0, 1, 2 … for None; ValueError when they do not fit the level."""
    x = np.arange(n_categories, dtype=float) if scores is None else np.asarray(scores, dtype=float)
    if x.shape != (n_categories,) or not np.all(np.isfinite(x)):
        raise ValueError(f"one finite score for each of the {n_categories} categories")
    if level == "ratio" and x.min() < 0:
        raise ValueError("a ratio scale has no negative values")
    return x
