"""Allocation, budgets and uncertainty designs: the reference vector, by hand, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.stats.sampling.allocation import neyman_allocation, stratified_variance, whole_labels
from reviewapp.stats.sampling.budget import budget_scale, sequential_poisson
from reviewapp.stats.sampling.hash_numbers import hash_numbers
from reviewapp.stats.sampling.uncertainty import uncertainty_probabilities
from tests.stats.reference import vector


def test_reference_allocation():
    fixture = vector("neyman_allocation")
    found = neyman_allocation(fixture["inputs"]["N_h"], fixture["inputs"]["S_h"], fixture["inputs"]["n"])
    assert found.labels == pytest.approx(fixture["expected"]["n_h"], abs=fixture["tolerance"])
    assert found.variance == pytest.approx(fixture["expected"]["variance_neyman"], abs=fixture["tolerance"])
    expected = fixture["expected"]["variance_proportional"]
    assert found.proportional_variance == pytest.approx(expected, abs=fixture["tolerance"])
    assert whole_labels(found.labels).tolist() == [124, 124, 52]


def test_costs_minima_and_full_strata_by_hand():
    # N S/sqrt(c) = 100·1/1, 100·1/2: 60 labels as 40 : 20.
    assert neyman_allocation([100, 100], [1, 1], 60, costs=[1, 4]).labels == pytest.approx([40, 20])
    # Shares 90 : 10 of 30 are 27 : 3; the minimum 10 leaves 20.
    assert neyman_allocation([900, 100], [1, 1], 30, minimum=10).labels == pytest.approx([20, 10])
    # Shares 10·10 : 100·1 are equal, but the first stratum holds 10 only.
    assert neyman_allocation([10, 100], [10, 1], 50).labels == pytest.approx([10, 40])
    # A stratum smaller than the minimum is taken whole.
    assert neyman_allocation([4, 100], [1, 1], 20, minimum=10).labels == pytest.approx([4, 16])
    # All minima: nothing left to share.
    assert neyman_allocation([100, 100], [1, 2], 20, minimum=10).labels == pytest.approx([10, 10])


def test_strata_without_deviation():
    assert neyman_allocation([100, 300], [0, 0], 40).labels == pytest.approx([10, 30])
    assert neyman_allocation([100, 300], [0, 0], 40).variance == 0
    # 150 labels: the varying stratum is full at 100, the rest go where nothing varies.
    assert neyman_allocation([100, 300], [1, 0], 150).labels == pytest.approx([100, 50])
    assert stratified_variance([100, 100], [1, 1], [10, 0]) == float("inf")


def test_the_variance_weights_strata_by_the_whole_population():
    # (100/400)² (1 - 10/100) 1/10 = .0625·.9·.1; the stratum of 300 does not vary.
    assert stratified_variance([100, 300], [1, 0], [10, 0]) == pytest.approx(0.005625)


@given(
    st.lists(st.tuples(st.floats(1, 1e4), st.floats(0, 2), st.floats(0.1, 10)), min_size=1, max_size=8),
    st.floats(0, 1),
    st.floats(0, 5),
)
def test_an_allocation_keeps_its_bounds_and_its_sum(strata, fraction, minimum):
    sizes, deviations, costs = (np.array(column) for column in zip(*strata, strict=True))
    least = np.minimum(minimum, sizes)
    n = least.sum() + fraction * (sizes.sum() - least.sum())
    found = neyman_allocation(sizes, deviations, n, costs=costs, minimum=minimum)
    assert found.labels.sum() == pytest.approx(n, rel=1e-6, abs=1e-6)
    assert (found.labels >= least - 1e-6).all()
    assert (found.labels <= sizes + 1e-6).all()


@given(st.lists(st.floats(0, 50), min_size=1, max_size=8))
def test_whole_labels_keep_the_total_within_one_of_each(labels):
    whole = whole_labels(labels)
    assert abs(whole.sum() - sum(labels)) <= 0.5 + 1e-6
    assert (np.abs(whole - np.array(labels)) <= 1 + 1e-6).all()


@pytest.mark.parametrize(
    ("sizes", "deviations", "n", "kwargs"),
    [
        ([100], [1, 1], 10, {}),
        ([], [], 0, {}),
        ([0], [1], 0, {}),
        ([10], [-1], 1, {}),
        ([10], [1], 1, {"costs": [0]}),
        ([10], [1], 1, {"minimum": -1}),
        ([10, 10], [1, 1], 3, {"minimum": 2}),
        ([10], [1], 11, {}),
    ],
)
def test_allocations_that_cannot_be_are_refused(sizes, deviations, n, kwargs):
    with pytest.raises(ValueError, match=r"stratum|positive|fit"):
        neyman_allocation(sizes, deviations, n, **kwargs)


def test_the_scale_of_a_budget_by_hand():
    # .5c + .3c + .2c = 1 gives c = 1.
    assert budget_scale([0.5, 0.3, 0.2], 1) == pytest.approx(1)
    # Two of three: c = 2 puts the first at 1, the others at .6 and .4.
    assert budget_scale([0.5, 0.3, 0.2], 2) == pytest.approx(2)
    # 2.5: the first two at 1 (c ≥ 1/.3), .2c = .5 gives c = 2.5 < 1/.3; so one at 1, .5c = 1.5 gives c = 3.
    assert budget_scale([0.5, 0.3, 0.2], 2.5) == pytest.approx(3)
    assert budget_scale([0.5, 0.3, 0.2, 0.0], 3) == pytest.approx(5)
    assert budget_scale([], 0) == 0


@given(st.lists(st.floats(1e-3, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_scaled_sizes_add_up_to_the_budget(sizes, fraction):
    budget = fraction * len(sizes)
    scale = budget_scale(sizes, budget)
    assert np.minimum(1, scale * np.array(sizes)).sum() == pytest.approx(budget, abs=1e-9)


@pytest.mark.parametrize(("sizes", "budget"), [([1.0], 2), ([1.0, 0.0], 2), ([1.0], -1), ([-1.0], 1), ([np.nan], 1)])
def test_budgets_that_cannot_be_are_refused(sizes, budget):
    with pytest.raises(ValueError, match=r"budget|sizes"):
        budget_scale(sizes, budget)


def test_sequential_poisson_keeps_the_smallest_ratios_in_review_order():
    # u/π: .2/.5 = .4, .1/.1 = 1, .05/.5 = .1, impossible, .9/.9 = 1 (after the earlier position).
    found = sequential_poisson([0.2, 0.1, 0.05, 0.0, 0.9], [0.5, 0.1, 0.5, 0.0, 0.9], 3)
    assert found.chosen.tolist() == [2, 0, 1]
    # Σ min(1, c(.5, .1, .5, 0, .9)) = 3: with .9 at 1, c = 2/1.1 = 1.818 keeps .5c = .909 below 1.
    assert found.scale == pytest.approx(2 / 1.1)
    assert found.probability == pytest.approx([1 / 1.1, 0.2 / 1.1, 1 / 1.1, 0, 1])


def test_sequential_poisson_with_more_budget_than_records_and_with_none():
    everything = sequential_poisson([0.5, 0.2], [0.1, 0.0], 10)
    assert everything.chosen.tolist() == [0]
    assert everything.probability.tolist() == [1, 0]
    nothing = sequential_poisson([0.5], [0.1], 0)
    assert nothing.chosen.tolist() == []
    assert nothing.probability.tolist() == [0]


@pytest.mark.parametrize(("u", "pi"), [([0.5], [0.5, 0.5]), ([1.0], [0.5]), ([0.5], [1.5])])
def test_numbers_that_do_not_fit_are_refused(u, pi):
    with pytest.raises(ValueError, match="every record"):
        sequential_poisson(u, pi, 1)


def test_uncertainty_probabilities_by_hand():
    # s = .5, .4, .3 (p = .5, .8, .9): mean .4; τ = .5: .5 + .5·s/.4 = 1.125, 1, .875; b = 1.5/3.
    assert uncertainty_probabilities([0.5, 0.8, 0.9], 1.5, floor=0.5) == pytest.approx([0.5625, 0.5, 0.4375])
    # 2.9 of 3: the cap holds the first two at 1 and lifts the last to .9.
    assert uncertainty_probabilities([0.5, 0.8, 0.9], 2.9, floor=0.5) == pytest.approx([1, 1, 0.9])
    assert uncertainty_probabilities([0.0, 1.0], 1) == pytest.approx([0.5, 0.5])
    assert uncertainty_probabilities([], 0).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.01, 1), st.floats(0.05, 1))
def test_uncertainty_probabilities_meet_the_budget_and_the_floor(p, fraction, floor):
    expected = fraction * len(p)
    pi = uncertainty_probabilities(p, expected, floor=floor)
    assert pi.sum() == pytest.approx(expected)
    assert ((pi > 0) & (pi <= 1)).all()
    assert (1 / pi).max() <= 1 / (fraction * floor) * (1 + 1e-9)


@pytest.mark.parametrize(("p", "floor"), [([1.2], 0.5), ([[0.5]], 0.5), ([0.5], 0.0), ([0.5], 1.1)])
def test_uncertainty_designs_that_cannot_be_are_refused(p, floor):
    with pytest.raises(ValueError, match=r"vector|floor"):
        uncertainty_probabilities(p, 0.5, floor=floor)


@pytest.mark.slow
def test_sequential_poisson_probabilities_are_those_it_draws_with():
    """3,000 windows of 400 records, budget 60: each record's share of draws against π', z-scores within 5."""
    rng = np.random.default_rng(20)
    pi = rng.uniform(0.02, 0.5, 400)
    hits = np.zeros(400)
    repetitions = 3_000
    for _ in range(repetitions):
        hits[sequential_poisson(rng.random(400), pi, 60).chosen] += 1
    expected = sequential_poisson(hash_numbers("s", map(str, range(400))), pi, 60).probability
    error = np.sqrt(expected * (1 - expected) / repetitions)
    assert np.abs((hits / repetitions - expected) / error).max() < 5
