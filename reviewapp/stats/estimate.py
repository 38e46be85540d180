"""What a statistic returns: a number with its interval, or the reason why there is none."""

from dataclasses import dataclass
from typing import Literal

Population = Literal["window", "process"]

Undefined = Literal[
    "no_items",
    "no_labels",
    "no_pairs",
    "no_verdicts",
    "single_category",
    "zero_variance",
    "below_min_n",
    "missing_class",
    "uninformative_judge",
    "unknown_inclusion_probability",
    "separated",
    "not_pass_fail",
    "free_text",
    "not_measured",
]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number about production, or the reason why there is none.

    `value`, `low` and `high` are in the unit of the quantity (rates in [0, 1]). `n` counts the units that carry
    evidence (labels, items, pairs: the function says which), `n_effective` how many equally weighted independent
    units would have given the same width, None where that has no meaning. `window` describes the finite traffic seen,
    `process` the system that produces it. When `undefined` is set, value and limits are None.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str
    n: int
    n_effective: float | None = None
    confidence: float = 0.95
    population: Population = "window"
    undefined: Undefined | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an estimate that says both or neither of a number and a reason."""
        if (self.value is None) != (self.undefined is not None):
            raise ValueError("an estimate has a value or a reason, never both and never neither")
        for number in (self.value, self.low, self.high, self.n_effective):
            if number is not None and number != number:  # noqa: PLR0124 — NaN is the one number unlike itself
                raise ValueError("an estimate never holds NaN")


def no_estimate(
    reason: Undefined,
    *,
    method: str,
    n: int = 0,
    confidence: float = 0.95,
    population: Population = "window",
    warnings: tuple[str, ...] = (),
) -> Estimate:
    """Return the estimate that says why there is none."""
    return Estimate(
        value=None,
        low=None,
        high=None,
        method=method,
        n=n,
        confidence=confidence,
        population=population,
        undefined=reason,
        warnings=warnings,
    )
