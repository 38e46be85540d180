"""The population stability index, shown with the noise it has when nothing drifts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.estimate import Undefined

SMOOTHING = 0.5


@dataclass(frozen=True)
class PopulationStability:
    """PSI of two windows beside its no-drift law (1/n + 1/m) chi²_{bins-1}.

    `excess` is the index minus its no-drift mean, the effect to hold against a floor; `null_95` the no-drift 95 %
    value, `p_value` the tail of that law. `above_noise` says whether the index exceeds `null_95`. None when undefined.
    """

    index: float | None
    null_mean: float | None
    null_95: float | None
    excess: float | None
    p_value: float | None
    above_noise: bool
    n_before: int
    n_after: int
    bins: int
    undefined: Undefined | None = None


def psi_of_shares(before: ArrayLike, after: ArrayLike) -> float:
    """PSI = sum (P - Q) ln(P / Q) of two vectors of positive shares. ValueError when a share is not positive."""
    q, p = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if q.shape != p.shape or not bool(np.all((q > 0) & (p > 0))):
        raise ValueError("PSI compares two vectors of positive shares")
    return float(np.sum((p - q) * np.log(p / q)))


def psi_null_95(n_before: int, n_after: int, bins: int) -> float:
    """Value that PSI exceeds in 5 % of windows without drift (Yurdakul 2018)."""
    return (1 / n_before + 1 / n_after) * float(chi2.ppf(0.95, bins - 1))


def population_stability(before: ArrayLike, after: ArrayLike) -> PopulationStability:
    """Compare the counts of the same bins in two windows, ½ added to each count.

    Bins empty in both windows are dropped. Undefined with an empty window (`no_items`) or one bin (`single_category`).
    """
    q, p = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if q.shape != p.shape or q.ndim != 1 or not bool(np.all(q >= 0) and np.all(p >= 0)):
        raise ValueError("counts form two vectors of one length and are not negative")
    used = (q + p) > 0
    q, p = q[used], p[used]
    n, m, bins = int(q.sum()), int(p.sum()), len(q)
    if n == 0 or m == 0 or bins < 2:
        reason: Undefined = "no_items" if n == 0 or m == 0 else "single_category"
        return PopulationStability(
            None, None, None, None, None, above_noise=False, n_before=n, n_after=m, bins=bins, undefined=reason
        )
    smoothed_q, smoothed_p = q + SMOOTHING, p + SMOOTHING
    index = psi_of_shares(smoothed_q / smoothed_q.sum(), smoothed_p / smoothed_p.sum())
    scale = 1 / n + 1 / m
    null_mean, null_95 = (bins - 1) * scale, psi_null_95(n, m, bins)
    return PopulationStability(
        index=index,
        null_mean=null_mean,
        null_95=null_95,
        excess=index - null_mean,
        p_value=float(chi2.sf(index / scale, bins - 1)),
        above_noise=index > null_95,
        n_before=n,
        n_after=m,
        bins=bins,
    )


def quantile_edges(reference: ArrayLike, bins: int = 10) -> FloatArray:
    """Inner edges of bins of about equal mass in the reference window; fewer where values repeat."""
    values = np.asarray(reference, dtype=np.float64)
    if len(values) == 0 or bins < 2:
        raise ValueError("bins are cut from a reference window, two at least")
    return np.unique(np.quantile(values, np.arange(1, bins) / bins))


def binned_counts(values: ArrayLike, edges: FloatArray) -> IntArray:
    """Counts in the len(edges) + 1 bins (-inf, e1), [e1, e2), …, [ek, inf)."""
    place = np.searchsorted(edges, np.asarray(values, dtype=np.float64), side="right")
    return np.asarray(np.bincount(place, minlength=len(edges) + 1), dtype=np.int64)
