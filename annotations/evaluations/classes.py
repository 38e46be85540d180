"""Per-class report and macro F1 of answers that name one of several classes."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.grouped import BY_GROUP, Group, units_of

MOST_CLASSES = 500
METHOD = "macro_f1_delta"


class ClassScore(NamedTuple):
    """One class: how many rows expect it (`support`) and answer it; a rate is None where its base is 0."""

    value: str
    support: int
    predicted: int
    hits: int

    @property
    def precision(self) -> float | None:
        """Of the rows that answer it, the share that are right."""
        return self.hits / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Of the rows that expect it, the share that answer it."""
        return self.hits / self.support if self.support else None

    @property
    def f1(self) -> float:
        """2 hits / (support + predicted)."""
        return 2 * self.hits / (self.support + self.predicted)


def class_report(expected: Sequence[str], predicted: Sequence[str]) -> list[ClassScore]:
    """Return the classes that occur among the expected answers, the most frequent first.

    Answers outside of them count as misses of what was expected. Shapes: (n,) each.
    """
    support: dict[str, int] = {}
    answered: dict[str, int] = {}
    hits: dict[str, int] = {}
    for wanted, found in zip(expected, predicted, strict=True):
        support[wanted] = support.get(wanted, 0) + 1
        answered[found] = answered.get(found, 0) + 1
        if wanted == found:
            hits[wanted] = hits.get(wanted, 0) + 1
    classes = sorted(support, key=lambda name: (-support[name], name))
    return [ClassScore(name, support[name], answered.get(name, 0), hits.get(name, 0)) for name in classes]


def macro_f1(
    expected: Sequence[str],
    predicted: Sequence[str],
    groups: Sequence[Group] | None = None,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Mean of the classes' F1, over the classes that occur among the expected answers, with a delta-method interval.

    With cell shares p_ij of n rows, F1_k = 2 p_kk / (p_k. + p_.k), and the variance of the mean is
    (Σ p g² - (Σ p g)²) / n, g its gradient (Takahashi and others 2022); where rows share groups, that of the groups'
    totals of g. Undefined without rows, with one class
    expected only, and for answers that are free text (no class twice, or more than 500 classes).
    """
    n = len(expected)
    classes = class_report(expected, predicted)
    if not n:
        return no_estimate("no_labels", method=METHOD, confidence=confidence, population="process")
    if len(classes) == 1:
        return no_estimate("single_category", method=METHOD, n=n, confidence=confidence, population="process")
    if len(classes) > MOST_CLASSES or (len(classes) == n and n > 2):
        return no_estimate("free_text", method=METHOD, n=n, confidence=confidence, population="process")
    number = {each.value: index for index, each in enumerate(classes)}
    k, other = len(classes), len(classes)
    rows = np.asarray([number[name] for name in expected])
    columns = np.asarray([number.get(name, other) for name in predicted])
    cells, place, counts = np.unique(np.stack([rows, columns]), axis=1, return_inverse=True, return_counts=True)
    share = counts / n
    size = np.asarray([(each.support + each.predicted) / n for each in classes] + [1.0])
    half = np.asarray([each.hits / n for each in classes] + [0.0]) / size**2
    right = cells[0] == cells[1]
    gradient = (2 * right / size[cells[0]] - 2 * half[cells[0]] - 2 * half[cells[1]]) / k
    variance = float(np.sum(share * gradient**2) - np.sum(share * gradient) ** 2) / n
    value = sum(each.f1 for each in classes) / k
    reach = float(norm.isf((1 - confidence) / 2)) * sqrt(max(variance, 0.0))
    method, units = METHOD, units_of(groups) if groups is not None else None
    if units is not None:
        method += BY_GROUP
        each_row = gradient[place.reshape(-1)]
        between = units.variance(each_row - each_row.mean()) / n**2
        reach = units.reach(confidence) * sqrt(max(variance, between, 0.0))
    low, high = max(0.0, value - reach), min(1.0, value + reach)
    return Estimate(value, low, high, method, n, None, confidence, "process")
