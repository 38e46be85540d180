"""What counts say: shares, percentiles, sums and means, or nothing where there is nothing to say it of."""

from dataclasses import dataclass
from datetime import date

from sampling.operations.tally import Tally


@dataclass(frozen=True, slots=True)
class Figures:
    """What a set of items came to. Counts of all items: nothing here is estimated from the reviewed ones.

    `check_failures` counts items that failed a check, `checked` those of which one was asked; a figure is None where no
    item says it.
    """

    items: int
    errors: int
    error_rate: float | None
    checked: int
    check_failures: int
    check_failure_rate: float | None
    latency_p50_ms: float | None
    latency_p90_ms: float | None
    latency_p99_ms: float | None
    input_tokens: int
    output_tokens: int
    cost_usd: float
    cost_per_item_usd: float | None


@dataclass(frozen=True, slots=True)
class ValueFigures:
    """The figures of the items that share a value of a field; None for those that do not say."""

    value: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures of a day (UTC)."""

    day: date
    figures: Figures


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """How many items a check was asked of, and how many failed it; where it did not apply does not count."""

    name: str
    asked: int
    failed: int

    @property
    def rate(self) -> float | None:
        """Return the share that failed."""
        return self.failed / self.asked if self.asked else None


def figures_of(tally: Tally) -> Figures:
    """Return what a tally says."""
    latency = tally.settled()
    p50, p90, p99 = (_rounded(latency.quantile(share)) for share in (0.5, 0.9, 0.99))
    return Figures(
        items=tally.items,
        errors=tally.errors,
        error_rate=tally.errors / tally.items if tally.items else None,
        checked=tally.checked,
        check_failures=tally.failed,
        check_failure_rate=tally.failed / tally.checked if tally.checked else None,
        latency_p50_ms=p50,
        latency_p90_ms=p90,
        latency_p99_ms=p99,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost_usd=round(tally.cost_usd, 9),
        cost_per_item_usd=tally.cost_usd / tally.priced if tally.priced else None,
    )


def check_figures(tally: Tally) -> list[CheckFigures]:
    """Return the checks of a tally, those that fail most often first."""
    found = [CheckFigures(name, asked, failed) for name, (asked, failed) in tally.checks.items()]
    return sorted(found, key=lambda check: (-(check.rate or 0), check.name))


def _rounded(value: float | None) -> float | None:
    """Return a latency as exactly as a sketch keeps it: single precision has seven digits."""
    return None if value is None else float(f"{value:.7g}")
