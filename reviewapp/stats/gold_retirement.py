"""Golds that trusted annotators fail: probably the gold is wrong, not they."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import whole_numbers
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate

RETIRE_ABOVE = 0.4
FEWEST_ANSWERS = 5


@dataclass(frozen=True, slots=True)
class GoldFailure:
    """How often trusted annotators fail one gold, and whether it should be retired for that."""

    failure: Estimate
    retire: bool


def gold_failures(
    gold: ArrayLike,
    correct: ArrayLike,
    trusted: ArrayLike,
    *,
    n_golds: int,
    retire_above: float = RETIRE_ABOVE,
    fewest_answers: int = FEWEST_ANSWERS,
    confidence: float = 0.95,
) -> tuple[GoldFailure, ...]:
    """Return for each gold the share of trusted answers that fail it, with Wilson limits.

    `gold` (index), `correct` and `trusted` (truth values) have shape (A,), one entry an answer. A gold is to be retired
    when more than `retire_above` of at least `fewest_answers` trusted answers fail it; with fewer answers there is no
    verdict. n counts trusted answers. Undefined without one (`no_labels`).
    """
    index = whole_numbers(gold, "gold indices")
    right, counts = np.asarray(correct, dtype=bool), np.asarray(trusted, dtype=bool)
    if not index.shape == right.shape == counts.shape or index.ndim != 1:
        raise ValueError("gold, correct and trusted have one entry an answer")
    if index.size and (index.min() < 0 or index.max() >= n_golds):
        raise ValueError(f"gold index outside 0..{n_golds - 1}")
    answers = np.bincount(index[counts], minlength=n_golds)
    failures = np.bincount(index[counts & ~right], minlength=n_golds)
    return tuple(
        _failure(int(x), int(n), retire_above, fewest_answers, confidence)
        for x, n in zip(failures, answers, strict=True)
    )


def _failure(x: int, n: int, retire_above: float, fewest_answers: int, confidence: float) -> GoldFailure:
    """Return the failure share x / n of one gold."""
    estimate = wilson_rate(
        x,
        n,
        method="gold_failure_wilson",
        confidence=confidence,
        warnings=("few_trusted_answers",) if 0 < n < fewest_answers else (),
    )
    return GoldFailure(estimate, retire=n >= fewest_answers and x > retire_above * n)
