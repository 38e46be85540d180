"""One rate from counts, as an estimate: x of n with the interval of Wilson (1927)."""

from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate
from reviewapp.stats.proportions import wilson


def wilson_rate(
    x: float,
    n: float,
    *,
    method: str,
    labels: int | None = None,
    undefined: Undefined = "no_labels",
    confidence: float = 0.95,
    population: Population = "process",
    warnings: tuple[str, ...] = (),
) -> Estimate:
    """Return x/n with Wilson's limits; x and n may be effective counts, `labels` then says how many lie behind them.

    Undefined, for the reason `undefined`, when n is 0.
    """
    if n == 0:
        return no_estimate(undefined, method=method, confidence=confidence, population=population, warnings=warnings)
    limits = wilson(x, n, confidence)
    return Estimate(
        value=x / n,
        low=limits.low,
        high=limits.high,
        method=method,
        n=round(n) if labels is None else labels,
        n_effective=float(n),
        confidence=confidence,
        population=population,
        warnings=warnings,
    )
