"""The default pass rate: labels weighted within verdict cells, cells weighted by the traffic.

θ = Σ_v W_v p_v with Jeffreys limits in every cell, combined by MOVER (Zou & Donner 2008). For equal chances and a
binary judge this is power-tuned prediction-powered inference, but its interval stays honest when the judge is nearly
perfect. It assumes that labels are a Poisson sample with known π and that verdicts did not depend on the draw; nothing
is assumed about the judge, a poor one only makes it wider. Cells may be verdicts, declared score bins, or segment ×
verdict (stratified PPI: Fisch et al. 2024). Behind an upstream sampler give it `sampled_traffic`.
"""

from dataclasses import dataclass
from math import isinf, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm

from reviewapp.stats.arrays import FloatArray, IntArray, weighted_mean
from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate
from reviewapp.stats.pass_rate.labels_only import labels_only, require_outcomes
from reviewapp.stats.pass_rate.sample import LabelledSample
from reviewapp.stats.pass_rate.traffic import Traffic
from reviewapp.stats.pass_rate.verdict_cells import UNSEEN, CellTable, VerdictCell, cell_table, described_cells
from reviewapp.stats.proportions import Interval

METHOD = "post_stratified_jeffreys_mover/1"
TOP_WEIGHTS = 5
TOP_SHARE_LIMIT = 0.25


@dataclass(frozen=True, slots=True)
class PostStratified:
    """The pass rate with what it was made of.

    `gain` is how many labels-only labels one of these labels is worth (squared ratio of the widths), None where either
    width is missing or zero. `top_weight_share` is the part of the sum of weights that the five largest carry.
    `covered_share` is the part of the traffic whose cells hold labels.
    """

    estimate: Estimate
    cells: tuple[VerdictCell, ...]
    labels_only: Estimate
    gain: float | None
    top_weight_share: float | None
    covered_share: float
    n_traffic: int
    sum_of_weights: float


def post_stratified(
    traffic: Traffic,
    sample: LabelledSample,
    *,
    population: Population = "window",
    confidence: float = 0.95,
    unseen: float = UNSEEN,
) -> PostStratified:
    """Estimate the pass rate; `sample.judge` holds cell codes into `traffic.names`, `sample.y` is 0 or 1.

    The window is finite: cells labelled completely have width zero. The process is not: no finite-population factor,
    clusters as units if the sample has them, and the shares W_v themselves vary. n_effective = θ(1-θ)/(width/2z)²,
    and where θ is 0 or 1, 1/Σ W_v²/n_v*. A cell without labels counts as `unseen`. Undefined without traffic or without
    labels.
    """
    alone = labels_only(sample, population=population, confidence=confidence)
    if reason := _why_undefined(traffic, sample):
        missing = no_estimate(
            reason,
            method=METHOD,
            n=sample.n,
            confidence=confidence,
            population=population,
            warnings=(*sample.warnings, *traffic.warnings),
        )
        return PostStratified(missing, (), alone, None, None, 0.0, traffic.n_items, 0.0)
    require_outcomes(sample.y)
    table = cell_table(traffic, sample, population, confidence, unseen)
    top = _top_weight_share(sample)
    every_cell = np.arange(len(traffic.names))
    warnings = _warnings(traffic, table, sample, top)
    estimate = _combined(traffic, table, every_cell, warnings, population=population, confidence=confidence)
    return PostStratified(
        estimate=estimate,
        cells=described_cells(traffic, table, population, confidence),
        labels_only=alone,
        gain=_gain(alone, estimate),
        top_weight_share=top,
        covered_share=float(traffic.share[table.n_labels > 0].sum()),
        n_traffic=traffic.n_items,
        sum_of_weights=float(sample.weight.sum()),
    )


def post_stratified_bound(
    traffic: Traffic, sample: LabelledSample, *, population: Population = "process", level: float = 0.95
) -> Estimate:
    """One-sided lower bound at `level` (`high` is None): the lower limit with cells at confidence 2 level - 1.

    The form that a gate reads. Undefined as `post_stratified`.
    """
    if not 0.5 < level < 1:
        raise ValueError("the level of a one-sided bound lies between ½ and 1")
    two_sided = post_stratified(traffic, sample, population=population, confidence=2 * level - 1).estimate
    return Estimate(
        value=two_sided.value,
        low=two_sided.low,
        high=None,
        method=f"{METHOD}/lower",
        n=two_sided.n,
        n_effective=two_sided.n_effective,
        confidence=level,
        population=population,
        undefined=two_sided.undefined,
        warnings=two_sided.warnings,
    )


def post_stratified_segments(
    traffic: Traffic,
    sample: LabelledSample,
    segment_of_cell: NDArray[np.integer],
    *,
    population: Population = "window",
    confidence: float = 0.95,
) -> tuple[Estimate, ...]:
    """Estimate the rate of each segment 0..s-1 from its own cells; `segment_of_cell` has shape (k,).

    A segment without traffic or without labels is undefined. Errors of different segments are independent unless
    clusters cross them.
    """
    segment = np.asarray(segment_of_cell, np.int64)
    if segment.shape != traffic.n.shape:
        raise ValueError("one segment for every verdict cell")
    n_segments = int(segment.max(initial=-1)) + 1
    if reason := _why_undefined(traffic, sample):
        missing = no_estimate(reason, method=METHOD, confidence=confidence, population=population)
        return (missing,) * n_segments
    require_outcomes(sample.y)
    table = cell_table(traffic, sample, population, confidence)
    return tuple(
        _segment(traffic, table, np.flatnonzero(segment == s), sample, population=population, confidence=confidence)
        for s in range(n_segments)
    )


class Limits(NamedTuple):
    """Lower and upper limits of k rates, each of shape (k,)."""

    low: FloatArray
    high: FloatArray


def mover_limits(
    share: FloatArray,
    value: FloatArray,
    limits: Limits,
    *,
    unsure: float = 0.0,
    correlation: csr_array | None = None,
) -> Interval:
    """Limits of Σ W_v p_v from the limits of the p_v: θ ∓ sqrt(d' R d + unsure), d_v = W_v |limit_v - p_v|.

    `unsure` is z² times the variance from not knowing the shares; `correlation` R of the errors, independent if None.
    Cut at 0 and 1.
    """
    theta = min(float(share @ value), 1.0)

    def distance(limit: FloatArray) -> float:
        d = share * np.abs(limit - value)
        return sqrt(float(d @ d if correlation is None else d @ (correlation @ d)) + unsure)

    return Interval(max(0.0, theta - distance(limits.low)), min(1.0, theta + distance(limits.high)))


def _segment(
    traffic: Traffic,
    table: CellTable,
    chosen: IntArray,
    sample: LabelledSample,
    *,
    population: Population,
    confidence: float,
) -> Estimate:
    labels = int(table.n_labels[chosen].sum())
    if not traffic.n[chosen].sum() or not labels:
        reason: Undefined = "no_items" if not traffic.n[chosen].sum() else sample.why_empty
        return no_estimate(reason, method=METHOD, confidence=confidence, population=population)
    warnings = _empty_cells(traffic, table, chosen)
    return _combined(traffic, table, chosen, warnings, population=population, confidence=confidence)


def _combined(
    traffic: Traffic,
    table: CellTable,
    chosen: IntArray,
    warnings: tuple[str, ...],
    *,
    population: Population,
    confidence: float,
) -> Estimate:
    """Combine the chosen cells into one estimate of the traffic that they hold."""
    part = Traffic(
        names=tuple(traffic.names[v] for v in chosen),
        n=traffic.n[chosen],
        weight=traffic.weight[chosen],
        square=traffic.square[chosen],
        n_units=max(1, round(traffic.n_units * float(traffic.n[chosen].sum()) / traffic.n_items)),
    )
    share, value = part.share, table.value[chosen]
    theta = min(weighted_mean(share, value), 1.0)
    z = float(norm.isf((1 - confidence) / 2))
    low, high = mover_limits(
        share,
        value,
        Limits(table.low[chosen], table.high[chosen]),
        unsure=z * z * part.mean_variance(value, population),
        correlation=None if table.correlation is None else table.correlation[chosen][:, chosen],
    )
    return Estimate(
        value=theta,
        low=low,
        high=high,
        method=METHOD,
        n=int(table.n_labels[chosen].sum()),
        n_effective=_effective_size(theta, high - low, z, share, table.n_used[chosen]),
        confidence=confidence,
        population=population,
        warnings=warnings,
    )


def _effective_size(theta: float, width: float, z: float, share: np.ndarray, n_used: np.ndarray) -> float | None:
    """Labels of a simple random sample with this width; at θ = 0 or 1 with the variance Σ W_v²/n_v*."""
    if width == 0:
        return None
    if 0 < theta < 1:
        return theta * (1 - theta) / (width / (2 * z)) ** 2
    known = n_used > 0
    variance = float((share[known] ** 2 / n_used[known]).sum())
    return None if variance == 0 or isinf(variance) else 1 / variance


def _gain(alone: Estimate, tuned: Estimate) -> float | None:
    if alone.low is None or alone.high is None or tuned.low is None or tuned.high is None or tuned.high == tuned.low:
        return None
    return ((alone.high - alone.low) / (tuned.high - tuned.low)) ** 2 if alone.high > alone.low else None


def _top_weight_share(sample: LabelledSample) -> float:
    weight = sample.weight
    top = min(TOP_WEIGHTS, weight.size)
    return float(np.partition(weight, weight.size - top)[weight.size - top :].sum() / weight.sum())


def _why_undefined(traffic: Traffic, sample: LabelledSample) -> Undefined | None:
    if not traffic.n_items:
        return "no_items"
    return None if sample.n else sample.why_empty


def _empty_cells(traffic: Traffic, table: CellTable, chosen: IntArray) -> tuple[str, ...]:
    empty = [traffic.names[v] for v in chosen if traffic.n[v] and not table.n_labels[v]]
    return (f"nobody labelled any of: {', '.join(empty)}; taken as anything between 0 and 1",) if empty else ()


def _warnings(traffic: Traffic, table: CellTable, sample: LabelledSample, top: float) -> tuple[str, ...]:
    found = [*sample.warnings, *traffic.warnings, *_empty_cells(traffic, table, np.arange(len(traffic.names)))]
    if top > TOP_SHARE_LIMIT:
        found.append(f"the {TOP_WEIGHTS} largest weights carry {top:.0%} of the sum")
    return tuple(found)
