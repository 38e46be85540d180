"""Item × category counts, the form in which exchangeable raters enter every agreement coefficient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import BoolArray, FloatArray
from reviewapp.stats.estimate import Population, Undefined
from reviewapp.stats.labels import Labels, votes


@dataclass(frozen=True, slots=True, eq=False)
class ItemCounts:
    """How often each item got each declared category.

    `counts` has shape (N, q); `item_weight`, shape (N,), is 1/π, the inverse inclusion probability of the item, or
    None when items were drawn with equal (unknown) probability. Weights matter up to a constant, except for limits
    about the window, which need them as they are.
    """

    counts: FloatArray
    item_weight: FloatArray | None = None

    def __post_init__(self) -> None:
        """Refuse counts or weights that cannot be."""
        if self.counts.ndim != 2 or self.counts.shape[1] < 1:
            raise ValueError("counts have the shape (items, categories) with at least one category")
        if not np.all(self.counts >= 0):
            raise ValueError("counts are not negative")
        if self.item_weight is not None:
            inclusion_weight(self.item_weight, self.counts.shape[0])

    @property
    def labels_per_item(self) -> FloatArray:
        """Number of labels r_i of each item, shape (N,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def pairable(self) -> BoolArray:
        """Which items carry at least two labels, shape (N,)."""
        return self.labels_per_item >= 2

    @property
    def n_categories(self) -> int:
        """Number of declared categories q."""
        return int(self.counts.shape[1])

    @property
    def weight(self) -> FloatArray:
        """The item weights, ones where none are known; shape (N,)."""
        return inclusion_weight(self.item_weight, self.counts.shape[0])

    @property
    def without_variation(self) -> Undefined:
        """The reason when no disagreement was possible: one category used, or several that count as the same."""
        used = np.count_nonzero(self.counts.sum(axis=0))
        return "single_category" if used <= 1 else "zero_variance"

    def only(self, chosen: BoolArray) -> "ItemCounts":
        """Return the counts of the chosen items."""
        if chosen.all():
            return self
        return ItemCounts(self.counts[chosen], None if self.item_weight is None else self.item_weight[chosen])

    def missing_evidence(self, population: Population) -> Undefined | None:
        """Return why no agreement can be computed, None when there is at least one item with two labels."""
        if self.counts.shape[0] == 0:
            return "no_items"
        if not self.counts.any():
            return "no_labels"
        if not self.pairable.any():
            return "no_pairs"
        if population == "window" and self.item_weight is None:
            return "unknown_inclusion_probability"
        return None


def inclusion_weight(weight: ArrayLike | None, n: int) -> FloatArray:
    """Return the weights 1/π of n units, ones for None; ValueError unless there are n positive finite ones."""
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=float)
    if w.shape != (n,):
        raise ValueError("one weight an item")
    if not np.all((w > 0) & np.isfinite(w)):
        raise ValueError("weights are positive and finite")
    return w


def item_counts(counts: ArrayLike, *, item_weight: ArrayLike | None = None) -> ItemCounts:
    """Return counts from a table of shape (N, q)."""
    weight = None if item_weight is None else np.asarray(item_weight, dtype=float)
    return ItemCounts(np.asarray(counts, dtype=float), weight)


def count_labels(labels: Labels, *, item_weight: ArrayLike | None = None) -> ItemCounts:
    """Return the counts of labels in long format; O(L), memory (N, q)."""
    return item_counts(votes(labels), item_weight=item_weight)
