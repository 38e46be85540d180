"""Share of the traffic that the judge passes: not the pass rate, shown so that the difference is seen."""

from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.proportions import wilson

BIASED = "the judge's own rate: off by its false passes minus its false fails, whatever the interval says"


def raw_judge_rate(
    n_pass: int, n_verdicts: int, *, population: Population = "window", confidence: float = 0.95
) -> Estimate:
    """n_pass / n_verdicts with Wilson's interval: the binomial error of the verdicts, none of the judge's errors.

    Undefined without verdicts. It covers the true pass rate only if the judge's errors happen to cancel.
    """
    method = "raw_judge_wilson"
    if n_verdicts == 0:
        return no_estimate("no_verdicts", method=method, confidence=confidence, population=population)
    limits = wilson(n_pass, n_verdicts, confidence)
    return Estimate(
        value=n_pass / n_verdicts,
        low=limits.low,
        high=limits.high,
        method=method,
        n=n_verdicts,
        n_effective=float(n_verdicts),
        confidence=confidence,
        population=population,
        warnings=(BIASED,),
    )
