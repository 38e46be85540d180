"""How many golds it takes to tell a good annotator from a bad one: a fixed number, or fewer one after the other."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple

from scipy.stats import binom

Verdict = Literal["good", "bad", "undecided"]

MOST_GOLDS = 10_000


@dataclass(frozen=True, slots=True)
class GoldScreen:
    """Wald's sequential test of accuracy `good` against `bad` on golds.

    `false_alarm` bounds the chance to reject a good annotator, `miss` that to accept a bad one; 0 < bad < good < 1.
    Steps and limits are in log likelihood ratio, positive for good. Source: Wald 1945.
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
    def right_step(self) -> float:
        """What a right answer adds: log(good / bad)."""
        return log(self.good / self.bad)

    @property
    def wrong_step(self) -> float:
        """What a wrong answer adds, negative: log((1 - good) / (1 - bad))."""
        return log((1 - self.good) / (1 - self.bad))

    @property
    def accept_at(self) -> float:
        """Limit above which the annotator passes: log((1 - false alarm) / miss)."""
        return log((1 - self.false_alarm) / self.miss)

    @property
    def reject_at(self) -> float:
        """Limit below which the annotator fails, negative: log(false alarm / (1 - miss))."""
        return log(self.false_alarm / (1 - self.miss))

    def expected_golds(self, verdict: Literal["good", "bad"]) -> float:
        """Return Wald's approximate mean number of golds until a verdict for a truly good or bad annotator."""
        accuracy = self.good if verdict == "good" else self.bad
        passes = 1 - self.false_alarm if verdict == "good" else self.miss
        gain = passes * self.accept_at + (1 - passes) * self.reject_at
        return gain / (accuracy * self.right_step + (1 - accuracy) * self.wrong_step)


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
    ratio, golds = 0.0, 0
    for right in answers:
        golds += 1
        ratio += screen.right_step if right else screen.wrong_step
        if ratio >= screen.accept_at:
            return Screening("good", ratio, golds)
        if ratio <= screen.reject_at:
            return Screening("bad", ratio, golds)
    return Screening("undecided", ratio, golds)


def golds_needed(screen: GoldScreen) -> GoldCount:
    """Return the smallest fixed number of golds n and mark c with both error probabilities in bounds.

    P(X <= c | good) <= false alarm and P(X > c | bad) <= miss for X binomial(n). ValueError beyond 10,000 golds.
    """
    # Sizes are not monotone because counts are whole, so each is tried in turn.
    for n in range(1, MOST_GOLDS + 1):
        # The lowest mark that lets few enough bad annotators pass is the best chance for the good ones.
        mark = int(binom.ppf(1 - screen.miss, n, screen.bad))
        if mark < n and binom.cdf(mark, n, screen.good) <= screen.false_alarm:
            return GoldCount(n, mark)
    raise ValueError(f"telling {screen.good} from {screen.bad} takes more than {MOST_GOLDS} golds")
