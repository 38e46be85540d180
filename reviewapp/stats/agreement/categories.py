"""Agreement and prevalence of single categories: where the disagreement sits."""

import numpy as np

from reviewapp.stats.agreement.counts import ItemCounts
from reviewapp.stats.agreement.intervals import effective_wilson, linearised_error
from reviewapp.stats.arrays import FloatArray, kish
from reviewapp.stats.estimate import Estimate, Population, no_estimate

FEW_MINORITY_LABELS = 10


def specific_agreement(
    counts: ItemCounts, *, confidence: float = 0.95, population: Population = "process"
) -> tuple[Estimate, ...]:
    """Return for each category the chance that, one rater having chosen it, another of the same item did too.

    Σ_i w_i r_ik (r_ik - 1) / (r_i - 1) / Σ_i w_i r_ik over items with two labels: with two raters and two categories
    the positive and negative agreement 2a/(2a + b + c), 2d/(2d + b + c). Wilson limits at p(1-p)/V, V the linearised
    variance of the ratio. n counts the items with the category. Undefined without pairs (`no_items`, `no_labels`,
    `no_pairs`), `missing_class` for a category nobody chose. Source: Cicchetti & Feinstein 1990; Uebersax 1982.
    """
    method = "specific_agreement_wilson"
    reason = counts.missing_evidence(population)
    if reason:
        missing = no_estimate(reason, method=method, confidence=confidence, population=population)
        return (missing,) * counts.n_categories
    paired = counts.only(counts.pairable)
    r, weight = paired.labels_per_item, paired.weight
    found = []
    for chosen in paired.counts.T:
        base = float(weight @ chosen)
        if base == 0:
            found.append(no_estimate("missing_class", method=method, confidence=confidence, population=population))
            continue
        matched = chosen * (chosen - 1) / (r - 1)
        share = float(weight @ matched) / base
        deviation = (matched - share * chosen) * (float(weight.sum()) / base)
        error = linearised_error(deviation, weight, population)
        used = chosen > 0
        limits, n_effective = effective_wilson(
            share, error, units=kish(weight[used]), most=float(chosen.sum()), confidence=confidence
        )
        found.append(
            Estimate(
                value=share,
                low=limits.low,
                high=limits.high,
                method=method,
                n=int(used.sum()),
                n_effective=n_effective,
                confidence=confidence,
                population=population,
            )
        )
    return tuple(found)


def prevalence(
    counts: ItemCounts, *, confidence: float = 0.95, population: Population = "process"
) -> tuple[Estimate, ...]:
    """Return for each category π_k, the mean over labelled items of the share of their labels in it, weighted by 1/π.

    Wilson limits at the effective number of labels π_k (1 - π_k) / V; n counts the labelled items. Undefined without
    labels (`no_items`, `no_labels`).
    """
    method = "prevalence_wilson"
    reason = counts.missing_evidence(population)
    if reason and reason != "no_pairs":
        missing = no_estimate(reason, method=method, confidence=confidence, population=population)
        return (missing,) * counts.n_categories
    labelled = counts.only(counts.labels_per_item > 0)
    n_labels = float(labelled.counts.sum())
    found = []
    for chosen in (labelled.counts / labelled.labels_per_item[:, None]).T:
        share = float(np.average(chosen, weights=labelled.weight))
        error = linearised_error(chosen - share, labelled.weight, population)
        limits, n_effective = effective_wilson(
            share, error, units=kish(labelled.weight), most=n_labels, confidence=confidence
        )
        found.append(
            Estimate(
                value=share,
                low=limits.low,
                high=limits.high,
                method=method,
                n=int(chosen.size),
                n_effective=n_effective,
                confidence=confidence,
                population=population,
            )
        )
    return tuple(found)


def minority_labels(counts: FloatArray) -> int:
    """Return the number of labels outside the most frequent category; counts of shape (N, q)."""
    totals = counts.sum(axis=0)
    return int(totals.sum() - totals.max())


def minority_warning(counts: FloatArray) -> tuple[str, ...]:
    """Return the warning that fewer than ten labels lie outside the most frequent category, if so.

    With so few no interval of a chance-corrected coefficient keeps its level.
    """
    return ("few_minority_labels",) if minority_labels(counts) < FEW_MINORITY_LABELS else ()
