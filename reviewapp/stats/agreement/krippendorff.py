"""Krippendorff's alpha, the headline coefficient: any number of raters, missing labels, four levels of measurement."""

from dataclasses import dataclass
from typing import NamedTuple

from numpy.typing import ArrayLike

from reviewapp.stats.agreement.categories import minority_warning
from reviewapp.stats.agreement.coefficient import CoefficientName
from reviewapp.stats.agreement.coincidences import (
    Disagreements,
    Level,
    checked_scores,
    coincidence_matrix,
    disagreements,
    disagreements_without_each,
)
from reviewapp.stats.agreement.counts import ItemCounts
from reviewapp.stats.agreement.intervals import jackknife, t_limits
from reviewapp.stats.arrays import FloatArray, kish
from reviewapp.stats.estimate import Estimate, Population, Undefined, no_estimate


@dataclass(frozen=True, slots=True, eq=False)
class KrippendorffAlpha:
    """Alpha with its disagreements D_o and D_e, in squared units of the level, and its jackknife over units.

    `coincidences` has shape (q, q); its sum `n_pairable` is the number of labels on units with two or more (weights
    scaled to mean 1). All are None, `n_pairable` 0, where alpha is undefined; `standard_error` and `jackknife_mean`,
    the mean pseudo-value, also where there is no interval.
    """

    estimate: Estimate
    observed_disagreement: float | None = None
    expected_disagreement: float | None = None
    coincidences: FloatArray | None = None
    n_pairable: float = 0.0
    standard_error: float | None = None
    jackknife_mean: float | None = None
    name: CoefficientName = "krippendorff_alpha"


class AlphaRequest(NamedTuple):
    """How the result is to be called, with which confidence, about which population."""

    method: str
    confidence: float
    population: Population

    def refused(self, reason: Undefined, n: int) -> KrippendorffAlpha:
        """Return the result that says why there is none."""
        return KrippendorffAlpha(
            no_estimate(reason, method=self.method, n=n, confidence=self.confidence, population=self.population)
        )

    def answered(
        self,
        total: Disagreements,
        coincidences: FloatArray,
        left_out: FloatArray | None,
        weight: FloatArray,
        warnings: tuple[str, ...],
    ) -> KrippendorffAlpha:
        """Return alpha with the jackknife interval over units of weight 1/π, shape (N,), if there can be one.

        `left_out` is alpha without each unit, None when alpha is undefined without one of them.
        """
        alpha = float(1 - total.labels_less_one * total.observed / total.expected)
        n = float(coincidences.sum())
        limits = error = mean = None
        if weight.size == 1:
            warnings = (*warnings, "one_item")
        elif left_out is None:
            warnings = (*warnings, "rests_on_one_item")
        else:
            error, mean = jackknife(alpha, left_out, weight, self.population)
            limits = t_limits(alpha, error, weight.size - 1, self.confidence)
            warnings = warnings if limits else (*warnings, "zero_variance")
        estimate = Estimate(
            value=alpha,
            low=limits.low if limits else None,
            high=limits.high if limits else None,
            method=self.method,
            n=weight.size,
            n_effective=kish(weight),
            confidence=self.confidence,
            population=self.population,
            warnings=warnings,
        )
        return KrippendorffAlpha(
            estimate,
            observed_disagreement=float(total.observed) / n,
            expected_disagreement=float(total.expected) / (n * float(total.labels_less_one)),
            coincidences=coincidences,
            n_pairable=n,
            standard_error=error if limits else None,
            jackknife_mean=mean if limits else None,
        )


def krippendorff_alpha(
    counts: ItemCounts,
    *,
    level: Level = "nominal",
    scores: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> KrippendorffAlpha:
    """Return alpha = 1 - D_o / D_e with a jackknife t interval over items, cut at 1.

    o_ck = Σ_i n_i(c,k) / (r_i - 1) over items with two labels; D_o = Σ o_ck d_ck / n, D_e = Σ n_c n_k d_ck / (n(n-1)).
    Squared differences d: nominal [c ≠ k]; ordinal those of mid-ranks; interval (x_c - x_k)²; ratio
    ((x_c - x_k) / (x_c + x_k))². `scores` x, shape (q,), are the category values (0, 1, 2 … unless given) of interval
    and ratio; ordinal takes the declared order. Items count 1/π scaled to mean 1. n counts items with two labels.
    Undefined without one (`no_items`, `no_labels`, `no_pairs`), with one category used (`single_category`), or when
    all used ones have one score (`zero_variance`). Sources: Krippendorff 2011; interval: Hughes 2022. O(N q²).
    """
    asked = AlphaRequest(f"krippendorff_alpha_{level}_jackknife_t", confidence, population)
    x = checked_scores(scores, level, counts.n_categories)
    reason = counts.missing_evidence(population)
    if reason:
        return asked.refused(reason, 0)
    paired = counts.only(counts.pairable)
    n_items = paired.counts.shape[0]
    weight = paired.weight / float(paired.weight.mean())
    coincidences = coincidence_matrix(paired.counts, weight)
    total = disagreements(coincidences, level, x)
    if total.alpha is None:
        return asked.refused(paired.without_variation, n_items)
    left_out = None
    if n_items > 1:
        left_out = disagreements_without_each(paired.counts, weight, coincidences, level, x).alpha
    return asked.answered(total, coincidences, left_out, paired.weight, minority_warning(paired.counts))
