"""Wald's sequential probability ratio test between two pass rates: the fewest labels when both are named beforehand."""

from dataclasses import dataclass
from math import ceil, log
from typing import Literal

Decision = Literal["accept_p0", "accept_p1", "continue"]


@dataclass(frozen=True)
class SequentialTest:
    """Test of p0 (not good enough) against p1 > p0 with error rates alpha (false p1) and beta (false p0).

    Log likelihood ratio LLR = S ln(p1/p0) + F ln((1-p1)/(1-p0)); accept p1 at ln((1-beta)/alpha) or above, p0 at
    ln(beta/(1-alpha)) or below, else continue (Wald 1945). ValueError unless 0 < p0 < p1 < 1 and alpha + beta < 1.
    """

    p0: float
    p1: float
    alpha: float = 0.05
    beta: float = 0.05

    def __post_init__(self) -> None:
        """Refuse hypotheses and errors that make no test."""
        if not 0 < self.p0 < self.p1 < 1:
            raise ValueError("a sequential test needs 0 < p0 < p1 < 1")
        if not (self.alpha > 0 and self.beta > 0 and self.alpha + self.beta < 1):
            raise ValueError("error rates are positive and sum to less than 1")

    @property
    def llr_per_pass(self) -> float:
        """What one pass adds to the log likelihood ratio."""
        return log(self.p1 / self.p0)

    @property
    def llr_per_fail(self) -> float:
        """What one failure adds (a negative number)."""
        return log((1 - self.p1) / (1 - self.p0))

    @property
    def accept_p1_at(self) -> float:
        """The upper boundary."""
        return log((1 - self.beta) / self.alpha)

    @property
    def accept_p0_at(self) -> float:
        """The lower boundary."""
        return log(self.beta / (1 - self.alpha))

    @property
    def labels_without_failure(self) -> int:
        """How many straight passes accept p1."""
        return ceil(self.accept_p1_at / self.llr_per_pass)

    def log_likelihood_ratio(self, passes: int, failures: int) -> float:
        """Evidence for p1 over p0 after these counts; 0 without labels."""
        return passes * self.llr_per_pass + failures * self.llr_per_fail

    def decide(self, passes: int, failures: int) -> Decision:
        """Say what these counts decide; valid at the first look at which a boundary is crossed."""
        evidence = self.log_likelihood_ratio(passes, failures)
        if evidence >= self.accept_p1_at:
            return "accept_p1"
        return "accept_p0" if evidence <= self.accept_p0_at else "continue"


def sprt_for_bar(p0: float, alpha: float = 0.05, beta: float = 0.05) -> SequentialTest:
    """Return the test whose alternative closes 60 % of the gap between the bar and perfection."""
    return SequentialTest(p0, p0 + 0.6 * (1 - p0), alpha, beta)
