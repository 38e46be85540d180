"""Has a rate changed: the difference of two weighted estimates, never of raw queue rates."""

from dataclasses import dataclass
from math import sqrt

from scipy.stats import norm

from reviewapp.stats.estimate import Estimate, no_estimate


@dataclass(frozen=True)
class RateChange:
    """`difference` = after - before with its interval; `p_value` two-sided, None when there is no interval."""

    difference: Estimate
    p_value: float | None


def difference_of_rates(before: Estimate, after: Estimate) -> RateChange:
    """Difference of two independent estimates by MOVER (Zou & Donner 2008).

    Each estimate must already carry the weights of its sampling plan: a plan that changes moves the raw rates of the
    queue without any drift. low = d - sqrt((a - l_a)² + (u_b - b)²), high likewise; the p-value is that of d over the
    half-width towards zero at the confidence of the estimates. Undefined when one of them is (its reason); without
    limits when one has none.
    """
    if before.confidence != after.confidence:
        raise ValueError("both rates must have the same confidence")
    n = before.n + after.n
    reason = before.undefined or after.undefined
    if before.value is None or after.value is None or reason is not None:
        return RateChange(
            no_estimate(
                reason or "no_labels",
                method="mover_difference",
                n=n,
                confidence=before.confidence,
                population=after.population,
            ),
            None,
        )
    d = after.value - before.value
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return RateChange(
            Estimate(d, None, None, "mover_difference", n, None, before.confidence, after.population), None
        )
    down = sqrt((after.value - after.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((after.high - after.value) ** 2 + (before.value - before.low) ** 2)
    difference = Estimate(d, d - down, d + up, "mover_difference", n, None, before.confidence, after.population)
    towards_zero = down if d > 0 else up
    if towards_zero == 0:
        return RateChange(difference, 1.0 if d == 0 else 0.0)
    z = abs(d) / towards_zero * float(norm.isf((1 - before.confidence) / 2))
    return RateChange(difference, float(2 * norm.sf(z)))
