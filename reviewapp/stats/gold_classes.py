"""Golds class by class: a clicker who always passes is right most of the time, and shows here."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from reviewapp.stats.arrays import IntArray
from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.labels import Labels
from reviewapp.stats.proportions import wilson


@dataclass(frozen=True, slots=True)
class GoldRates:
    """Rates of one annotator on golds of two classes; informedness = TPR + TNR - 1 in [-1, 1] is the headline."""

    true_positive_rate: Estimate
    true_negative_rate: Estimate
    informedness: Estimate


def gold_confusion(answers: Labels, truth: IntArray) -> IntArray:
    """Return how often each annotator said l on golds of truth j, shape (K, q, q) as [annotator, truth, said].

    `answers` has the golds as items; `truth`, shape (N,), is their class.
    """
    q = answers.n_categories
    if truth.shape != (answers.n_items,):
        raise ValueError("every gold has one true class")
    if truth.size and (truth.min() < 0 or truth.max() >= q):
        raise ValueError(f"a true class lies in 0..{q - 1}")
    cell = (answers.rater * q + truth[answers.item]) * q + answers.category
    return np.bincount(cell, minlength=answers.n_raters * q * q).reshape(answers.n_raters, q, q).astype(np.int64)


def class_recall(confusion: IntArray, *, confidence: float = 0.95) -> tuple[Estimate, ...]:
    """Return for each class the share of its golds that one annotator got right, with Wilson limits.

    `confusion` has shape (q, q), rows truth. n counts golds of the class; `missing_class` without any.
    """
    return tuple(
        _rate(int(row[j]), int(row.sum()), "class_recall_wilson", confidence) for j, row in enumerate(confusion)
    )


def gold_rates(confusion: IntArray, *, positive: int = 1, confidence: float = 0.95) -> GoldRates:
    """Return TPR, TNR and informedness of one annotator from a (2, 2) confusion, rows truth.

    Wilson limits for the rates; for informedness J = TPR + TNR - 1 those of MOVER, J - sqrt((TPR - l1)² + (TNR - l0)²)
    and J + sqrt((u1 - TPR)² + (u0 - TNR)²). `missing_class` where a class has no gold.
    Sources: Youden 1950; Newcombe 1998; Zou & Donner 2008.
    """
    if confusion.shape != (2, 2) or positive not in (0, 1):
        raise ValueError("TPR and TNR are rates of two classes")
    tpr, tnr = (
        _rate(int(confusion[j, j]), int(confusion[j].sum()), "class_recall_wilson", confidence)
        for j in (positive, 1 - positive)
    )
    method = "informedness_mover_wilson"
    n = tpr.n + tnr.n
    if not tpr.n or not tnr.n:
        missing = no_estimate("missing_class", method=method, n=n, confidence=confidence, population="process")
        return GoldRates(tpr, tnr, missing)
    (p1, l1, u1), (p0, l0, u0) = (
        (x / size, *wilson(x, size, confidence))
        for x, size in ((int(confusion[j, j]), int(confusion[j].sum())) for j in (positive, 1 - positive))
    )
    informedness = Estimate(
        value=p1 + p0 - 1,
        low=p1 + p0 - 1 - sqrt((p1 - l1) ** 2 + (p0 - l0) ** 2),
        high=p1 + p0 - 1 + sqrt((u1 - p1) ** 2 + (u0 - p0) ** 2),
        method=method,
        n=n,
        confidence=confidence,
        population="process",
    )
    return GoldRates(tpr, tnr, informedness)


def _rate(right: int, n: int, method: str, confidence: float) -> Estimate:
    """Return right / n with Wilson limits, or that the class is missing."""
    if n == 0:
        return no_estimate("missing_class", method=method, confidence=confidence, population="process")
    limits = wilson(right, n, confidence)
    return Estimate(
        value=right / n,
        low=limits.low,
        high=limits.high,
        method=method,
        n=n,
        n_effective=n,
        confidence=confidence,
        population="process",
    )
