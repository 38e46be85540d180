"""How a judge of pass and fail compares with people: error rates, predictive values, agreement beyond chance.

Assumes that the labels did not tune the judge (a test split), that they are independent, and that each item weighs
1/π. Codes: 1 = pass, 0 = fail; verdicts that are neither (unparsed) are described by their count, not here. Sources:
Wilson 1927; Cohen 1960; Gwet 2008; Matthews 1975; Zou & Donner 2008.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reviewapp.stats.contingency import WeightedTable, coefficient_estimate, kappa_estimate
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.difference import informedness
from reviewapp.stats.estimate import Estimate, Undefined

RULE = 5
RARE_CLASS_FLOOR = 50
TP, FN, FP, TN = (1, 1), (1, 0), (0, 1), (0, 0)
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class JudgeDescription:
    """Everything shown about a binary judge; `ppv` and `npv` first: they say how to read a verdict in this traffic.

    Rates are in [0, 1], `youden_j`, `cohen_kappa`, `gwet_ac1` and `mcc` in [-1, 1]. A rate whose class is absent is
    undefined (`missing_class`).
    """

    ppv: Estimate
    npv: Estimate
    tpr: Estimate
    tnr: Estimate
    accuracy: Estimate
    balanced_accuracy: Estimate
    youden_j: Estimate
    f1: Estimate
    cohen_kappa: Estimate
    gwet_ac1: Estimate
    mcc: Estimate
    warnings: tuple[str, ...]


def describe_judge(table: WeightedTable, *, confidence: float = 0.95) -> JudgeDescription:
    """Describe a judge from its 2 × 2 table of human (rows) by judge (columns), 1 = pass."""
    if table.weight.shape != (2, 2):
        raise ValueError("a binary judge has a 2 × 2 table; see `judge_ordinal` for scales")
    human = table.count.sum(axis=1)
    rarer = int(human.min())
    warnings = (
        () if rarer >= RARE_CLASS_FLOOR else (f"{rarer} labels of the rarer class, fewer than {RARE_CLASS_FLOOR}",)
    )
    tpr = _rate(table, [TP], [FN], confidence)
    tnr = _rate(table, [TN], [FP], confidence)
    jaccard = _rate(table, [TP], [FP, FN], confidence)
    youden = informedness(tpr, tnr)
    return JudgeDescription(
        ppv=_rate(table, [TP], [FP], confidence),
        npv=_rate(table, [TN], [FN], confidence),
        tpr=tpr,
        tnr=tnr,
        accuracy=_rate(table, [TP, TN], [FN, FP], confidence),
        balanced_accuracy=_mapped(youden, lambda j: (1 + j) / 2, "informedness_mover"),
        youden_j=youden,
        f1=_mapped(jaccard, lambda j: 2 * j / (1 + j), "wilson_jaccard"),
        cohen_kappa=kappa_estimate(table, confidence=confidence),
        gwet_ac1=coefficient_estimate(
            table,
            gwet_ac1,
            method="delta",
            undefined=None if table.n else "no_labels",
            confidence=confidence,
        ),
        mcc=coefficient_estimate(
            table, matthews, method="delta", undefined=_why_no_correlation(table), confidence=confidence
        ),
        warnings=warnings if table.n else (),
    )


def gwet_ac1(share: NDArray[Any]) -> Any:
    """(p_o - p_e)/(1 - p_e), p_e = Σ_k π_k(1 - π_k)/(q - 1), π the mean of both margins; always defined for q ≥ 2."""
    margin = (share.sum(axis=1) + share.sum(axis=0)) / 2
    expected = (margin * (1 - margin)).sum() / (share.shape[0] - 1)
    return (np.trace(share) - expected) / (1 - expected)


def matthews(share: NDArray[Any]) -> Any:
    """Correlation of two binary codes, (tp tn - fp fn)/sqrt(product of the margins); undefined if a margin is 0."""
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    determinant = share[TP] * share[TN] - share[FP] * share[FN]
    return determinant / np.sqrt(rows[0] * rows[1] * columns[0] * columns[1])


def effective_size(table: WeightedTable, hits: list[Cell], misses: list[Cell]) -> float:
    """Labels of equal weight that fix hits/(hits + misses) as well: p(1-p)/V, V = Σ w² (hit - p)²/W².

    With fewer than five of either kind Kish's W²/Σ w², and never above twice the larger of Kish and the count. For
    equal weights it is the count.
    """
    hit, miss = (sum(float(table.weight[c]) for c in cells) for cells in (hits, misses))
    hit_square, miss_square = (sum(float(table.square[c]) for c in cells) for cells in (hits, misses))
    n_hit, n_miss = (sum(int(table.count[c]) for c in cells) for cells in (hits, misses))
    total = hit + miss
    kish = total**2 / (hit_square + miss_square)
    if min(n_hit, n_miss) < RULE:
        return kish
    p = hit / total
    variance = (hit_square * (1 - p) ** 2 + miss_square * p**2) / total**2
    return min(p * (1 - p) / variance, 2 * max(kish, n_hit + n_miss))


def label_worth(mcc: float) -> float:
    """1/(1 - MCC²): how many labels without the judge one label with it is worth to the tuned pass rate.

    For planning, before there are labels: n labels beside a judge of this correlation are as precise as n times this
    many alone. ValueError unless -1 < mcc < 1. Source: the residual variance of the regression of y on the verdict.
    """
    if not -1 < mcc < 1:
        raise ValueError("a correlation to plan with lies strictly between -1 and 1")
    return 1 / (1 - mcc**2)


def _rate(table: WeightedTable, hits: list[Cell], misses: list[Cell], confidence: float) -> Estimate:
    """hits/(hits + misses) by weight, with Wilson's interval at the effective size."""
    n = sum(int(table.count[c]) for c in [*hits, *misses])
    hit = sum(float(table.weight[c]) for c in hits)
    size = effective_size(table, hits, misses) if n else 0.0
    share = hit / (hit + sum(float(table.weight[c]) for c in misses)) if n else 0.0
    return wilson_rate(
        share * size,
        size,
        method="wilson",
        labels=n,
        undefined="missing_class" if table.n else "no_labels",
        confidence=confidence,
    )


def _mapped(estimate: Estimate, rise: Any, method: str) -> Estimate:
    """Carry an estimate through an increasing function."""
    if estimate.value is None:
        return replace(estimate, method=method)
    return replace(
        estimate, value=rise(estimate.value), low=rise(estimate.low), high=rise(estimate.high), method=method
    )


def _why_no_correlation(table: WeightedTable) -> Undefined | None:
    if not table.n:
        return "no_labels"
    margins = np.concatenate([table.count.sum(axis=0), table.count.sum(axis=1)])
    return "zero_variance" if (margins == 0).any() else None
