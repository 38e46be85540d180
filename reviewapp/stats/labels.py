"""Labels in long format: who said what about which item, as index arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import IntArray, whole_numbers


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """L labels: `item`, `rater` and `category` are index arrays of shape (L,).

    A missing label is simply absent. The numbers of items, raters and categories are declared, not observed: the
    categories are those of the task's schema, also when nobody used one of them.
    """

    item: IntArray
    rater: IntArray
    category: IntArray
    n_items: int
    n_raters: int
    n_categories: int

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        if not self.item.shape == self.rater.shape == self.category.shape or self.item.ndim != 1:
            raise ValueError("item, rater and category are one-dimensional arrays of one length")
        if self.n_categories < 1:
            raise ValueError("a task declares at least one category")
        for name, index, size in (
            ("item", self.item, self.n_items),
            ("rater", self.rater, self.n_raters),
            ("category", self.category, self.n_categories),
        ):
            if index.size and (index.min() < 0 or index.max() >= size):
                raise ValueError(f"{name} index outside 0..{size - 1}")

    @property
    def n_labels(self) -> int:
        """Number of labels L."""
        return int(self.item.size)


def long_labels(
    item: ArrayLike, rater: ArrayLike, category: ArrayLike, *, n_items: int, n_raters: int, n_categories: int
) -> Labels:
    """Return labels from whole numbers, shape (L,) each; ValueError for anything else."""
    return Labels(
        item=whole_numbers(item, "item indices"),
        rater=whole_numbers(rater, "rater indices"),
        category=whole_numbers(category, "category indices"),
        n_items=n_items,
        n_raters=n_raters,
        n_categories=n_categories,
    )


def labels_from_grid(grid: Sequence[Sequence[object | None]], categories: Sequence[object]) -> Labels:
    """Return labels from a rater × item grid of category values, None where a rater did not label.

    `categories` lists the declared values in their order; a value outside it is a ValueError.
    """
    position = {value: index for index, value in enumerate(categories)}
    found = [
        (item, rater, value) for rater, row in enumerate(grid) for item, value in enumerate(row) if value is not None
    ]
    unknown = {value for _, _, value in found} - set(position)
    if unknown:
        raise ValueError(f"labels outside the declared categories: {sorted(map(str, unknown))}")
    return long_labels(
        [item for item, _, _ in found],
        [rater for _, rater, _ in found],
        [position[value] for _, _, value in found],
        n_items=max((len(row) for row in grid), default=0),
        n_raters=len(grid),
        n_categories=len(categories),
    )


def votes(labels: Labels) -> IntArray:
    """Return the number of labels of each item in each category, shape (N, q)."""
    q = labels.n_categories
    flat = np.bincount(labels.item * q + labels.category, minlength=labels.n_items * q)
    return flat.astype(np.int64, copy=False).reshape(labels.n_items, q)
