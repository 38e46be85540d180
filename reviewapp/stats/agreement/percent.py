"""Percent agreement: the share of label pairs on the same item that agree, with partial credit if weighted."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.agreement.counts import ItemCounts
from reviewapp.stats.agreement.intervals import effective_wilson, linearised_error
from reviewapp.stats.agreement.weights import checked_weights
from reviewapp.stats.arrays import FloatArray, kish
from reviewapp.stats.estimate import Estimate, Population, no_estimate


class ObservedAgreement(NamedTuple):
    """Agreement p_a over items with two labels or more, and its term for each item (0 for the others)."""

    share: float
    by_item: FloatArray


def observed_agreement(counts: ItemCounts, weights: FloatArray) -> ObservedAgreement:
    """Return p_a and p_a|i = Σ_k r_ik (r*_ik - 1) / (r_i (r_i - 1)), r*_ik = Σ_l w_kl r_il; needs a pairable item.

    `by_item` has shape (N,). The mean is over items with r_i >= 2, weighted by 1/π.
    """
    r = counts.labels_per_item
    credit = (counts.counts * (counts.counts @ weights - 1)).sum(axis=1)
    by_item = np.divide(credit, r * (r - 1), out=np.zeros_like(r), where=counts.pairable)
    share = float(np.average(by_item, weights=counts.weight * counts.pairable))
    return ObservedAgreement(share, by_item)


def percent_agreement(
    counts: ItemCounts,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Estimate:
    """Return p_a in [0, 1] with a Wilson interval at the effective number of pairs p(1-p)/V, V linearised over items.

    `weights` (q, q) give partial credit, None is nominal; n counts items with two labels. Undefined (`no_items`,
    `no_labels`, `no_pairs`) without such an item. Source: Gwet 2014, chapter 5; Wilson 1927.
    """
    method = "percent_agreement_wilson"
    w = checked_weights(weights, counts.n_categories)
    reason = counts.missing_evidence(population)
    if reason:
        return no_estimate(reason, method=method, confidence=confidence, population=population)
    paired = counts.only(counts.pairable)
    share, by_item = observed_agreement(paired, w)
    error = linearised_error(by_item - share, paired.weight, population)
    r = paired.labels_per_item
    limits, n_effective = effective_wilson(
        share, error, units=kish(paired.weight), most=float((r * (r - 1)).sum() / 2), confidence=confidence
    )
    return Estimate(
        value=share,
        low=limits.low,
        high=limits.high,
        method=method,
        n=int(r.size),
        n_effective=n_effective,
        confidence=confidence,
        population=population,
    )
