"""What a chance-corrected coefficient is, and Gwet's linearised variance that they share."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from reviewapp.stats.agreement.counts import ItemCounts
from reviewapp.stats.agreement.intervals import ZERO, linearised_error, t_limits
from reviewapp.stats.agreement.percent import observed_agreement
from reviewapp.stats.arrays import FloatArray, kish
from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate

CoefficientName = Literal[
    "brennan_prediger",
    "cohen_kappa",
    "conger_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "krippendorff_alpha",
]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A chance-corrected coefficient: the estimate, observed and expected agreement, and the standard error.

    `observed` and `expected` are shares in [0, 1], None where undefined. `standard_error` is None where the variance
    is zero or cannot be estimated; the estimate then has a warning and no limits.
    """

    name: CoefficientName
    estimate: Estimate
    observed: float | None = None
    expected: float | None = None
    standard_error: float | None = None


class Asked(NamedTuple):
    """Which coefficient, with which confidence, about which population."""

    name: CoefficientName
    confidence: float
    population: Population
    interval: str = "linearised_t"

    @property
    def method(self) -> str:
        """The method as estimates name it."""
        return f"{self.name}_{self.interval}"

    def refused(self, reason: Undefined, n: int = 0) -> Coefficient:
        """Return the coefficient that says why there is none."""
        estimate = no_estimate(reason, method=self.method, n=n, confidence=self.confidence, population=self.population)
        return Coefficient(self.name, estimate)

    def answered(
        self,
        value: float,
        *,
        observed: float,
        expected: float,
        error: float | None,
        degrees: int,
        n: int,
        n_effective: float,
    ) -> Coefficient:
        """Return the coefficient with t limits, or with a warning where its variance says nothing."""
        limits = None if error is None else t_limits(value, error, degrees, self.confidence)
        estimate = Estimate(
            value=value,
            low=limits.low if limits else None,
            high=limits.high if limits else None,
            method=self.method,
            n=n,
            n_effective=n_effective,
            confidence=self.confidence,
            population=self.population,
            warnings=() if limits else ("one_item" if error is None else "zero_variance",),
        )
        return Coefficient(self.name, estimate, observed, expected, error if limits else None)


class ChanceAgreement(NamedTuple):
    """Expected agreement p_e, and the term p_e|i of each item (mean p_e), shape (n,)."""

    share: float
    by_item: FloatArray


def chance_corrected(asked: Asked, labelled: ItemCounts, weights: FloatArray, chance: ChanceAgreement) -> Coefficient:
    """Return g = (p_a - p_e) / (1 - p_e) with its linearised t interval; every item has a label, one has two.

    g_i = (n/n')(p_a|i - p_e [r_i >= 2]) / (1 - p_e) - 2(1 - g)(p_e|i - p_e) / (1 - p_e), Var = Σ (g_i - g)² / (n(n-1)),
    where n items have a label and n' have two (sums of 1/π when weighted). Source: Gwet 2008.
    """
    pairs = labelled.pairable
    n_pairable = int(pairs.sum())
    room = 1 - chance.share
    if room <= ZERO:
        return asked.refused(labelled.without_variation, n_pairable)
    observed = observed_agreement(labelled, weights)
    value = (observed.share - chance.share) / room
    weight = labelled.weight
    ratio = float(weight.sum() / weight[pairs].sum())
    agreeing = ratio * (observed.by_item - chance.share * pairs) / room
    by_chance = 2 * (1 - value) * (chance.by_item - chance.share) / room
    return asked.answered(
        value,
        observed=observed.share,
        expected=chance.share,
        error=linearised_error(agreeing - by_chance - value, weight, asked.population),
        degrees=int(pairs.size) - 1,
        n=n_pairable,
        n_effective=kish(weight[pairs]),
    )
