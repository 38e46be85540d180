"""Has a rate changed: the difference of two weighted estimates, never of raw queue rates."""

from dataclasses import dataclass

from scipy.stats import norm

from reviewapp.stats.difference import difference_of_estimates
from reviewapp.stats.estimate import Estimate


@dataclass(frozen=True)
class RateChange:
    """`difference` = after - before with its interval; `p_value` two-sided, None when there is no interval."""

    difference: Estimate
    p_value: float | None


def difference_of_rates(before: Estimate, after: Estimate) -> RateChange:
    """Difference of two independent estimates (`difference_of_estimates`) with a p-value for "no change".

    Each estimate must already carry the weights of its sampling plan: a plan that changes moves the raw rates of the
    queue without any drift. The p-value is that of d over the half-width towards zero at the confidence of the
    estimates. Undefined when one of them is (its reason); without p-value when one has no limits. ValueError for
    different confidences or populations.
    """
    difference = difference_of_estimates(after, before)
    d = difference.value
    if d is None or difference.low is None or difference.high is None:
        return RateChange(difference, None)
    towards_zero = d - difference.low if d > 0 else difference.high - d
    if towards_zero == 0:
        return RateChange(difference, 1.0 if d == 0 else 0.0)
    z = abs(d) / towards_zero * float(norm.isf((1 - before.confidence) / 2))
    return RateChange(difference, float(2 * norm.sf(z)))
