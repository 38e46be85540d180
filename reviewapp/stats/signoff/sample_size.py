"""How many labels a sign-off looked at once will take: planned before the stage starts."""

from typing import NamedTuple

import numpy as np
from scipy.stats import binom, nbinom

# Plans are searched in blocks of this many tolerated failures, up to the limit.
_BLOCK = 1024
_MAX_FAILURES = 100_000


class PowerPlan(NamedTuple):
    """Label `n` records and certify when at most `max_failures` fail; succeeds with probability `power` at p1."""

    n: int
    max_failures: int
    power: float


def _check(p0: float, confidence: float) -> None:
    if not 0 < p0 < 1:
        raise ValueError("the bar lies strictly between 0 and 1")
    if not 0 < confidence < 1:
        raise ValueError("confidence lies strictly between 0 and 1")


def labels_to_demonstrate(p0: float, failures: int = 0, confidence: float = 0.95) -> int:
    """Smallest n at which n - failures passes put the one-sided Clopper-Pearson lower bound at p0 or above.

    Equivalent to P(Bin(n, 1 - p0) <= failures) <= 1 - confidence, hence a negative binomial quantile; without
    failures ceil(ln(1 - confidence) / ln p0).
    """
    _check(p0, confidence)
    if failures < 0:
        raise ValueError("failures are counted from 0")
    return int(failures + 1 + nbinom.isf(1 - confidence, failures + 1, 1 - p0))


def labels_with_power(p0: float, p1: float, power: float = 0.8, confidence: float = 0.95) -> PowerPlan:
    """First n at which a process of true pass rate p1 > p0 is certified at p0 with probability >= `power`.

    Certified = one-sided Clopper-Pearson lower bound >= p0. Power is saw-toothed in n: it rises only where one more
    failure becomes tolerable, so those n are the only candidates. ValueError when p1 <= p0 (no n is enough) or when
    more than a hundred thousand failures would have to be tolerated.
    """
    _check(p0, confidence)
    if not p0 < p1 < 1:
        raise ValueError("the expected pass rate lies above the bar and below 1")
    if not 0 < power < 1:
        raise ValueError("power lies strictly between 0 and 1")
    for start in range(0, _MAX_FAILURES, _BLOCK):
        failures = np.arange(start, start + _BLOCK)
        n = failures + 1 + nbinom.isf(1 - confidence, failures + 1, 1 - p0)
        reached = binom.cdf(failures, n, 1 - p1)
        enough = np.flatnonzero(reached >= power)
        if len(enough):
            first = int(enough[0])
            return PowerPlan(int(n[first]), int(failures[first]), float(reached[first]))
    raise ValueError("the expected pass rate is too close to the bar to plan for")
