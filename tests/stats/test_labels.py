"""Labels in long format and their counts refuse what does not belong together."""

import numpy as np
import pytest

from reviewapp.stats.agreement.counts import count_labels, item_counts
from reviewapp.stats.labels import labels_from_grid, long_labels


def test_a_grid_becomes_long_labels_without_the_missing_ones():
    labels = labels_from_grid([["a", None, "c"], ["b", "a", None]], "abc")
    assert (labels.n_items, labels.n_raters, labels.n_categories, labels.n_labels) == (3, 2, 3, 4)
    assert count_labels(labels).counts.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]


def test_an_empty_grid_has_no_items():
    assert labels_from_grid([], "ab").n_items == 0


def test_a_label_outside_the_declared_categories_is_refused():
    with pytest.raises(ValueError, match="declared"):
        labels_from_grid([["z"]], "ab")


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        (([0], [0, 1], [0]), "one length"),
        (([[0]], [[0]], [[0]]), "one-dimensional"),
        (([2], [0], [0]), "item index"),
        (([0], [-1], [0]), "rater index"),
        (([0], [0], [2]), "category index"),
    ],
)
def test_indices_out_of_range_are_refused(arrays, match):
    with pytest.raises(ValueError, match=match):
        long_labels(*arrays, n_items=2, n_raters=2, n_categories=2)


def test_a_task_without_categories_is_refused():
    with pytest.raises(ValueError, match="category"):
        long_labels([], [], [], n_items=0, n_raters=0, n_categories=0)


@pytest.mark.parametrize(
    ("counts", "weight", "match"),
    [
        ([1, 2], None, "shape"),
        (np.zeros((2, 0)), None, "shape"),
        ([[1, -1]], None, "negative"),
        ([[1, 1]], [1, 1], "one weight"),
        ([[1, 1]], [0], "positive"),
        ([[1, 1]], [np.inf], "finite"),
    ],
)
def test_impossible_counts_are_refused(counts, weight, match):
    with pytest.raises(ValueError, match=match):
        item_counts(counts, item_weight=weight)
