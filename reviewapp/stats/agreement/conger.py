"""Conger's kappa: Cohen's kappa for a fixed panel of two or more named raters."""

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.agreement.coefficient import Asked, ChanceAgreement, Coefficient, chance_corrected
from reviewapp.stats.agreement.counts import count_labels
from reviewapp.stats.agreement.weights import checked_weights
from reviewapp.stats.arrays import BoolArray, FloatArray
from reviewapp.stats.estimate import Population
from reviewapp.stats.labels import Labels


def conger_kappa(
    labels: Labels,
    *,
    weights: ArrayLike | None = None,
    item_weight: ArrayLike | None = None,
    confidence: float = 0.95,
    population: Population = "process",
) -> Coefficient:
    """Return Conger's kappa: p_e is the agreement of two different raters who draw from their own marginals.

    p_e = Σ_{g≠h} p_g' W p_h / (m(m-1)), p_gk the share of category k among the labels of rater g, weighted by 1/π;
    raters without labels do not count. One label an item and rater. Undefined without an item with two labels
    (`no_items`, `no_labels`, `no_pairs`) or when all labels fall in one category (`single_category`).
    Sources: Conger 1980; Gwet 2014, chapter 5.
    """
    asked = Asked("conger_kappa", confidence, population)
    w = checked_weights(weights, labels.n_categories)
    counts = count_labels(labels, item_weight=item_weight)
    pairs_of_item_and_rater = labels.item * max(1, labels.n_raters) + labels.rater
    if np.unique(pairs_of_item_and_rater).size < labels.n_labels:
        raise ValueError("Conger's kappa takes one label of an item from a rater")
    reason = counts.missing_evidence(population)
    if reason:
        return asked.refused(reason)
    has_label = counts.labels_per_item > 0
    chance = _panel_chance(labels, w, counts.weight, has_label)
    return chance_corrected(asked, counts.only(has_label), w, chance)


def _panel_chance(
    labels: Labels,
    weights: FloatArray,
    item_weight: FloatArray,
    has_label: BoolArray,
) -> ChanceAgreement:
    """Return p_e and p_e|i, half its influence plus p_e, so that chance correction linearises it as it does others."""
    q = labels.n_categories
    weight = item_weight[labels.item]
    table = np.bincount(labels.rater * q + labels.category, weights=weight, minlength=labels.n_raters * q)
    table = table.reshape(labels.n_raters, q)
    total = table.sum(axis=1)
    present = total > 0
    marginals = np.divide(table, total[:, None], out=np.zeros_like(table), where=present[:, None])
    m = int(present.sum())
    # What a label of rater g meets among the other raters: W Σ_{h≠g} p_h, shape (raters, q).
    meets = (marginals.sum(axis=0) - marginals) @ weights
    by_rater = (marginals * meets).sum(axis=1)
    share = float(by_rater.sum()) / (m * (m - 1))
    surprise = (meets[labels.rater, labels.category] - by_rater[labels.rater]) / total[labels.rater]
    by_item = np.bincount(labels.item, weights=surprise, minlength=labels.n_items)[has_label]
    scale = float(item_weight[has_label].sum()) / (m * (m - 1))
    return ChanceAgreement(share, np.asarray(share + scale * by_item, dtype=float))
