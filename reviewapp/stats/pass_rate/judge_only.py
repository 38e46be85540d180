"""Share of the traffic that the judge passes: not the pass rate, shown so that the difference is seen."""

from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate, Population

BIASED = "the judge's own rate: off by its false passes minus its false fails, whatever the interval says"


def raw_judge_rate(
    n_pass: float,
    n_verdicts: float,
    *,
    n: int | None = None,
    population: Population = "window",
    confidence: float = 0.95,
) -> Estimate:
    """n_pass / n_verdicts with Wilson's interval: the binomial error of the verdicts, none of the judge's errors.

    Both may be effective counts; `n` then says how many verdicts lie behind them.
    Undefined without verdicts. It covers the true pass rate only if the judge's errors happen to cancel.
    """
    return wilson_rate(
        n_pass,
        n_verdicts,
        method="raw_judge_wilson",
        labels=n,
        undefined="no_verdicts",
        confidence=confidence,
        population=population,
        warnings=(BIASED,),
    )
