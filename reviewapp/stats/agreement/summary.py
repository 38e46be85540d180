"""The figures about agreement that belong side by side: no coefficient is shown alone."""

from dataclasses import dataclass

from numpy.typing import ArrayLike

from reviewapp.stats.agreement.categories import minority_labels, prevalence, specific_agreement
from reviewapp.stats.agreement.chance_corrected import gwet_ac
from reviewapp.stats.agreement.coefficient import Coefficient
from reviewapp.stats.agreement.coincidences import Level, checked_scores
from reviewapp.stats.agreement.counts import ItemCounts
from reviewapp.stats.agreement.krippendorff import KrippendorffAlpha, krippendorff_alpha
from reviewapp.stats.agreement.percent import percent_agreement
from reviewapp.stats.agreement.weights import ordinal_weights, quadratic_weights
from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Estimate, Population


@dataclass(frozen=True, slots=True)
class AgreementSummary:
    """Headline alpha with what is needed to read it; tuples have one entry a category in the declared order."""

    alpha: KrippendorffAlpha
    percent: Estimate
    gwet: Coefficient
    prevalence: tuple[Estimate, ...]
    specific: tuple[Estimate, ...]
    n_items: int
    n_pairable: int
    n_labels: int
    minority_labels: int


def summarise_agreement(
    counts: ItemCounts,
    *,
    level: Level = "nominal",
    scores: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> AgreementSummary:
    """Return alpha at the task's level beside percent agreement, AC1/AC2, prevalence and agreement by category.

    Percent agreement and AC2 take identity weights for nominal, ordinal weights for ordinal, quadratic weights for
    interval and ratio levels. Each figure is undefined for its own reason.
    """
    weights = _weights_of(level, scores, counts.n_categories)
    return AgreementSummary(
        alpha=krippendorff_alpha(counts, level=level, scores=scores, confidence=confidence, population=population),
        percent=percent_agreement(counts, weights=weights, confidence=confidence, population=population),
        gwet=gwet_ac(counts, weights=weights, confidence=confidence, population=population),
        prevalence=prevalence(counts, confidence=confidence, population=population),
        specific=specific_agreement(counts, confidence=confidence, population=population),
        n_items=counts.counts.shape[0],
        n_pairable=int(counts.pairable.sum()),
        n_labels=int(counts.counts.sum()),
        minority_labels=minority_labels(counts.counts),
    )


def _weights_of(level: Level, scores: ArrayLike | None, n_categories: int) -> FloatArray | None:
    """Return the agreement weights that go with a level of measurement."""
    if level == "nominal":
        return None
    if level == "ordinal":
        return ordinal_weights(n_categories)
    return quadratic_weights(checked_scores(scores, level, n_categories))
