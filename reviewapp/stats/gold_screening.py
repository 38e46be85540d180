"""How many golds it takes to tell a good annotator from a bad one: a fixed number, or fewer one after the other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.stats import binom

from reviewapp.stats.sequential.sprt import SequentialTest

Verdict = Literal["good", "bad", "undecided"]

MOST_GOLDS, BLOCK = 10_000, 500


@dataclass(frozen=True, slots=True)
class GoldScreen:
    """Wald's sequential test of accuracy `good` against `bad` on golds.

    `false_alarm` bounds the chance to reject a good annotator, `miss` that to accept a bad one; 0 < bad < good < 1.
    Its steps and limits are those of `test`. Source: Wald 1945.
    """

    good: float
    bad: float
    false_alarm: float = 0.05
    miss: float = 0.05

    def __post_init__(self) -> None:
        """Refuse a screen that cannot tell anything."""
        if not 0 < self.bad < self.good < 1:
            raise ValueError("0 < bad < good < 1")
        if not (0 < self.false_alarm < 0.5 and 0 < self.miss < 0.5):
            raise ValueError("both error probabilities lie strictly between 0 and one half")

    @property
    def test(self) -> SequentialTest:
        """Wald's test of the accuracy `bad` (to be rejected) against `good`."""
        return SequentialTest(self.bad, self.good, alpha=self.miss, beta=self.false_alarm)

    def expected_golds(self, verdict: Literal["good", "bad"]) -> float:
        """Return Wald's approximate mean number of golds until a verdict for a truly good or bad annotator."""
        accuracy = self.good if verdict == "good" else self.bad
        passes = 1 - self.false_alarm if verdict == "good" else self.miss
        gain = passes * self.test.accept_p1_at + (1 - passes) * self.test.accept_p0_at
        return gain / (accuracy * self.test.llr_per_pass + (1 - accuracy) * self.test.llr_per_fail)


class Screening(NamedTuple):
    """Where a screen stands: its verdict, the log likelihood ratio, and after how many golds."""

    verdict: Verdict
    log_ratio: float
    golds: int


class GoldCount(NamedTuple):
    """A fixed test: ask `golds`, and fail whoever has at most `fail_at` right."""

    golds: int
    fail_at: int


def screen_annotator(answers: Iterable[bool], screen: GoldScreen) -> Screening:
    """Return the verdict after answers (True is right) in the order given; it stands at the first limit reached."""
    test, right, golds = screen.test, 0, 0
    for answer in answers:
        golds += 1
        right += answer
        decision = test.decide(right, golds - right)
        if decision != "continue":
            verdict: Verdict = "good" if decision == "accept_p1" else "bad"
            return Screening(verdict, test.log_likelihood_ratio(right, golds - right), golds)
    return Screening("undecided", test.log_likelihood_ratio(right, golds - right), golds)


def golds_needed(screen: GoldScreen) -> GoldCount:
    """Return the smallest fixed number of golds n and mark c with both error probabilities in bounds.

    P(X <= c | good) <= false alarm and P(X > c | bad) <= miss for X binomial(n). ValueError beyond 10,000 golds.
    """
    # Sizes are not monotone because counts are whole, so each is tried, a block of them at a time.
    for start in range(1, MOST_GOLDS + 1, BLOCK):
        n = np.arange(start, start + BLOCK)
        # The lowest mark that lets few enough bad annotators pass is the best chance for the good ones.
        mark = binom.ppf(1 - screen.miss, n, screen.bad).astype(np.int64)
        enough = np.flatnonzero((mark < n) & (binom.cdf(mark, n, screen.good) <= screen.false_alarm))
        if enough.size:
            return GoldCount(int(n[enough[0]]), int(mark[enough[0]]))
    raise ValueError(f"telling {screen.good} from {screen.bad} takes more than {MOST_GOLDS} golds")
