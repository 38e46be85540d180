"""Many claims at once: family-wise and false-discovery control over p-values, and over e-values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class AdjustedTests:
    """The decision on every hypothesis, in the order given.

    `adjusted[i]` is the smallest level at which hypothesis i is rejected (an adjusted p-value, at most 1); `rejected`
    is `adjusted <= alpha`. Both are empty when there are no hypotheses.
    """

    rejected: BoolArray
    adjusted: FloatArray
    method: str


def _p_values(p: ArrayLike) -> FloatArray:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not bool(np.all((values >= 0) & (values <= 1))):
        raise ValueError("p-values form a vector of numbers from 0 to 1")
    return values


def _e_values(e: ArrayLike) -> FloatArray:
    values = np.asarray(e, dtype=np.float64)
    if values.ndim != 1 or not bool(np.all(values >= 0)):
        raise ValueError("e-values form a vector of non-negative numbers")
    return values


def _decided(adjusted: FloatArray, alpha: float, method: str) -> AdjustedTests:
    if not 0 < alpha < 1:
        raise ValueError("alpha lies strictly between 0 and 1")
    adjusted = np.minimum(adjusted, 1.0)
    return AdjustedTests(adjusted <= alpha, adjusted, method)


def bonferroni(p: ArrayLike, alpha: float = 0.05) -> AdjustedTests:
    """Family-wise error under any dependence: m p_i."""
    values = _p_values(p)
    return _decided(values * len(values), alpha, "bonferroni")


def holm(p: ArrayLike, alpha: float = 0.05) -> AdjustedTests:
    """Family-wise error under any dependence, never weaker than Bonferroni (Holm 1979).

    Adjusted p of the i-th smallest: max over k <= i of (m - k + 1) p_(k).
    """
    values = _p_values(p)
    m = len(values)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty(m)
    adjusted[order] = np.maximum.accumulate(values[order] * np.arange(m, 0, -1))
    return _decided(adjusted, alpha, "holm")


def _step_up(values: FloatArray, factor: float) -> FloatArray:
    """Adjusted p of the i-th smallest: min over k >= i of factor m p_(k) / k."""
    m = len(values)
    order = np.argsort(values, kind="stable")
    scaled = factor * m * values[order] / np.arange(1, m + 1)
    adjusted = np.empty(m)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return adjusted


def benjamini_hochberg(p: ArrayLike, alpha: float = 0.05) -> AdjustedTests:
    """False discovery rate under independence or positive dependence (Benjamini & Hochberg 1995)."""
    return _decided(_step_up(_p_values(p), 1.0), alpha, "benjamini_hochberg")


def benjamini_yekutieli(p: ArrayLike, alpha: float = 0.05) -> AdjustedTests:
    """False discovery rate under any dependence: BH at alpha / H_m, H_m = sum 1/k (Benjamini & Yekutieli 2001)."""
    values = _p_values(p)
    harmonic = float(np.sum(1 / np.arange(1, len(values) + 1)))
    return _decided(_step_up(values, harmonic), alpha, "benjamini_yekutieli")


def e_benjamini_hochberg(e: ArrayLike, alpha: float = 0.05) -> AdjustedTests:
    """False discovery rate from e-values under any dependence (Wang & Ramdas 2022).

    Reject the k largest, k = max{i: e_[i] >= m / (i alpha)}: BH applied to 1/e.
    """
    values = _e_values(e)
    inverse = np.divide(1.0, values, out=np.full(len(values), np.inf), where=values > 0)
    return _decided(_step_up(inverse, 1.0), alpha, "e_benjamini_hochberg")


def mean_e_value(e: ArrayLike) -> float:
    """One e-value against "all hypotheses hold" under any dependence: the mean. ValueError without any."""
    values = _e_values(e)
    if len(values) == 0:
        raise ValueError("no e-values to combine")
    return float(values.mean())


def product_e_value(e: ArrayLike) -> float:
    """One e-value against "all hypotheses hold" for independent e-values: the product. ValueError without any."""
    values = _e_values(e)
    if len(values) == 0:
        raise ValueError("no e-values to combine")
    return float(np.prod(values))
