"""Signals that somebody should look at a reviewer's work: too quick, always the same answer, nothing told apart.

Signals, never evidence: each has the rate at which it is raised for honest work under a stated assumption, and what it
means is for a person to find out. `tests/golds/test_simulated_crowds.py` measures both rates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.estimate import Estimate
from reviewapp.stats.proportions import wilson

Kind = Literal["quick", "same_answer", "tells_nothing_apart"]

FEWEST_LABELS = 20
QUICK_BELOW = 1 / 3
QUICK_SHARE = 0.25
QUICK_CONFIDENCE = 0.99
RUN_P_VALUE = 0.001
RARER = 0.5
FEWEST_OTHERS = 3
HALF_AS_WELL = 0.5


@dataclass(frozen=True, slots=True)
class Signal:
    """One raised signal: the figure, what is usual, and out of how many labels."""

    kind: Kind
    value: float
    usual: float
    n: int


def quick_labels(seconds: ArrayLike, medians_of_others: ArrayLike) -> Signal | None:
    """Raise *quick* where more than a quarter of the labels took less than a third of what others typically need.

    `seconds` has one entry a label, `medians_of_others` each other reviewer's median; what is typical is the median of
    those. Raised when the lower 99 % Wilson limit of the share lies above 0.25: for somebody whose true share is at
    most that, in less than 1 of 100. None with fewer than 20 labels or no others.
    """
    own, others = np.asarray(seconds, dtype=float), np.asarray(medians_of_others, dtype=float)
    if own.size < FEWEST_LABELS or others.size == 0:
        return None
    typical = float(np.median(others))
    n_quick = int((own < typical * QUICK_BELOW).sum())
    if wilson(n_quick, own.size, QUICK_CONFIDENCE).low <= QUICK_SHARE:
        return None
    return Signal("quick", n_quick / own.size, typical, int(own.size))


def same_answers(categories: Sequence[int], shares_of_others: ArrayLike) -> Signal | None:
    """Raise *same answer* where one answer came so often in a row that chance does not explain it.

    `categories` are a person's answers in their order, `shares_of_others` how often the others give each. The order of
    tasks is random, so a run of L equal answers has the probability of such a run in n independent draws. To allow for
    lenient people, everybody may give the *other* answers half as often. Raised where that probability, times the
    number of answers in use, is below 0.001: for anybody within that allowance in less than 1 of 1,000.
    """
    shares = np.asarray(shares_of_others, dtype=float)
    n = len(categories)
    if n < FEWEST_LABELS or shares.sum() <= 0:
        return None
    length, answer = _longest_run(categories)
    share = float(shares[answer] / shares.sum())
    lenient = 1 - RARER * (1 - share)
    in_use = max(int((shares > 0).sum()), 1)
    if lenient >= 1 or in_use * run_probability(length, n, lenient) >= RUN_P_VALUE:
        return None
    return Signal("same_answer", float(length), share, n)


def tells_nothing_apart(own: Estimate | None, of_others: Sequence[Estimate]) -> Signal | None:
    """Raise *tells nothing apart* where informedness is surely less than half of that of the typical other person.

    Informedness is TPR + TNR - 1 against the answers of record; for whoever always passes, or guesses, it is 0. Against
    answers that may be wrong themselves everybody's is smaller, so the others are the measure. Raised when the upper
    95 % limit lies below half of their median, with at least three of them: for somebody who is at least half as good
    in less than 1 of 40.
    """
    known = [each.value for each in of_others if each.value is not None]
    if own is None or own.value is None or own.high is None or len(known) < FEWEST_OTHERS or own.n < FEWEST_LABELS:
        return None
    typical = float(np.median(known))
    if own.high >= HALF_AS_WELL * typical:
        return None
    return Signal("tells_nothing_apart", own.value, typical, own.n)


def run_probability(length: int, n: int, p: float) -> float:
    """Return P(a run of at least `length` successes in n independent draws of probability p).

    With f(m) = P(no such run in m): f(m) = 1 for m < L, f(L) = 1 - p^L, and f(m) = f(m - 1) - (1 - p) p^L f(m - L - 1)
    (Feller 1968, XIII.7).
    """
    if length > n:
        return 0.0
    none = np.ones(n + 1)
    step = p**length
    none[length] = 1 - step
    for m in range(length + 1, n + 1):
        none[m] = none[m - 1] - (1 - p) * step * none[m - length - 1]
    return float(1 - none[n])


def _longest_run(categories: Sequence[int]) -> tuple[int, int]:
    """Return the length of the longest run of equal answers, and the answer; the first of several."""
    best, answer, length, last = 0, categories[0], 0, None
    for category in categories:
        length = length + 1 if category == last else 1
        last = category
        if length > best:
            best, answer = length, category
    return best, answer
