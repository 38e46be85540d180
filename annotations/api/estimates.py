"""Estimates as the API gives them, the same everywhere."""

from typing import Literal

from ninja import Schema

from reviewapp.stats.estimate import Estimate


class EstimateOut(Schema):
    """A number with its interval, or the reason why there is none (`undefined`)."""

    value: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    n: int
    n_effective: float | None
    population: Literal["window", "process"]
    undefined: str | None
    warnings: list[str]

    @classmethod
    def of(cls, estimate: Estimate) -> "EstimateOut":
        """Return what is shown of an estimate."""
        return cls(
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            confidence=estimate.confidence,
            method=estimate.method,
            n=estimate.n,
            n_effective=estimate.n_effective,
            population=estimate.population,
            undefined=estimate.undefined,
            warnings=list(estimate.warnings),
        )
