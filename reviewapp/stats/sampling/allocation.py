"""How many labels each stratum gets, so that the estimate of the whole is most precise for the money.

Neyman 1934; Cochran, Sampling Techniques, ch. 5. For an estimator that uses the judge the standard deviation is that
of the residual y - λ f, not of y.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray, IntArray

NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """`labels` n_h per stratum, shape (H,), adding up to n; variance of the stratified mean by it and by n_h ∝ N_h."""

    labels: FloatArray
    variance: float
    proportional_variance: float


def neyman_allocation(
    sizes: ArrayLike,
    deviations: ArrayLike,
    n: float,
    *,
    costs: ArrayLike | None = None,
    minimum: float = 0.0,
) -> Allocation:
    """n_h ∝ N_h S_h/sqrt(c_h), at least `minimum` and at most N_h each, Σ n_h = n; all shapes (H,).

    Strata at a bound are fixed and the rest shared out again. Strata that are all without deviation share by size.
    Raises ValueError where the minima exceed n, or n exceeds the population.
    """
    N, S = np.asarray(sizes, np.float64), np.asarray(deviations, np.float64)
    cost = np.ones_like(N) if costs is None else np.asarray(costs, np.float64)
    if N.ndim != 1 or not N.shape == S.shape == cost.shape or not N.size:
        raise ValueError("sizes, deviations and costs have one value per stratum")
    if not ((N > 0).all() and (S >= 0).all() and (cost > 0).all() and minimum >= 0):
        raise ValueError("sizes and costs are positive, deviations and the minimum not negative")
    low = np.minimum(minimum, N)
    if not low.sum() <= n <= N.sum():
        raise ValueError(f"{n} labels do not fit between the minima ({low.sum():g}) and the population ({N.sum():g})")
    labels = _bounded_shares(N * S / np.sqrt(cost), N, low, n)
    return Allocation(labels, stratified_variance(N, S, labels), stratified_variance(N, S, n * N / N.sum()))


def stratified_variance(sizes: ArrayLike, deviations: ArrayLike, labels: ArrayLike) -> float:
    """Σ_h (N_h/N)² (1 - n_h/N_h) S_h²/n_h: variance of the stratified mean; infinite if a varying stratum has none."""
    N, S, n = (np.asarray(x, np.float64) for x in (sizes, deviations, labels))
    varying = S > 0
    N, S, n, total = N[varying], S[varying], n[varying], float(N.sum())
    if (n <= 0).any():
        return float("inf")
    with np.errstate(over="ignore"):  # next to no labels are as good as none
        return float(((N / total) ** 2 * (1 - n / N) * S**2 / n).sum())


def whole_labels(labels: ArrayLike) -> IntArray:
    """Round an allocation to whole labels with the same total (rounded): largest remainders go up, ties in order."""
    exact = np.asarray(labels, np.float64)
    down = np.floor(exact + 1e-9)
    spare = round(float(exact.sum())) - int(down.sum())
    order = np.argsort(-(exact - down), kind="stable")
    down[order[:spare]] += 1
    return down.astype(np.int64)


def _bounded_shares(size: FloatArray, most: FloatArray, least: FloatArray, n: float) -> FloatArray:
    """Share n in proportion to `size` within the bounds: n_h = clip(c size_h), c in closed form.

    Σ clip(c size) rises with c in straight pieces between the values of c where a stratum meets a bound, so that the
    piece holding n gives c. A size below 10⁻¹² of the largest counts as none.
    """
    largest = float(size.max())
    size = np.where(size > NEGLIGIBLE * largest, size / largest, 0.0) if largest > 0 else most
    positive = size > 0
    corners = np.unique(np.concatenate([least[positive] / size[positive], most[positive] / size[positive]]))
    totals = np.array([np.clip(c * size, least, most).sum() for c in corners])
    at = int(np.searchsorted(totals, n))
    if at == totals.size:
        # Only strata without deviation have room left: fill them by size.
        labels = np.clip(corners[-1] * size, least, most)
        room = most - labels
        return np.asarray(labels + (n - labels.sum()) * room / room.sum(), np.float64)
    if at == 0:
        return np.asarray(np.clip(corners[0] * size, least, most), np.float64)
    left, right = totals[at - 1], totals[at]
    c = corners[at - 1] + (corners[at] - corners[at - 1]) * (n - left) / (right - left)
    return np.asarray(np.clip(c * size, least, most), np.float64)
