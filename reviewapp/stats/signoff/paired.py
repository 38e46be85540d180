"""AI against the human decision on the same records: the difference of two paired rates, and non-inferiority.

"Correct" must be judged by a third, better reference (an adjudicated label). Where the human decision is itself the
reference there is no difference to estimate: use agreement and the human ceiling.
"""

from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

from scipy.optimize import bisect
from scipy.stats import binom, norm

from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.pass_rate.labels_only import hajek_mean, kish_size, why_undefined
from reviewapp.stats.pass_rate.sample import LabelledSample
from reviewapp.stats.proportions import wilson


class PairedCounts(NamedTuple):
    """Records by who was right: both, only the first (the AI), only the second (the human), neither."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def n(self) -> int:
        """All records."""
        return sum(self)


class McNemar(NamedTuple):
    """Tests of equal rates from b + c discordant pairs; z is None without any."""

    mid_p: float
    exact_p: float
    z: float | None


@dataclass(frozen=True)
class NonInferiority:
    """Whether the first rater is at most `margin` worse; `difference` carries the limit that decides."""

    difference: Estimate
    margin: float
    certified: bool


def _check(counts: PairedCounts) -> None:
    if min(counts) < 0:
        raise ValueError("paired counts are not negative")


def _tango_score(delta: float, b: float, c: float, n: float) -> float:
    """Score statistic of H0: D = delta, with the discordant probability p21 at its constrained maximum."""
    distance = b - c - n * delta
    if distance == 0:
        return 0.0
    B = -b - c + (2 * n - b + c) * delta
    C = -c * delta * (1 - delta)
    q = (sqrt(max(0.0, B * B - 8 * n * C)) - B) / (4 * n)
    variance = n * (2 * q + delta * (1 - delta))
    return distance / sqrt(variance) if variance > 0 else (inf if distance > 0 else -inf)


def tango(counts: PairedCounts, confidence: float = 0.95, *, size: float | None = None) -> Estimate:
    """Difference D = (b - c) / n with the score interval of Tango (1998).

    Limits solve (b - c - n delta) / sqrt(n (2 q + delta (1 - delta))) = ±z, q the constrained estimate of p21. Pairs
    that are not independent are worth `size` pairs: b, c and n are taken in that proportion.
    Undefined without pairs.
    """
    _check(counts)
    if counts.n == 0:
        return no_estimate("no_pairs", method="tango", confidence=confidence, population="process")
    worth = 1.0 if size is None else size / counts.n
    value = (counts.first_only - counts.second_only) / counts.n
    low, high = _tango_limits(
        value, counts.first_only * worth, counts.second_only * worth, counts.n * worth, confidence=confidence
    )
    return Estimate(value, low, high, "tango", counts.n, None, confidence, "process")


def _tango_limits(value: float, b: float, c: float, n: float, *, confidence: float) -> tuple[float, float]:
    z = float(norm.isf((1 - confidence) / 2))

    def root(level: float, end: float) -> float:
        if value == end:
            return end
        return float(bisect(lambda delta: _tango_score(delta, b, c, n) - level, value, end, xtol=1e-14))

    return root(z, -1.0), root(-z, 1.0)


def newcombe_method_10(counts: PairedCounts, confidence: float = 0.95) -> Estimate:
    """Difference D with the square-and-add interval of Newcombe (1998), method 10: the closed-form fallback.

    Wilson limits of both rates, combined with the phi coefficient whose numerator ad - bc is reduced by n/2 (not below
    0) when positive. Undefined without pairs.
    """
    _check(counts)
    # As floats: the product of the four margins is beyond 64-bit integers from some 50,000 records on.
    a, b, c, d = (float(count) for count in counts)
    n = counts.n
    if n == 0:
        return no_estimate("no_pairs", method="newcombe_method_10", confidence=confidence, population="process")
    first, second = a + b, a + c
    p1, p2 = first / n, second / n
    (l1, u1), (l2, u2) = wilson(first, n, confidence), wilson(second, n, confidence)
    cross = a * d - b * c
    spread = sqrt(first * (c + d) * second * (b + d))
    phi = (max(cross - n / 2, 0.0) if cross > 0 else cross) / spread if spread else 0.0

    def reach(one: float, other: float) -> float:
        return sqrt(max(0.0, one * one + other * other - 2 * phi * one * other))

    low, high = p1 - p2 - reach(p1 - l1, u2 - p2), p1 - p2 + reach(u1 - p1, p2 - l2)
    return Estimate((b - c) / n, low, high, "newcombe_method_10", n, None, confidence, "process")


def mcnemar(counts: PairedCounts) -> McNemar:
    """Two-sided tests of equal rates on the discordant pairs b, c (mid-P: Fagerland, Lydersen & Laake 2013).

    mid-P = 2 P(X <= min(b, c)) - P(X = min(b, c)), X ~ Bin(b + c, 1/2), 1 when b = c. A screen for superiority only:
    a large p is no evidence that the two are equivalent.
    """
    _check(counts)
    b, c = counts.first_only, counts.second_only
    if b == c:
        return McNemar(1.0, 1.0, 0.0 if b else None)
    at_most = float(binom.cdf(min(b, c), b + c, 0.5))
    exactly = float(binom.pmf(min(b, c), b + c, 0.5))
    return McNemar(2 * at_most - exactly, min(1.0, 2 * at_most), (b - c) / sqrt(b + c))


def non_inferiority(counts: PairedCounts, margin: float, alpha: float = 0.05) -> NonInferiority:
    """Certify when the lower limit of the 1 - 2 alpha Tango interval lies above -margin (one-sided level alpha).

    Without pairs nothing is certified and the difference says why.
    """
    return _against(tango(counts, 1 - 2 * alpha), margin)


def weighted_non_inferiority(sample: LabelledSample, margin: float, alpha: float = 0.05) -> NonInferiority:
    """The same of pairs that were chosen with unequal probabilities or share sessions, about the process.

    `sample.y` is 1 where only the first rater is right, -1 where only the second, else 0. D = Σ w y / Σ w; Tango's
    limits at n* = (b + c - D²)/V pairs, b and c weighted shares and V the variance of D by session; Kish's n where
    nothing differs. Undefined as `hajek_mean`; for equal weights without sessions it is `non_inferiority`.
    """
    confidence = 1 - 2 * alpha
    if reason := why_undefined(sample, "process"):
        nothing = no_estimate(
            "no_pairs" if reason == "no_labels" else reason,
            method="tango",
            n=sample.n,
            confidence=confidence,
            population="process",
            warnings=sample.warnings,
        )
        return _against(nothing, margin)
    mean, share = hajek_mean(sample, "process"), sample.weight / sample.weight.sum()
    b, c = float(share[sample.y > 0].sum()), float(share[sample.y < 0].sum())
    one, variance = b + c - mean.value**2, mean.standard_error**2
    size = one / variance if one > 0 and variance > 0 else kish_size(sample, "process")
    low, high = _tango_limits(mean.value, b * size, c * size, size, confidence=confidence)
    found = Estimate(mean.value, low, high, "tango", sample.n, size, confidence, "process", warnings=sample.warnings)
    return _against(found, margin)


def _against(difference: Estimate, margin: float) -> NonInferiority:
    if not 0 < margin < 1:
        raise ValueError("the margin lies strictly between 0 and 1")
    return NonInferiority(difference, margin, difference.low is not None and difference.low > -margin)
