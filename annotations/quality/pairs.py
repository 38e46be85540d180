"""Who agrees with whom: the cross table of every two reviewers that share items, from one pass over the labels."""

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from reviewapp.stats.agreement.cohen import cohen_kappa, pair_table
from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.labels import Labels

MAX_PAIRS = 1000


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two reviewers, by index, on the `n` items that both labelled."""

    a: int
    b: int
    n: int
    percent: Estimate
    cohen_kappa: Estimate


class RaterAgreement(NamedTuple):
    """One reviewer, by index: labels given, and how often they agree with whoever else labelled the same item."""

    rater: int
    n_labels: int
    percent: Estimate


class Crossed(NamedTuple):
    """Pairs of labels on the same item: the item, both raters and both categories, shape (P,) each; the first rater is
    lower."""

    item: IntArray
    first: IntArray
    second: IntArray
    code_first: IntArray
    code_second: IntArray


def cross_all(labels: Labels) -> Crossed:
    """Return every pair of labels on one item."""
    order = np.lexsort((labels.rater, labels.item))
    item, rater, code = labels.item[order], labels.rater[order], labels.category[order]
    starts = np.flatnonzero(np.r_[True, item[1:] != item[:-1]]) if item.size else np.zeros(0, dtype=np.int64)
    sizes = np.diff(np.r_[starts, item.size])
    parts: list[tuple[IntArray, IntArray]] = []
    for size in np.unique(sizes):
        rows = starts[sizes == size][:, None]
        if size >= 2:
            left, right = np.asarray(list(combinations(range(int(size)), 2))).T
            parts.append(((rows + left).ravel(), (rows + right).ravel()))
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Crossed(nothing, nothing, nothing, nothing, nothing)
    first = np.concatenate([part[0] for part in parts])
    second = np.concatenate([part[1] for part in parts])
    return Crossed(item[first], rater[first], rater[second], code[first], code[second])


def pair_agreements(labels: Labels, crossed: Crossed) -> tuple[list[PairAgreement], int]:
    """Return the pairs that share most items (`MAX_PAIRS` at most), in the raters' order, and how many there are.

    Of pairs that share equally many, those among the first people: so that few people are shown with each other.
    """
    key = crossed.first * labels.n_raters + crossed.second
    pairs, inverse, shared = np.unique(key, return_inverse=True, return_counts=True)
    kept = np.sort(np.lexsort((pairs % labels.n_raters, -shared))[:MAX_PAIRS])
    position = np.full(pairs.size, -1)
    position[kept] = np.arange(kept.size)
    place = position[inverse]
    q = labels.n_categories
    found = []
    chosen = place >= 0
    order = np.argsort(place[chosen], kind="stable")
    cells = (crossed.code_first * q + crossed.code_second)[chosen][order]
    borders = np.cumsum(shared[kept])
    for index, cell in enumerate(np.split(cells, borders[:-1]) if kept.size else []):
        first, second = divmod(int(pairs[kept[index]]), labels.n_raters)
        table = np.bincount(cell, minlength=q * q).reshape(q, q)
        found.append(_pair(first, second, np.asarray(table, dtype=float)))
    return found, int(pairs.size)


def _pair(first: int, second: int, table: FloatArray) -> PairAgreement:
    n = int(table.sum())
    return PairAgreement(
        a=first,
        b=second,
        n=n,
        percent=wilson_rate(float(np.trace(table)), n, method="percent_agreement_wilson", undefined="no_pairs"),
        cohen_kappa=cohen_kappa(pair_table(table)).estimate,
    )


def rater_agreements(labels: Labels, crossed: Crossed) -> list[RaterAgreement]:
    """Return each rater's labels, and their agreement with everybody else on shared items."""
    same = (crossed.code_first == crossed.code_second).astype(np.int64)
    given = np.bincount(labels.rater, minlength=labels.n_raters)
    compared = np.zeros(labels.n_raters)
    agreed = np.zeros(labels.n_raters)
    for side in (crossed.first, crossed.second):
        compared += np.bincount(side, minlength=labels.n_raters)
        agreed += np.bincount(side, weights=same, minlength=labels.n_raters)
    return [
        RaterAgreement(
            rater=index,
            n_labels=int(given[index]),
            percent=wilson_rate(
                float(agreed[index]), float(compared[index]), method="percent_agreement_wilson", undefined="no_pairs"
            ),
        )
        for index in range(labels.n_raters)
    ]
