"""Agreement and aggregation of a million labels.

250,000 items with four labels each by a thousand reviewers, five categories, long format in; alpha with its jackknife
interval over items, and smoothed Dawid-Skene until it converges. The `krippendorff` package computes the value only:
from counts of the same labels, and from a dense rater × item matrix, for which the labels are laid out on four columns
(a matrix with one row a reviewer would hold 250 million cells, 2 GB of numbers).
"""

import krippendorff
import numpy as np

from reviewapp.stats.aggregation.dawid_skene import dawid_skene
from reviewapp.stats.agreement.counts import count_labels
from reviewapp.stats.agreement.krippendorff import krippendorff_alpha
from reviewapp.stats.labels import Labels, long_labels
from tests.benchmarks.rows import Row, best_of

ITEMS, LABELS_PER_ITEM, REVIEWERS, CATEGORIES = 250_000, 4, 1_000, 5


def million_labels(seed: int = 1) -> Labels:
    """Return labels of reviewers who are right with probability .6 to .95, else say anything."""
    rng = np.random.default_rng(seed)
    size = ITEMS * LABELS_PER_ITEM
    truth = rng.integers(0, CATEGORIES, ITEMS)
    item = np.repeat(np.arange(ITEMS), LABELS_PER_ITEM)
    first = rng.integers(0, REVIEWERS, ITEMS)
    rater = (np.repeat(first, LABELS_PER_ITEM) + np.tile(np.arange(LABELS_PER_ITEM), ITEMS)) % REVIEWERS
    right = rng.random(size) < rng.uniform(0.6, 0.95, REVIEWERS)[rater]
    category = np.where(right, truth[item], rng.integers(0, CATEGORIES, size))
    return long_labels(item, rater, category, n_items=ITEMS, n_raters=REVIEWERS, n_categories=CATEGORIES)


def measure() -> list[Row]:
    """Return seconds for alpha at two levels beside the package, and for Dawid-Skene."""
    labels = million_labels()
    counts = count_labels(labels).counts.astype(int)
    dense = labels.category.reshape(ITEMS, LABELS_PER_ITEM).T.astype(float)
    domain = list(range(CATEGORIES))
    rows = []
    for level in ("nominal", "ordinal"):
        own = best_of(3, lambda level=level: krippendorff_alpha(count_labels(labels), level=level))
        by_counts = best_of(
            2,
            lambda level=level: krippendorff.alpha(
                value_counts=counts, value_domain=domain, level_of_measurement=level
            ),
        )
        by_matrix = best_of(
            2,
            lambda level=level: krippendorff.alpha(
                reliability_data=dense, value_domain=domain, level_of_measurement=level
            ),
        )
        rows.append(
            Row(
                f"alpha ({level}) with jackknife interval, 1,000,000 labels",
                f"{own:.2f} s",
                f"krippendorff, value only: {by_counts:.2f} s from counts, {by_matrix:.2f} s from a 4 × 250,000 matrix",
                "≤ 2 s",
            )
        )
    iterations: list[int] = []
    fit = best_of(1, lambda: iterations.append(len(dawid_skene(labels).objective)))
    rows.append(
        Row(
            f"smoothed Dawid-Skene, 1,000,000 labels of 1,000 reviewers, {iterations[0]} iterations",
            f"{fit:.2f} s",
            target="≤ 20 s",
        )
    )
    return rows
