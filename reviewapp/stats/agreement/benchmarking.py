"""Verbal scales, and Gwet's benchmarking: the highest band that a coefficient exceeds with enough probability."""

from dataclasses import dataclass
from math import inf
from typing import Protocol

from scipy.special import ndtr

from reviewapp.stats.agreement.coefficient import CoefficientName
from reviewapp.stats.estimate import Estimate


class Benchmarked(Protocol):
    """A coefficient of this package: Coefficient, CohenKappa or KrippendorffAlpha."""

    @property
    def name(self) -> CoefficientName:
        """Which coefficient it is."""

    @property
    def estimate(self) -> Estimate:
        """Its value."""

    @property
    def standard_error(self) -> float | None:
        """Its standard error, None where unknown."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Words for bands of a coefficient: `bands` are (lower edge, word) from the highest down, the last unbounded.

    `only_for` names the coefficient a scale was made for, None for any.
    """

    name: str
    bands: tuple[tuple[float, str], ...]
    only_for: CoefficientName | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """The band a coefficient reaches: its word, its lower edge, and the probability of being at or above it."""

    word: str
    lower: float
    probability: float


LANDIS_KOCH = Scale(
    "Landis & Koch 1977",
    (
        (0.8, "almost perfect"),
        (0.6, "substantial"),
        (0.4, "moderate"),
        (0.2, "fair"),
        (0.0, "slight"),
        (-inf, "poor"),
    ),
)

KRIPPENDORFF = Scale(
    "Krippendorff 2004",
    ((0.8, "reliable"), (0.667, "tentative conclusions"), (-inf, "not reliable")),
    only_for="krippendorff_alpha",
)


def benchmark(coefficient: Benchmarked, scale: Scale = LANDIS_KOCH, *, probability: float = 0.95) -> Band | None:
    """Return the highest band whose lower edge is exceeded with at least `probability`.

    P(above edge) = (Φ((1 - g)/SE) - Φ((edge - g)/SE)) / Φ((1 - g)/SE): a normal distribution cut at 1. None when the
    coefficient or its standard error is undefined: a point value alone earns no word. ValueError when the scale was
    made for another coefficient. Source: Gwet 2014, chapter 6.
    """
    if scale.only_for not in (None, coefficient.name):
        raise ValueError(f"the scale of {scale.name} is for {scale.only_for}, not for {coefficient.name}")
    value, error = coefficient.estimate.value, coefficient.standard_error
    if value is None or error is None:
        return None
    top = ndtr((1 - value) / error)
    for lower, word in scale.bands[:-1]:
        above = float((top - ndtr((lower - value) / error)) / top)
        if above >= probability:
            return Band(word, lower, above)
    lower, word = scale.bands[-1]
    return Band(word, lower, 1.0)
