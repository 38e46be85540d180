"""How often each rater agrees with the plurality of the others: the look at raters where there are no golds."""

import numpy as np

from reviewapp.stats.arrays import BoolArray
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.labels import Labels, votes


def peer_agreement(labels: Labels, *, confidence: float = 0.95) -> tuple[Estimate, ...]:
    """Return for each rater the share of labels equal to the plurality of the other labels on the item, Wilson limits.

    Labels on which nobody else voted, or on which the others tie, do not count; n is the labels that do. Errors that
    raters share raise it. Undefined without such a label (`no_pairs`). O(L q).
    """
    method = "peer_agreement_wilson"
    agrees, counts = _against_the_others(labels)
    right = np.bincount(labels.rater, weights=agrees & counts, minlength=labels.n_raters)
    total = np.bincount(labels.rater, weights=counts, minlength=labels.n_raters)
    return tuple(
        wilson_rate(float(x), float(n), method=method, undefined="no_pairs", confidence=confidence)
        for x, n in zip(right, total, strict=True)
    )


def _against_the_others(labels: Labels) -> tuple[BoolArray, BoolArray]:
    """Return for each label whether it is the plurality of the others, and whether they have one; shape (L,) each."""
    others = votes(labels)[labels.item]
    others[np.arange(labels.n_labels), labels.category] -= 1
    most = others.max(axis=1, keepdims=True, initial=0)
    leading = others == most
    has_plurality = (leading.sum(axis=1) == 1) & (most[:, 0] > 0)
    return leading[np.arange(labels.n_labels), labels.category], has_plurality
