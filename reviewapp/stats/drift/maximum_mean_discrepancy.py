"""Have vectors (embeddings) changed their distribution: the kernel two-sample test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import pdist, squareform

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Undefined

MAX_RECORDS = 1_000


@dataclass(frozen=True)
class VectorDrift:
    """Squared discrepancy of two windows of vectors; `n_before`, `n_after` are the records compared (subsampled).

    `unbiased` may be slightly negative without drift; `biased` (V-statistic) never is. None when `undefined`.
    """

    unbiased: float | None
    biased: float | None
    p_value: float | None
    bandwidth: float | None
    n_before: int
    n_after: int
    undefined: Undefined | None = None


def _matrix(values: ArrayLike) -> FloatArray:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or not bool(np.all(np.isfinite(matrix))):
        raise ValueError("each window is a records × dimensions matrix of finite numbers")
    return matrix


def _subsample(matrix: FloatArray, rng: np.random.Generator) -> FloatArray:
    if len(matrix) <= MAX_RECORDS:
        return matrix
    return np.asarray(matrix[rng.choice(len(matrix), MAX_RECORDS, replace=False)], dtype=np.float64)


def _discrepancies(kernel: FloatArray, first: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unbiased and biased MMD² for every column of `first`, whose ones say which records form the first sample."""
    total = len(kernel)
    n = float(first[:, 0].sum())
    m = total - n
    products = kernel @ first
    within_first = np.einsum("ij,ij->j", first, products)
    across = products.sum(axis=0) - within_first
    within_second = kernel.sum() - within_first - 2 * across
    # The kernel of a record with itself is 1: n and m of those leave the unbiased means.
    unbiased = (within_first - n) / (n * (n - 1)) + (within_second - m) / (m * (m - 1)) - 2 * across / (n * m)
    biased = within_first / n**2 + within_second / m**2 - 2 * across / (n * m)
    return unbiased, biased


def mmd_drift(
    before: ArrayLike,
    after: ArrayLike,
    *,
    seed: int,
    bandwidth: float | None = None,
    permutations: int = 199,
) -> VectorDrift:
    """Test equal distributions with the kernel exp(-|x - y|² / (2 s²)) (Gretton et al. 2012).

    Rows are records. s is the median distance of all pairs unless given; at most 1,000 records of each window are
    compared (drawn with `seed`); p = (1 + permutations at least as large) / (1 + permutations). Time and memory grow
    with the square of the records. Undefined below two records in a window (`below_min_n`) or when half of all pairs
    coincide (`zero_variance`).
    """
    if bandwidth is not None and bandwidth <= 0:
        raise ValueError("the kernel's bandwidth is positive")
    x, y = _matrix(before), _matrix(after)
    if len(x) < 2 or len(y) < 2:
        return VectorDrift(None, None, None, None, len(x), len(y), "below_min_n")
    rng = np.random.default_rng(seed)
    x, y = _subsample(x, rng), _subsample(y, rng)
    distances = pdist(np.concatenate((x, y)))
    s = float(np.median(distances)) if bandwidth is None else bandwidth
    if s == 0:
        return VectorDrift(None, None, None, None, len(x), len(y), "zero_variance")
    kernel = squareform(np.exp(-(distances**2) / (2 * s * s)))
    np.fill_diagonal(kernel, 1.0)
    membership = np.zeros((len(kernel), permutations + 1))
    membership[: len(x)] = 1.0
    membership[:, 1:] = rng.permuted(membership[:, 1:], axis=0)
    unbiased, biased = _discrepancies(kernel, membership)
    as_large = int(np.sum(unbiased[1:] >= unbiased[0]))
    return VectorDrift(float(unbiased[0]), float(biased[0]), (1 + as_large) / (1 + permutations), s, len(x), len(y))
