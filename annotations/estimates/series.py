"""A rate followed day by day, with a band that holds however often one looks.

Each item received is one value: y / (π r) where it was labelled, 0 elsewhere; their mean is the pass rate (Horvitz &
Thompson 1952). The asymptotic confidence sequence (Waudby-Smith et al. 2024) of that mean, over all days so far, covers
it on every day at once.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from annotations.estimates.rows import TrafficRows
from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.sequential.asymptotic import asymptotic_margin, rho2_for

METHOD = "asymptotic_confidence_sequence"
PLANNED = 1000.0  # items at which the band is nearly narrowest


class DayEstimate(NamedTuple):
    """A day (UTC): its traffic and labels, and the rate from the first day to the end of this one."""

    day: str
    n_traffic: int
    n_labelled: int
    so_far: Estimate


def follow_days(traffic: TrafficRows, labelled: Sequence[tuple[str, float, int]]) -> list[DayEstimate]:
    """Return the days with traffic in order; `labelled` holds day, probability of a label and outcome of each item."""
    sizes: dict[str, int] = {}
    for cell in traffic.cells:
        if cell.part is not None:
            sizes[cell.part] = sizes.get(cell.part, 0) + cell.n
    sums: dict[str, tuple[int, float, float]] = {}
    for day, probability, outcome in labelled:
        n, total, squares = sums.get(day, (0, 0.0, 0.0))
        value = outcome / probability
        sums[day] = (n + 1, total + value, squares + value * value)
    items, labels, total, squares = 0, 0, 0.0, 0.0
    found = []
    for day in sorted(sizes):
        n, added, added_squares = sums.get(day, (0, 0.0, 0.0))
        items, labels, total, squares = items + sizes[day], labels + n, total + added, squares + added_squares
        found.append(DayEstimate(day, sizes[day], n, _so_far(items, labels, total, squares)))
    return found


def _so_far(items: int, labels: int, total: float, squares: float) -> Estimate:
    if not labels:
        return no_estimate("no_labels", method=METHOD, population="process")
    mean = total / items
    spread = sqrt(max(squares / items - mean * mean, 0.0))
    if spread == 0:
        return no_estimate("zero_variance", method=METHOD, n=labels, population="process")
    margin = float(asymptotic_margin(spread, items, rho2_for(PLANNED)))
    return Estimate(
        value=min(mean, 1.0),
        low=max(0.0, mean - margin),
        high=min(1.0, mean + margin),
        method=METHOD,
        n=labels,
        population="process",
    )
