"""Has an error rate left the band that a first stretch of labels put around it: valid however often one looks.

The first stretch gives the band's upper edge (Wilson), once. After it, the mixture e-value against "the rate is at most
the edge" is followed; several rates are watched together by the mean of their e-values, which is one again (Vovk &
Wang 2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.proportions import wilson
from reviewapp.stats.sequential.beta_binomial import e_value_above

# Two-sided: the upper limit alone holds with 90 %. A wider band would be left too late, see the simulation.
CONFIDENCE = 0.8
FLOOR = 0.02
THRESHOLD = 20.0


@dataclass(frozen=True, slots=True)
class ErrorBand:
    """One rate under watch: its first stretch, the edge from it, and what came after; no edge while it is collected."""

    name: str
    n_first: int
    errors_first: int
    edge: float | None
    n_since: int
    errors_since: int
    e_value: float


def watch_errors(name: str, errors: ArrayLike, *, first: int) -> ErrorBand:
    """Watch one sequence of 0 and 1 (1: an error), in the order of time.

    The edge is the one-sided 90 % Wilson limit of the first `first` values, at least .02. The e-value is 1 until then.
    """
    values = np.asarray(errors, dtype=np.int64)
    if values.ndim != 1 or not np.isin(values, (0, 1)).all():
        raise ValueError("errors are a vector of 0 and 1")
    if first < 1:
        raise ValueError("the first stretch holds something")
    opening, since = values[:first], values[first:]
    wrong = int(opening.sum())
    if len(opening) < first:
        return ErrorBand(name, len(opening), wrong, None, 0, 0, 1.0)
    edge = min(max(wilson(wrong, first, CONFIDENCE).high, FLOOR), 0.999)
    later = int(since.sum())
    return ErrorBand(name, first, wrong, edge, len(since), later, e_value_above(later, len(since) - later, edge))


def joint_e_value(bands: Sequence[ErrorBand]) -> float:
    """Return the evidence that any of the rates has left its band: the mean of their e-values; 1 without any."""
    return sum(band.e_value for band in bands) / len(bands) if bands else 1.0
