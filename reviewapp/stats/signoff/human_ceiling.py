"""How well an AI can agree with people at all: its agreement beside theirs with each other, on the same items."""

from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from reviewapp.stats.agreement.cohen import cohen_kappa, cross_codes
from reviewapp.stats.arrays import FloatArray, IntArray, whole_numbers
from reviewapp.stats.estimate import Estimate, no_estimate

MISSING = -1


@dataclass(frozen=True)
class HumanCeiling:
    """AI-human beside human-human agreement; all three undefined together.

    `difference` is AI-human minus human-human, its `low` the one-sided 1 - alpha limit that decides `non_inferior`.
    `human_human_kappa` holds Cohen's kappa of every pair of annotators (in the order 0-1, 0-2, …, 1-2, …), and
    `ai_human_kappa` that of the AI with each; None where a pair shares no items or uses one category only.
    """

    human_human: Estimate
    ai_human: Estimate
    difference: Estimate
    margin: float
    non_inferior: bool
    human_human_kappa: tuple[float | None, ...]
    ai_human_kappa: tuple[float | None, ...]


def _mean_estimate(values: FloatArray, method: str, alpha: float, *, least: float = 0.0) -> Estimate:
    """Mean over items with a t interval cut at `least` and 1; without one when there is a single item or no spread to
    judge it by."""
    n, mean = len(values), float(values.mean())
    spread = float(values.std(ddof=1)) if n > 1 else 0.0
    if spread == 0:
        return Estimate(
            mean, None, None, method, n, None, 1 - 2 * alpha, "process", warnings=("zero_variance_no_interval",)
        )
    half = float(student.isf(alpha, n - 1)) * spread / sqrt(n)
    return Estimate(mean, max(mean - half, least), min(mean + half, 1.0), method, n, None, 1 - 2 * alpha, "process")


def _kappa(first: IntArray, second: IntArray) -> float | None:
    """Cohen's kappa of two vectors of codes over the items both have."""
    both = (first != MISSING) & (second != MISSING)
    return cohen_kappa(cross_codes(first[both], second[both])).estimate.value


def human_ceiling(humans: ArrayLike, ai: ArrayLike, margin: float = 0.05, alpha: float = 0.05) -> HumanCeiling:
    """Compare AI-human with human-human agreement per item.

    `humans` is an items × annotators matrix of category codes 0, 1, … with -1 for missing, `ai` one code (or -1) per
    item. Used are items with an AI label and at least two human ones: A_i = share of i's human labels equal to the
    AI's, H_i = share of equal pairs among them, D = mean(A_i - H_i), t interval on n - 1. Non-inferior when the
    one-sided 1 - alpha lower limit of D lies above -margin. Never compare with a majority of the same people: it is
    cleaner than any of them. Undefined (`no_pairs`) without such items.
    """
    labels = whole_numbers(humans, "category codes")
    machine = whole_numbers(ai, "category codes")
    if labels.ndim != 2 or machine.shape != (len(labels),):
        raise ValueError("the ceiling needs an items × annotators matrix and one AI label per item")
    given = labels != MISSING
    usable = (given.sum(axis=1) >= 2) & (machine != MISSING)
    pairs = tuple(_kappa(labels[:, j], labels[:, k]) for j, k in combinations(range(labels.shape[1]), 2))
    with_ai = tuple(_kappa(machine, labels[:, j]) for j in range(labels.shape[1]))
    if not usable.any():
        none = no_estimate("no_pairs", method="mean_over_items_t", confidence=1 - 2 * alpha, population="process")
        return HumanCeiling(
            none, none, none, margin, non_inferior=False, human_human_kappa=pairs, ai_human_kappa=with_ai
        )
    kept, present, answer = labels[usable], given[usable], machine[usable]
    raters = present.sum(axis=1)
    agrees = ((kept == answer[:, None]) & present).sum(axis=1) / raters
    counts = np.stack([(kept == code).sum(axis=1) for code in range(int(kept.max()) + 1)], axis=1)
    among = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    difference = _mean_estimate(agrees - among, "paired_mean_over_items_t", alpha, least=-1.0)
    return HumanCeiling(
        human_human=_mean_estimate(among, "mean_over_items_t", alpha),
        ai_human=_mean_estimate(agrees, "mean_over_items_t", alpha),
        difference=difference,
        margin=margin,
        non_inferior=difference.low is not None and difference.low > -margin,
        human_human_kappa=pairs,
        ai_human_kappa=with_ai,
    )
