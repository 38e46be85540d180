"""Can the AI stand in for a human annotator: the alternative annotator test of Calderon, Reichart & Dror (ACL 2025).

Supporting evidence, not the gate: where one class dominates, an AI that always gives it passes. Hence epsilon .1,
advantage by class, and optional weights that give every class the same say.
"""

from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student
from scipy.stats import wilcoxon

from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray, kish, whole_numbers
from reviewapp.stats.estimate import Undefined
from reviewapp.stats.multiple_testing import benjamini_yekutieli

MISSING = -1
Scoring = Literal["accuracy", "rmse"]
_SMALL = 30
_RECOMMENDED_ANNOTATORS = 3


@dataclass(frozen=True)
class AnnotatorComparison:
    """The AI against annotator `annotator` (column of the matrix) on that person's `n` usable items.

    `ai_advantage` is rho^f, the share of items on which the AI is at least as close to the other people as the
    annotator, `human_advantage` rho^h the reverse (ties count for both); `difference` = rho^h - rho^f is tested against
    epsilon by `statistic` (None for the Wilcoxon test) and `p_value`.
    """

    annotator: int
    n: int
    ai_advantage: float
    human_advantage: float
    difference: float
    statistic: float | None
    p_value: float
    rejected: bool


@dataclass(frozen=True)
class AlternativeTest:
    """Winning rate omega, average advantage probability rho and what they rest on.

    `passed` when omega >= .5. `class_advantage[k]` is the AI's advantage where the others say k (None where nobody
    does; empty for numeric labels). With `undefined` set there is no omega and no rho, and nothing passed.
    """

    omega: float | None
    rho: float | None
    passed: bool
    epsilon: float
    annotators: tuple[AnnotatorComparison, ...]
    class_advantage: tuple[float | None, ...] = ()
    undefined: Undefined | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Duel:
    """The AI against one annotator, item by item; `others` is the share of the other people's labels in each class."""

    annotator: int
    ai_wins: BoolArray
    human_wins: BoolArray
    others: FloatArray


def _nominal_duel(labels: FloatArray, ai: FloatArray, counts: IntArray, usable: BoolArray, j: int) -> _Duel:
    """Closeness of x = number of other people who say x; compared as integers, so that ties are ties."""
    rows = usable & (labels[:, j] != MISSING)
    own, machine = labels[rows, j].astype(np.int64), ai[rows].astype(np.int64)
    others = counts[rows].copy()
    index = np.arange(len(own))
    others[index, own] -= 1
    human, model = others[index, own], others[index, machine]
    return _Duel(j, model >= human, human >= model, others / others.sum(axis=1, keepdims=True))


def _numeric_duel(labels: FloatArray, ai: FloatArray, usable: BoolArray, j: int) -> _Duel:
    """Closeness of x = minus the root mean square distance to the other people's values."""
    rows = usable & ~np.isnan(labels[:, j])
    others = np.delete(labels[rows], j, axis=1)
    human = np.nanmean((others - labels[rows, j][:, None]) ** 2, axis=1)
    model = np.nanmean((others - ai[rows][:, None]) ** 2, axis=1)
    return _Duel(j, model <= human, human <= model, np.empty((len(human), 0)))


def _class_weights(duel: _Duel) -> FloatArray:
    """Item weights under which every class the others use carries the same total weight."""
    prevalence = duel.others.sum(axis=0)
    inverse = np.divide(1.0, prevalence, out=np.zeros_like(prevalence), where=prevalence > 0)
    return np.asarray(duel.others @ inverse, dtype=np.float64)


def _t_test(d: FloatArray, weight: FloatArray, epsilon: float) -> tuple[float, float]:
    """One-sided t-test of H0: E d >= epsilon; linearised variance, Kish's n - 1 degrees of freedom."""
    total, n = float(weight.sum()), len(d)
    mean = float(weight @ d) / total
    error = sqrt(float(weight**2 @ (d - mean) ** 2) / total**2 * n / (n - 1))
    if error == 0:
        return (-inf, 0.0) if mean < epsilon else (inf, 1.0)
    statistic = (mean - epsilon) / error
    return statistic, float(student.cdf(statistic, kish(weight) - 1))


def _compare(duel: _Duel, epsilon: float, *, balance_classes: bool) -> AnnotatorComparison:
    """Test one annotator; `rejected` is decided over all of them afterwards."""
    weight = _class_weights(duel) if balance_classes else np.ones(len(duel.ai_wins))
    share = weight / weight.sum()
    d = duel.human_wins.astype(np.float64) - duel.ai_wins
    statistic: float | None = None
    if len(d) < _SMALL and not balance_classes:
        p_value = float(wilcoxon(d - epsilon, alternative="less").pvalue)
    else:
        statistic, p_value = _t_test(d, weight, epsilon)
    return AnnotatorComparison(
        annotator=duel.annotator,
        n=len(d),
        ai_advantage=float(share @ duel.ai_wins),
        human_advantage=float(share @ duel.human_wins),
        difference=float(share @ d),
        statistic=statistic if statistic is None or abs(statistic) < inf else None,
        p_value=p_value,
        rejected=False,
    )


def _by_class(duels: list[_Duel]) -> tuple[float | None, ...]:
    wins = np.sum([duel.ai_wins @ duel.others for duel in duels], axis=0)
    totals = np.sum([duel.others.sum(axis=0) for duel in duels], axis=0)
    return tuple(float(won / total) if total > 0 else None for won, total in zip(wins, totals, strict=True))


def _warnings(comparisons: list[AnnotatorComparison], *, balance_classes: bool) -> tuple[str, ...]:
    found = []
    if len(comparisons) < _RECOMMENDED_ANNOTATORS:
        found.append("fewer_than_3_annotators")
    if any(comparison.p_value in (0.0, 1.0) for comparison in comparisons):
        found.append("an_annotator_without_variance")
    if balance_classes and min(comparison.n for comparison in comparisons) < _SMALL:
        found.append("fewer_than_30_items_for_the_weighted_t_test")
    return tuple(found)


def _duels(labels: FloatArray, ai: FloatArray, scoring: Scoring) -> list[_Duel]:
    annotators = range(labels.shape[1])
    if scoring == "rmse":
        usable = ((~np.isnan(labels)).sum(axis=1) >= 2) & ~np.isnan(ai)
        return [_numeric_duel(labels, ai, usable, j) for j in annotators]
    usable = ((labels != MISSING).sum(axis=1) >= 2) & (ai != MISSING)
    q = int(max(labels.max(initial=0), ai.max(initial=0))) + 1
    counts = np.stack([(labels == code).sum(axis=1) for code in range(q)], axis=1)
    return [_nominal_duel(labels, ai, counts, usable, j) for j in annotators]


def alternative_annotator_test(
    humans: ArrayLike,
    ai: ArrayLike,
    *,
    epsilon: float = 0.1,
    q: float = 0.05,
    min_items: int = 30,
    scoring: Scoring = "accuracy",
    balance_classes: bool = False,
) -> AlternativeTest:
    """Run the test on an items × annotators matrix and one AI label per item.

    `accuracy`: category codes 0, 1, …, -1 missing; `rmse`: numbers, NaN missing. Used are items with an AI label and at
    least two human ones, annotators with at least `min_items` of those. Per annotator j: d_i = W^h - W^f, t-test of
    E d >= epsilon (Wilcoxon below 30 items); omega = share rejected under Benjamini-Yekutieli at q; rho = mean of
    rho^f. epsilon: .2 experts, .15 skilled, .1 crowd workers; .1 is the default here because .2 lets an AI 15 points
    worse than the people pass 43 % of the time at 100 items. `balance_classes` weights items by the inverse prevalence
    of what the others say. Undefined (`below_min_n`) when no annotator has enough items.
    """
    labels, machine = np.asarray(humans, dtype=np.float64), np.asarray(ai, dtype=np.float64)
    if labels.ndim != 2 or machine.shape != (len(labels),):
        raise ValueError("the test needs an items × annotators matrix and one AI label per item")
    if scoring == "accuracy":
        whole_numbers(labels, "category codes")
        whole_numbers(machine, "category codes")
    if balance_classes and scoring != "accuracy":
        raise ValueError("only nominal labels have classes to balance")
    duels = [duel for duel in _duels(labels, machine, scoring) if len(duel.ai_wins) >= max(min_items, 2)]
    if not duels:
        return AlternativeTest(None, None, passed=False, epsilon=epsilon, annotators=(), undefined="below_min_n")
    tested = [_compare(duel, epsilon, balance_classes=balance_classes) for duel in duels]
    rejected = benjamini_yekutieli([comparison.p_value for comparison in tested], q).rejected
    omega = float(rejected.mean())
    return AlternativeTest(
        omega=omega,
        rho=float(np.mean([comparison.ai_advantage for comparison in tested])),
        passed=omega >= 0.5,
        epsilon=epsilon,
        annotators=tuple(
            replace(comparison, rejected=bool(decision)) for comparison, decision in zip(tested, rejected, strict=True)
        ),
        class_advantage=_by_class(duels) if scoring == "accuracy" else (),
        warnings=_warnings(tested, balance_classes=balance_classes),
    )
