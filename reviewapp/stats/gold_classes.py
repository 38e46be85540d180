"""Golds class by class: a clicker who always passes is right most of the time, and shows here."""

from dataclasses import dataclass

import numpy as np

from reviewapp.stats.arrays import IntArray
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.difference import informedness
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.labels import Labels


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
    return tuple(_recall(int(row[j]), int(row.sum()), confidence) for j, row in enumerate(confusion))


def gold_rates(confusion: IntArray, *, positive: int = 1, confidence: float = 0.95) -> GoldRates:
    """Return TPR, TNR and informedness of one annotator from a (2, 2) confusion, rows truth.

    Wilson limits for the rates, for informedness those of `difference.informedness`. `missing_class` where a class has
    no gold.
    """
    if confusion.shape != (2, 2) or positive not in (0, 1):
        raise ValueError("TPR and TNR are rates of two classes")
    tpr, tnr = (_recall(int(confusion[j, j]), int(confusion[j].sum()), confidence) for j in (positive, 1 - positive))
    return GoldRates(tpr, tnr, informedness(tpr, tnr))


def _recall(right: int, n: int, confidence: float) -> Estimate:
    """Return right / n with Wilson limits, or that the class is missing."""
    return wilson_rate(right, n, method="class_recall_wilson", undefined="missing_class", confidence=confidence)
