"""What the labels say about each verdict cell: rate, effective number of labels, Jeffreys limits."""

from dataclasses import dataclass
from math import inf, isinf

import numpy as np
from scipy.sparse import csr_array

from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.sample import LabelledSample, clusters_count, unpooled_squares
from reviewapp.stats.pass_rate.traffic import Traffic
from reviewapp.stats.proportions import Interval, jeffreys

RULE = 5  # of either outcome before a cell's own variance is believed
METHOD = "jeffreys_effective_n"
UNSEEN = 0.5  # what a cell without labels counts as, with the limits 0 and 1


@dataclass(frozen=True, slots=True)
class VerdictCell:
    """One verdict cell. `share` of the traffic; `n_pass` and `n_fail` count labels.

    `n_kish` and `n_design` (None where the rule of five withholds it) are effective label counts, `n_used` the one
    behind the limits; infinite if every item of the cell was labelled. A cell without labels has no estimate and
    enters the total as ½ with the limits 0 and 1.
    """

    name: str
    n_traffic: int
    share: float
    n_pass: int
    n_fail: int
    n_kish: float
    n_design: float | None
    n_used: float
    estimate: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """All cells as arrays of shape (k,), and the (k, k) correlation of their errors, None if independent."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    n_labels: IntArray
    n_pass: IntArray
    n_kish: FloatArray
    n_design: FloatArray
    n_used: FloatArray
    correlation: csr_array | None


def cell_table(
    traffic: Traffic,
    sample: LabelledSample,
    population: Population = "window",
    confidence: float = 0.95,
    unseen: float = UNSEEN,
) -> CellTable:
    """Steps 1 to 3 of the default estimator for every cell; `sample.judge` holds the cell codes 0..k-1.

    p_v = Σ w y / Σ w; n_Kish = (Σ w)² / Σ q, q = f w². With at least five of either outcome (and ten clusters where
    they count) n* = min(p(1-p)/V, 2 max(n_Kish, n_v)) with V = n/(n-1) Σ q (y - p)² / (Σ w)², n the independent
    units; else n* = n_Kish. Clusters put totals in the place of items.
    """
    cell = _codes(traffic, sample)
    k = len(traffic.names)
    n_labels = np.bincount(cell, minlength=k)
    n_pass = np.bincount(cell, sample.y, minlength=k).astype(np.int64)
    total = np.bincount(cell, sample.weight, minlength=k).astype(np.float64)
    seen = n_labels > 0
    value = np.full(k, unseen)
    value[seen] = np.bincount(cell, sample.weight * sample.y, minlength=k)[seen] / total[seen]
    np.clip(value, 0.0, 1.0, out=value)

    weights_squared = unpooled_squares(sample.weight, cell, k, sample, population).diagonal()
    residual_products = unpooled_squares(sample.weight * (sample.y - value[cell]), cell, k, sample, population)
    n_kish = _ratio(total**2, weights_squared, seen)
    scale = value * (1 - value) * total**2  # p(1-p)/V is this over the residual squares
    minority = np.minimum(n_pass, n_labels - n_pass)
    n_units = _units(cell, k, sample, population)
    enough = (minority >= RULE) & (n_units >= 2 * RULE)
    stretch = np.where(enough, n_units / np.maximum(n_units - 1, 1), 1.0)
    n_design = np.where(enough, _ratio(scale, stretch * residual_products.diagonal(), enough), np.nan)
    n_used = np.where(np.isnan(n_design), n_kish, np.minimum(n_design, 2 * np.maximum(n_kish, n_labels)))

    limits = [_limits(float(p), float(n), confidence) for p, n in zip(value, n_used, strict=True)]
    return CellTable(
        value=value,
        low=np.array([limit.low for limit in limits]),
        high=np.array([limit.high for limit in limits]),
        n_labels=n_labels,
        n_pass=n_pass,
        n_kish=n_kish,
        n_design=n_design,
        n_used=n_used,
        correlation=_correlation(residual_products) if clusters_count(sample, population) else None,
    )


def described_cells(
    traffic: Traffic, table: CellTable, population: Population, confidence: float
) -> tuple[VerdictCell, ...]:
    """Return the cells as a reader wants them, one estimate each."""
    share = traffic.share
    return tuple(
        VerdictCell(
            name=name,
            n_traffic=int(traffic.n[v]),
            share=float(share[v]),
            n_pass=int(table.n_pass[v]),
            n_fail=int(table.n_labels[v] - table.n_pass[v]),
            n_kish=float(table.n_kish[v]),
            n_design=None if np.isnan(table.n_design[v]) else float(table.n_design[v]),
            n_used=float(table.n_used[v]),
            estimate=_cell_estimate(table, v, population, confidence),
        )
        for v, name in enumerate(traffic.names)
    )


def _codes(traffic: Traffic, sample: LabelledSample) -> IntArray:
    """Return the cell of each label after checking that the cells exist in the traffic."""
    if sample.judge is None:
        raise ValueError("post-stratification needs the verdict cell of every label")
    cell = sample.judge.astype(np.int64)
    if (cell != sample.judge).any() or (cell < 0).any() or (cell >= len(traffic.names)).any():
        raise ValueError(f"verdict cells are codes in 0..{len(traffic.names) - 1}")
    if (traffic.n[cell] == 0).any():
        raise ValueError("a label lies in a verdict cell that has no traffic")
    return cell


def _units(cell: IntArray, k: int, sample: LabelledSample, population: Population) -> IntArray:
    """Number of independent units with labels in each cell."""
    if not clusters_count(sample, population) or sample.unit is None:
        return np.bincount(cell, minlength=k)
    pairs = np.unique(cell * sample.n_units + sample.unit)
    return np.bincount(pairs // sample.n_units, minlength=k)


def _ratio(above: FloatArray, below: FloatArray, where: BoolArray) -> FloatArray:
    """Quotient, infinite for a zero divisor, 0 outside `where`."""
    quotient = np.where(where, inf, 0.0)
    np.divide(above, below, out=quotient, where=where & (below > 0))
    return quotient


def _limits(p: float, n: float, confidence: float) -> Interval:
    if n == 0:
        return Interval(0.0, 1.0)
    return Interval(p, p) if isinf(n) else jeffreys(min(p * n, n), n, confidence)


def _correlation(products: csr_array) -> csr_array:
    """Correlation of the cells' errors through shared clusters; a negative one counts as 0, which errs to width."""
    deviation = np.sqrt(products.diagonal())
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    pairs = products.tocoo()
    row, column = pairs.coords
    value = np.maximum(pairs.data * scale[row] * scale[column], 0.0)
    off = row != column
    size = deviation.size
    diagonal = np.arange(size)
    return csr_array(
        (
            np.concatenate([value[off], np.ones(size)]),
            (np.concatenate([row[off], diagonal]), np.concatenate([column[off], diagonal])),
        ),
        shape=(size, size),
    )


def _cell_estimate(table: CellTable, v: int, population: Population, confidence: float) -> Estimate:
    if not table.n_labels[v]:
        return no_estimate("no_labels", method=METHOD, confidence=confidence, population=population)
    return Estimate(
        value=float(table.value[v]),
        low=float(table.low[v]),
        high=float(table.high[v]),
        method=METHOD,
        n=int(table.n_labels[v]),
        n_effective=None if isinf(table.n_used[v]) else float(table.n_used[v]),
        confidence=confidence,
        population=population,
    )
