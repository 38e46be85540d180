"""What has moved between two windows of days: large enough to matter, and not by chance.

Rates are compared by their score intervals, percentiles by order statistics on the logarithmic scale, means by their
standard errors; what is tested is held to a false discovery rate of 5 % over all of it. Volumes are counts of
everything and vary with the weekday: they are told when they are large and not tested.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

from scipy.stats import norm

from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.drift.rates import difference_of_rates
from reviewapp.stats.multiple_testing import benjamini_hochberg
from sampling.operations.tally import ALL, Tally

Metric = Literal["items", "error_rate", "check_failure_rate", "latency_p50_ms", "latency_p90_ms", "cost_per_item_usd"]
Pair = tuple[str, Mapping[str, Tally], Mapping[str, Tally]]  # field, before by value, after by value

MIN_ITEMS = 30
ALPHA = 0.05
MAX_MOVERS = 20
RATE_FLOORS: dict[Metric, float] = {"error_rate": 0.01, "check_failure_rate": 0.03}
RATIO_FLOOR = 1.2
VOLUME_FLOOR = 1.5
SHARE_FLOOR = 0.05
_Z = float(norm.isf(0.025))


@dataclass(frozen=True, slots=True)
class Mover:
    """One figure that moved. Of a value of a field `items` is its share of all items; `adjusted_p` None if untested."""

    field: str
    value: str | None
    metric: Metric
    before: float
    after: float
    adjusted_p: float | None


@dataclass(frozen=True, slots=True)
class _Change:
    mover: Mover
    p: float | None
    large: bool


def find_movers(pairs: Sequence[Pair]) -> list[Mover]:
    """Return what moved, the largest change of each kind first; `pairs` begins with the counts of all items."""
    if not pairs:
        return []
    _, all_before, all_after = pairs[0]
    wholes = (_items(all_before), _items(all_after))
    if min(wholes) < MIN_ITEMS:
        return []
    changes = [
        change
        for field, before, after in pairs
        for value in sorted({*before, *after})
        for change in _changes(field, value, before.get(value, Tally()), after.get(value, Tally()), wholes)
    ]
    tested = [change for change in changes if change.p is not None]
    adjusted = benjamini_hochberg([change.p for change in tested if change.p is not None], ALPHA).adjusted
    found = [change.mover for change in changes if change.p is None and change.large]
    for change, p in zip(tested, adjusted, strict=True):
        if change.large and p <= ALPHA:
            mover = change.mover
            found.append(Mover(mover.field, mover.value, mover.metric, mover.before, mover.after, float(p)))
    return sorted(found, key=_order)[:MAX_MOVERS]


def _items(tallies: Mapping[str, Tally]) -> int:
    return sum(tally.items for tally in tallies.values())


def _order(mover: Mover) -> tuple[bool, int, float]:
    """All items first, then by metric, then by the size of the change."""
    metrics = ("error_rate", "check_failure_rate", "latency_p90_ms", "latency_p50_ms", "cost_per_item_usd", "items")
    return mover.field != ALL, metrics.index(mover.metric), -abs(mover.after - mover.before)


def _changes(field: str, value: str, before: Tally, after: Tally, wholes: tuple[int, int]) -> Iterator[_Change]:
    def moved(metric: Metric, first: float, second: float, p: float | None, *, large: bool) -> _Change:
        return _Change(Mover(field, value or None, metric, first, second, p), p, large)

    if field == ALL:
        yield moved("items", before.items, after.items, None, large=_ratio(before.items, after.items) >= VOLUME_FLOOR)
    else:
        shares = before.items / wholes[0], after.items / wholes[1]
        enough = max(before.items, after.items) >= MIN_ITEMS
        large = enough and abs(shares[1] - shares[0]) >= SHARE_FLOOR and _ratio(*shares) >= VOLUME_FLOOR
        yield moved("items", *shares, None, large=large)
    rates: tuple[tuple[Metric, tuple[int, int], tuple[int, int]], ...] = (
        ("error_rate", (before.errors, before.items), (after.errors, after.items)),
        ("check_failure_rate", (before.failed, before.checked), (after.failed, after.checked)),
    )
    for metric, (x1, n1), (x2, n2) in rates:
        if min(n1, n2) >= MIN_ITEMS:
            p = difference_of_rates(*(wilson_rate(x, n, method="wilson") for x, n in ((x1, n1), (x2, n2)))).p_value
            yield moved(metric, x1 / n1, x2 / n2, p, large=abs(x2 / n2 - x1 / n1) >= RATE_FLOORS[metric])
    percentiles: tuple[tuple[Metric, float], ...] = (("latency_p50_ms", 0.5), ("latency_p90_ms", 0.9))
    for metric, share in percentiles:
        if min(before.settled().n, after.settled().n) >= MIN_ITEMS:
            found = _percentiles(share, before, after)
            if found is not None:
                first, second, p = found
                yield moved(metric, first, second, p, large=_ratio(first, second) >= RATIO_FLOOR)
    if min(before.priced, after.priced) >= MIN_ITEMS:
        (m1, v1), (m2, v2) = _mean(before), _mean(after)
        p = float(2 * norm.sf(abs(m2 - m1) / sqrt(v1 + v2))) if v1 + v2 else float(m1 == m2)
        yield moved("cost_per_item_usd", m1, m2, p, large=_ratio(m1, m2) >= RATIO_FLOOR)


def _percentiles(share: float, before: Tally, after: Tally) -> tuple[float, float, float] | None:
    """Return a percentile before and after with the p-value of no change; None where one of them is no time."""
    points, variance = [], 0.0
    for latency in (before.latency, after.latency):
        value, limits = latency.quantile(share), latency.limits(share, _Z)
        if value is None or limits is None or min(limits) <= 0:
            return None
        points.append(value)
        variance += ((log(limits[1]) - log(limits[0])) / (2 * _Z)) ** 2
    gap = abs(log(points[1] / points[0]))
    p = float(2 * norm.sf(gap / sqrt(variance))) if variance else float(gap == 0)
    return points[0], points[1], p


def _mean(tally: Tally) -> tuple[float, float]:
    """Return the mean cost of an item and the variance of that mean."""
    mean = tally.cost_usd / tally.priced
    return mean, max(tally.cost_square / tally.priced - mean**2, 0.0) / tally.priced


def _ratio(first: float, second: float) -> float:
    """Return how many times the larger is the smaller."""
    low, high = sorted((first, second))
    return float("inf") if low == 0 and high > 0 else 1.0 if high == 0 else high / low
