"""What must hold of every agreement coefficient whatever the labels."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reviewapp.stats.agreement.categories import prevalence, specific_agreement
from reviewapp.stats.agreement.chance_corrected import brennan_prediger, fleiss_kappa, gwet_ac, linearised_alpha
from reviewapp.stats.agreement.conger import conger_kappa
from reviewapp.stats.agreement.counts import ItemCounts, count_labels, item_counts
from reviewapp.stats.agreement.krippendorff import krippendorff_alpha
from reviewapp.stats.agreement.percent import percent_agreement
from reviewapp.stats.labels import labels_from_grid
from tests.stats.agreement_data import panels

COEFFICIENTS = [fleiss_kappa, gwet_ac, brennan_prediger, linearised_alpha, krippendorff_alpha]


def same(first, second):
    assert first.estimate.undefined == second.estimate.undefined
    for one, other in (
        (first.estimate.value, second.estimate.value),
        (first.estimate.low, second.estimate.low),
        (first.estimate.high, second.estimate.high),
    ):
        assert one == (other if other is None else pytest.approx(other, abs=1e-8))


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@settings(max_examples=30, deadline=None)
@given(grid=panels(), seed=st.integers(0, 99))
def test_the_order_of_items_and_raters_does_not_matter(coefficient, grid, seed):
    shuffled = np.array(grid, dtype=object)
    rng = np.random.default_rng(seed)
    shuffled = shuffled[rng.permutation(shuffled.shape[0])][:, rng.permutation(shuffled.shape[1])]
    plain, mixed = (labels_from_grid(rows, range(3)) for rows in (grid, shuffled.tolist()))
    same(coefficient(count_labels(plain)), coefficient(count_labels(mixed)))
    same(conger_kappa(plain), conger_kappa(mixed))


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@settings(max_examples=30, deadline=None)
@given(grid=panels(), names=st.permutations(range(3)))
def test_nominal_coefficients_do_not_know_the_names_of_categories(coefficient, grid, names):
    plain, renamed = labels_from_grid(grid, range(3)), labels_from_grid(grid, names)
    same(coefficient(count_labels(plain)), coefficient(count_labels(renamed)))
    same(conger_kappa(plain), conger_kappa(renamed))


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@settings(max_examples=30, deadline=None)
@given(grid=panels(), scale=st.floats(0.01, 100), weight=st.lists(st.floats(1, 9), min_size=9, max_size=9))
def test_the_scale_of_the_weights_does_not_matter(coefficient, grid, scale, weight):
    labels = labels_from_grid(grid, range(3))
    w = np.array(weight[: labels.n_items])
    same(
        coefficient(count_labels(labels, item_weight=w)),
        coefficient(count_labels(labels, item_weight=w * scale)),
    )
    same(conger_kappa(labels, item_weight=w), conger_kappa(labels, item_weight=w * scale))


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@settings(max_examples=30, deadline=None)
@given(grid=panels())
def test_equal_weights_are_no_weights(coefficient, grid):
    labels = labels_from_grid(grid, range(3))
    same(coefficient(count_labels(labels)), coefficient(count_labels(labels, item_weight=[3] * labels.n_items)))


@pytest.mark.parametrize("coefficient", [fleiss_kappa, gwet_ac, brennan_prediger])
@settings(max_examples=30, deadline=None)
@given(grid=panels(most_items=12))
def test_the_same_data_twice_shrink_the_error_by_the_root_of_two(coefficient, grid):
    once = count_labels(labels_from_grid(grid, range(3)))
    found = coefficient(once)
    assume(found.standard_error is not None)
    twice = coefficient(item_counts(np.vstack([once.counts, once.counts])))
    n = int((once.labels_per_item > 0).sum())
    assert twice.estimate.value == pytest.approx(found.estimate.value, abs=1e-9)
    # Exactly: Σ doubles, n(n-1) becomes 2n(2n-1).
    assert twice.standard_error == pytest.approx(found.standard_error * ((n - 1) / (2 * n - 1)) ** 0.5, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(grid=panels(), weight=st.lists(st.floats(1, 9), min_size=9, max_size=9))
def test_every_number_lies_in_its_range(grid, weight):
    labels = labels_from_grid(grid, range(3))
    for counts in (count_labels(labels), count_labels(labels, item_weight=weight[: labels.n_items])):
        shares = [percent_agreement(counts), *specific_agreement(counts), *prevalence(counts)]
        for estimate in shares:
            if estimate.undefined is None:
                assert 0 <= estimate.low <= estimate.value + 1e-12
                assert estimate.value - 1e-12 <= estimate.high <= 1
        for coefficient in COEFFICIENTS:
            estimate = coefficient(counts).estimate
            if estimate.low is not None:
                assert estimate.low <= estimate.value + 1e-12
                assert estimate.value - 1e-12 <= estimate.high <= 1


def test_random_labels_agree_as_chance_would():
    # 400 tables of 60 items and 3 raters: the standard error of the mean alpha is about 0.075 / 20 = 0.004.
    rng = np.random.default_rng(11)
    values = []
    for _ in range(400):
        draws = rng.integers(0, 3, (60, 3))
        counts = ItemCounts(np.stack([(draws == k).sum(axis=1) for k in range(3)], axis=1).astype(float))
        values.append([krippendorff_alpha(counts).estimate.value, gwet_ac(counts).estimate.value])
    assert np.mean(values, axis=0) == pytest.approx([0, 0], abs=0.013)
