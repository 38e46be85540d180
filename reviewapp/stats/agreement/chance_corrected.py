"""Coefficients (p_a - p_e) / (1 - p_e) for exchangeable raters: Fleiss, Gwet AC1/AC2, Brennan-Prediger, alpha."""

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.agreement.coefficient import Asked, ChanceAgreement, Coefficient, chance_corrected
from reviewapp.stats.agreement.counts import ItemCounts
from reviewapp.stats.agreement.intervals import ZERO, linearised_error
from reviewapp.stats.agreement.weights import checked_weights
from reviewapp.stats.arrays import FloatArray, kish
from reviewapp.stats.estimate import Population


def fleiss_kappa(
    counts: ItemCounts,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Coefficient:
    """Return Fleiss' kappa (Scott's pi with two raters): p_e = Σ w_kl π_k π_l, π_k the mean share of category k.

    `weights` (q, q), None is nominal; missing labels allowed; n counts items with two labels. Undefined without such
    an item (`no_items`, `no_labels`, `no_pairs`) or when all labels fall in one category (`single_category`).
    Sources: Scott 1955, Fleiss 1971, Gwet 2008.
    """
    asked = Asked("fleiss_kappa", confidence, population)
    w = checked_weights(weights, counts.n_categories)
    reason = counts.missing_evidence(population)
    if reason:
        return asked.refused(reason)
    labelled = counts.only(counts.labels_per_item > 0)
    share, prevalence = category_shares(labelled)
    chance = ChanceAgreement(float(prevalence @ w @ prevalence), share @ (w @ prevalence))
    return chance_corrected(asked, labelled, w, chance)


def gwet_ac(
    counts: ItemCounts,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Coefficient:
    """Return Gwet's AC1, AC2 when weighted: p_e = T_w / (q(q-1)) Σ π_k (1 - π_k), T_w = Σ w_kl, q declared.

    Steady under skewed prevalence; depends on the number of declared categories. Undefined without an item with two
    labels (`no_items`, `no_labels`, `no_pairs`) or when one category is declared (`single_category`).
    Sources: Gwet 2008, 2014.
    """
    asked = Asked("gwet_ac", confidence, population)
    q = counts.n_categories
    w = checked_weights(weights, q)
    reason = counts.missing_evidence(population) or ("single_category" if q == 1 else None)
    if reason:
        return asked.refused(reason)
    labelled = counts.only(counts.labels_per_item > 0)
    share, prevalence = category_shares(labelled)
    scale = float(w.sum()) / (q * (q - 1))
    chance = ChanceAgreement(scale * float(prevalence @ (1 - prevalence)), scale * (share @ (1 - prevalence)))
    return chance_corrected(asked, labelled, w, chance)


def brennan_prediger(
    counts: ItemCounts,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Coefficient:
    """Return Brennan-Prediger's (Randolph's free-marginal) coefficient: p_e = Σ w_kl / q², a known uniform prior.

    Undefined without an item with two labels (`no_items`, `no_labels`, `no_pairs`) or when one category is declared
    (`single_category`). Sources: Brennan & Prediger 1981, Randolph 2005.
    """
    asked = Asked("brennan_prediger", confidence, population)
    w = checked_weights(weights, counts.n_categories)
    reason = counts.missing_evidence(population)
    if reason:
        return asked.refused(reason)
    labelled = counts.only(counts.labels_per_item > 0)
    uniform = float(w.mean())
    chance = ChanceAgreement(uniform, np.full(labelled.counts.shape[0], uniform))
    return chance_corrected(asked, labelled, w, chance)


def category_shares(labelled: ItemCounts) -> tuple[FloatArray, FloatArray]:
    """Return r_ik / r_i, shape (n, q), and its mean π_k weighted by 1/π, shape (q,); every item has a label."""
    share = labelled.counts / labelled.labels_per_item[:, None]
    return share, np.average(share, axis=0, weights=labelled.weight)


def linearised_alpha(
    counts: ItemCounts,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Coefficient:
    """Return alpha written with agreement weights, with a linearised instead of a jackknife standard error.

    Over items with two labels: p_a = (1 - ε) p_a' + ε with ε = 1 / Σ r_i and p_a' = Σ_i v_i / Σ r_i,
    v_i = Σ_k r_ik (r*_ik - 1) / (r_i - 1); p_e = Σ w_kl π_k π_l, π_k the share of category k among all labels. The
    value is Krippendorff's alpha for nominal (identity) and interval (quadratic weights) levels. Both sums are ratios
    over labels, so the item terms are centred at p_a' and p_e times r_i / mean r. Undefined as `fleiss_kappa`.
    Source: Gwet 2014, chapter 6; the interval to show is that of `krippendorff_alpha`.
    """
    asked = Asked("krippendorff_alpha", confidence, population)
    w = checked_weights(weights, counts.n_categories)
    reason = counts.missing_evidence(population)
    if reason:
        return asked.refused(reason)
    paired = counts.only(counts.pairable)
    weight, r = paired.weight, paired.labels_per_item
    n = int(r.size)
    mean_labels = float(np.average(r, weights=weight))
    small = 1 / (n * mean_labels)
    matched = (paired.counts * (paired.counts @ w - 1)).sum(axis=1) / (r - 1)
    raw = float(np.average(matched, weights=weight)) / mean_labels
    prevalence = np.average(paired.counts, axis=0, weights=weight) / mean_labels
    expected = float(prevalence @ w @ prevalence)
    if 1 - expected <= ZERO:
        return asked.refused(paired.without_variation, n)
    observed = (1 - small) * raw + small
    distance = (1 - raw) / (1 - expected)
    deviation = (matched - raw * r) - 2 * distance * (paired.counts @ (w @ prevalence) - expected * r)
    return asked.answered(
        (observed - expected) / (1 - expected),
        observed=observed,
        expected=expected,
        error=linearised_error(deviation / mean_labels / (1 - expected), weight, population),
        degrees=n - 1,
        n=n,
        n_effective=kish(weight),
    )
