"""The traffic of a window by verdict cell: how much of it each cell makes up, and how surely that is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reviewapp.stats.arrays import FloatArray, IntArray, whole_numbers
from reviewapp.stats.estimate import Population

RECEIVED = "upstream sampling unknown for {} items: the estimate speaks of the traffic received"


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """k verdict cells, declared before any label was seen; all arrays have shape (k,).

    `n` counts the items received, `weight` sums 1/π₁ and `square` sums 1/π₁² over them, π₁ being what an upstream
    sampler had already applied (1 where it keeps everything, so that all three are equal). `n_units` is the number
    of independent units (sessions) that the items come from.
    """

    names: tuple[str, ...]
    n: IntArray
    weight: FloatArray
    square: FloatArray
    n_units: int
    warnings: tuple[str, ...] = ()

    @property
    def n_items(self) -> int:
        """Number of items received, N."""
        return int(self.n.sum())

    @property
    def share(self) -> FloatArray:
        """W_v = N_v / N, or its Hajek estimate behind an upstream sampler."""
        return np.asarray(self.weight / self.weight.sum(), np.float64)

    def mean_variance(self, cell_mean: FloatArray, population: Population) -> float:
        """Variance of Σ W_v p_v from not knowing the shares: Σ_v f_v (p_v - mean)² / (Σ weight)².

        f_v sums (1 - π₁)/π₁² for the window (0 without an upstream sampler: the shares are counted) and 1/π₁² for the
        process, of which even the whole window is a sample; there it is stretched by items per session, which errs to
        width.
        """
        centred = cell_mean - self.share @ cell_mean
        factor = self.square - self.weight if population == "window" else self.square * (self.n_items / self.n_units)
        return float(factor @ centred**2 / self.weight.sum() ** 2)


def counted_traffic(counts: ArrayLike, names: Sequence[str], *, n_sessions: int | None = None) -> Traffic:
    """Traffic known by its counts N_v per cell; `n_sessions` if items come in sessions."""
    n = whole_numbers(counts, "counts of items")
    if n.shape != (len(names),) or (n < 0).any():
        raise ValueError("one count, not negative, for every named cell")
    return _traffic(n, names, n.astype(np.float64), n.astype(np.float64), n_sessions=n_sessions)


def count_verdicts(codes: NDArray[np.integer], names: Sequence[str], *, n_sessions: int | None = None) -> Traffic:
    """Count verdict codes 0..k-1 of shape (N,), any integer type; small types are counted fastest."""
    return counted_traffic(_tally(codes, len(names)), names, n_sessions=n_sessions)


def sampled_traffic(
    codes: NDArray[np.integer], upstream: ArrayLike, names: Sequence[str], *, n_sessions: int | None = None
) -> Traffic:
    """Traffic behind an upstream sampler that kept item i with probability `upstream` (shape (N,), NaN if unknown).

    If it is unknown for any item, none is used, with a warning: weights of some items and not of others describe no
    population. Labels of the same window must then carry the plan's probability alone (`known_upstream`).
    """
    first, warnings = known_upstream(upstream)
    if first.shape != codes.shape:
        raise ValueError("one upstream probability for every item")
    n = _tally(codes, len(names))
    cells = codes.astype(np.int64)
    weight = np.bincount(cells, 1 / first, minlength=len(names)).astype(np.float64)
    square = np.bincount(cells, 1 / first**2, minlength=len(names)).astype(np.float64)
    return _traffic(n, names, weight, square, n_sessions=n_sessions, warnings=warnings)


def known_upstream(upstream: ArrayLike) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the upstream probabilities to use and a warning: as given, or all 1 if any is unknown (NaN)."""
    first = np.asarray(upstream, np.float64)
    unknown = int(np.isnan(first).sum())
    if unknown:
        return np.ones_like(first), (RECEIVED.format(unknown),)
    if not ((first > 0) & (first <= 1)).all():
        raise ValueError("an upstream probability lies in (0, 1]")
    return first, ()


def crossed_cells(segment: NDArray[np.integer], verdict: NDArray[np.integer], n_verdicts: int) -> IntArray:
    """Code of the segment × verdict cell, segment-major: the stratified form with a rate of its own per segment."""
    if verdict.size and not 0 <= int(verdict.min()) <= int(verdict.max()) < n_verdicts:
        raise ValueError("a verdict code lies below the number of verdicts")
    return segment.astype(np.int64) * n_verdicts + verdict


def score_cells(score: ArrayLike, edges: ArrayLike) -> IntArray:
    """Code of the score bin: 0 below `edges[0]`, k from `edges[k-1]` on. Declare edges before the labels are seen."""
    bounds = np.asarray(edges, np.float64)
    scores = np.asarray(score, np.float64)
    if not (np.diff(bounds) > 0).all() or np.isnan(bounds).any():
        raise ValueError("bin edges increase")
    if np.isnan(scores).any():
        raise ValueError("an item without a score has a cell of its own, not a bin")
    return np.searchsorted(bounds, scores, side="right").astype(np.int64)


def _tally(codes: NDArray[np.integer], k: int) -> IntArray:
    """Count codes 0..k-1 after checking that there are no others."""
    if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < k:
        raise ValueError(f"verdict codes lie in 0..{k - 1}")
    return np.bincount(codes, minlength=k).astype(np.int64)


def _traffic(
    n: IntArray,
    names: Sequence[str],
    weight: FloatArray,
    square: FloatArray,
    *,
    n_sessions: int | None,
    warnings: tuple[str, ...] = (),
) -> Traffic:
    units = int(n.sum()) if n_sessions is None else n_sessions
    if not min(1, int(n.sum())) <= units <= int(n.sum()):
        raise ValueError("there are at most as many sessions as items, and one if there is any item")
    return Traffic(tuple(names), n, weight, square, units, warnings)
