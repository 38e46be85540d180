"""What a judge's mistakes cost per item, from its 2 × 2 table and the cost of either mistake.

Source of the interval: MOVER (Zou & Donner 2008) over the two shares with Wilson limits at their effective sizes.
"""

from math import sqrt

from reviewapp.stats.contingency import WeightedTable
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.judge_description import FN, FP, TN, TP, effective_size


def mistake_cost(table: WeightedTable, *, false_pass: float, false_fail: float, confidence: float = 0.95) -> Estimate:
    """Return the mean cost of an item that only the judge looks at, in the unit of the two costs (both ≥ 0).

    `false_pass`: people fail what the judge passes. The two shares hinder each other; leaving that out makes the
    interval slightly too wide. Undefined without labels.
    """
    method = "weighted_cost_mover"
    if false_pass < 0 or false_fail < 0:
        raise ValueError("a mistake costs nothing or something")
    if not table.n:
        return no_estimate("no_labels", method=method, confidence=confidence, population="process")
    value = below = above = 0.0
    for cell, cost in ((FP, false_pass), (FN, false_fail)):
        rest = [other for other in (TP, FN, FP, TN) if other != cell]
        share = float(table.share[cell])
        size = effective_size(table, [cell], rest)
        rate = wilson_rate(share * size, size, method=method, labels=table.n, confidence=confidence)
        value += cost * share
        below += (cost * (share - (rate.low or 0.0))) ** 2
        above += (cost * ((1.0 if rate.high is None else rate.high) - share)) ** 2
    return Estimate(
        value=value,
        low=max(0.0, value - sqrt(below)),
        high=min(max(false_pass, false_fail), value + sqrt(above)),
        method=method,
        n=table.n,
        confidence=confidence,
        population="process",
    )
