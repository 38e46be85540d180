"""Tables that several agreement tests share, and a hypothesis strategy for small panels."""

import numpy as np
from hypothesis import strategies as st

from reviewapp.stats.agreement.counts import ItemCounts, item_counts
from reviewapp.stats.labels import Labels, labels_from_grid

FLEISS_10X14 = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
ABSTRACTORS_3X3 = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
PARADOX_2A = [[45, 15], [25, 15]]
PARADOX_2B = [[25, 35], [5, 35]]
NEGATIVE_AT_94_PERCENT = [[118, 5], [2, 0]]


def counts_of_pairs(table) -> ItemCounts:
    """Return item counts of two raters from their cross table: one item for each unit of a cell."""
    table = np.asarray(table)
    one = np.eye(len(table))
    rows = [one[i] + one[j] for i in range(len(table)) for j in range(len(table)) for _ in range(table[i, j])]
    return item_counts(rows)


def labels_of_pairs(table) -> Labels:
    """Return the labels of two raters from their cross table."""
    q = len(table)
    cells = [(i, j) for i in range(q) for j in range(q) for _ in range(table[i][j])]
    return labels_from_grid([[i for i, _ in cells], [j for _, j in cells]], range(q))


def panels(*, categories: int = 3, raters: int = 4, most_items: int = 9):
    """Strategy: rater × item grids with missing labels, at least two items."""
    cell = st.one_of(st.none(), st.integers(0, categories - 1), st.integers(0, categories - 1))
    return st.integers(2, most_items).flatmap(
        lambda n: st.lists(st.lists(cell, min_size=n, max_size=n), min_size=raters, max_size=raters)
    )
