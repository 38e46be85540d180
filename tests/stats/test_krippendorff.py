"""Krippendorff's alpha: the published vectors, the jackknife against recomputing, an oracle, and no evidence."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewapp.stats.agreement import coincidences
from reviewapp.stats.agreement.chance_corrected import fleiss_kappa, linearised_alpha
from reviewapp.stats.agreement.counts import ItemCounts, count_labels, item_counts
from reviewapp.stats.agreement.krippendorff import krippendorff_alpha
from reviewapp.stats.agreement.weights import quadratic_weights
from reviewapp.stats.labels import labels_from_grid
from tests.stats.agreement_data import panels
from tests.stats.reference import vector

LEVELS = ["nominal", "ordinal", "interval", "ratio"]


@pytest.mark.parametrize("level", LEVELS)
def test_four_observers_and_twelve_units(level):
    case = vector(f"krippendorff_alpha_4x12_{level}")
    expected = case["expected"]
    counts = count_labels(labels_from_grid(case["inputs"]["ratings_observer_by_unit"], [1, 2, 3, 4, 5]))
    found = krippendorff_alpha(counts, level=level, scores=[1, 2, 3, 4, 5])
    assert found.estimate.value == pytest.approx(expected["alpha"], abs=1e-9)
    assert found.observed_disagreement == pytest.approx(expected["Do"], abs=1e-9)
    assert found.expected_disagreement == pytest.approx(expected["De"], abs=1e-9)
    assert found.n_pairable == pytest.approx(expected["n_pairable"], abs=1e-9)
    assert found.estimate.n == expected["jackknife_units"]
    assert found.standard_error == pytest.approx(expected["jackknife_se"], abs=1e-9)
    assert found.jackknife_mean == pytest.approx(expected["jackknife_pseudovalue_mean"], abs=1e-9)
    matrix = expected["coincidence_matrix_values_1_to_5"]
    if matrix is not None:
        assert found.coincidences == pytest.approx(np.array(matrix), abs=1e-9)


def test_complete_data_give_fleiss_kappa_but_for_the_small_sample_term():
    case = vector("fleiss_1971_30x6")
    counts = item_counts(case["inputs"]["counts_subject_by_category"])
    alpha, kappa = krippendorff_alpha(counts).estimate.value, fleiss_kappa(counts).estimate.value
    assert alpha == pytest.approx(case["expected"]["krippendorff_alpha_nominal"], abs=1e-9)
    assert alpha == pytest.approx(1 - (1 - kappa) * (180 - 1) / 180, abs=1e-12)


def test_worked_by_hand():
    # AA, AB, BB: o_AA = o_BB = 2, o_AB = o_BA = 1, n_A = n_B = 3, n = 6.
    # D_o = 2/6, D_e = 2·9 / (6·5) = 3/5, alpha = 1 - 5/9 = 4/9.
    # Without AA: n_A = 1, n_B = 3, n = 4: 1 - (2/4) / (6/12) = 0; without BB the same; without AB: alpha 1.
    # Pseudo-values 3·4/9 - 2·(0, 1, 0) = 4/3, -2/3, 4/3: mean 2/3, sd = 2/√3, SE = 2/3.
    found = krippendorff_alpha(item_counts([[2, 0], [1, 1], [0, 2]]))
    assert found.estimate.value == pytest.approx(4 / 9)
    assert found.observed_disagreement == pytest.approx(1 / 3)
    assert found.expected_disagreement == pytest.approx(3 / 5)
    assert found.jackknife_mean == pytest.approx(2 / 3)
    assert found.standard_error == pytest.approx(2 / 3)
    assert found.estimate.warnings == ("few_minority_labels",)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("block", [1, 1 << 20])
@settings(max_examples=40, deadline=None)
@given(
    grid=panels(),
    weight=st.lists(st.floats(1, 20), min_size=9, max_size=9),
)
def test_the_jackknife_equals_recomputing_without_each_item(level, block, grid, weight):
    labels = labels_from_grid(grid, range(3))
    every = count_labels(labels, item_weight=weight[: labels.n_items])
    counts = every.only(every.pairable)
    before, coincidences.BLOCK = coincidences.BLOCK, block
    try:
        found = krippendorff_alpha(counts, level=level, scores=[1, 2, 4])
    finally:
        coincidences.BLOCK = before
    n = counts.counts.shape[0]
    if found.estimate.undefined or n < 2:
        return
    kept = [np.arange(n) != i for i in range(n)]
    left_out = [krippendorff_alpha(counts.only(rows), level=level, scores=[1, 2, 4]).estimate for rows in kept]
    if any(estimate.undefined for estimate in left_out):
        assert found.estimate.warnings[-1] == "rests_on_one_item"
        return
    theta = np.array([estimate.value for estimate in left_out])
    pseudo = n * found.estimate.value - (n - 1) * theta
    error = pseudo.std(ddof=1) / np.sqrt(n)
    if found.standard_error is None:
        assert error < 1e-9
    else:
        assert found.standard_error == pytest.approx(error, abs=1e-9)
        assert found.jackknife_mean == pytest.approx(pseudo.mean(), abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
@settings(max_examples=40, deadline=None)
@given(grid=panels())
def test_the_value_is_that_of_the_krippendorff_package(level, grid):
    counts = count_labels(labels_from_grid(grid, range(3)))
    found = krippendorff_alpha(counts, level=level, scores=[1, 2, 4])
    if found.estimate.undefined is None:
        expected = krippendorff.alpha(
            value_counts=counts.counts.astype(int), value_domain=[1, 2, 4], level_of_measurement=level
        )
        assert found.estimate.value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(grid=panels())
def test_interval_alpha_is_the_quadratic_one_of_gwet(grid):
    counts = count_labels(labels_from_grid(grid, range(3)))
    found = krippendorff_alpha(counts, level="interval")
    linearised = linearised_alpha(counts, weights=quadratic_weights(range(3)))
    assert found.estimate.undefined == linearised.estimate.undefined
    if found.estimate.undefined is None:
        assert found.estimate.value == pytest.approx(linearised.estimate.value, abs=1e-9)


def test_the_ordinal_metric_is_not_the_ordinal_weight():
    case = vector("krippendorff_alpha_4x12_ordinal")
    counts = count_labels(labels_from_grid(case["inputs"]["ratings_observer_by_unit"], [1, 2, 3, 4, 5]))
    assert abs(krippendorff_alpha(counts, level="ordinal").estimate.value - 0.833638025594) > 0.01


@pytest.mark.parametrize("level", LEVELS)
def test_no_evidence_is_no_estimate(level):
    def reason(counts, **more):
        return krippendorff_alpha(counts, level=level, **more).estimate.undefined

    assert reason(item_counts(np.zeros((0, 2)))) == "no_items"
    assert reason(item_counts([[0, 0]])) == "no_labels"
    assert reason(item_counts([[1, 0], [0, 1]])) == "no_pairs"
    assert reason(item_counts([[2, 0], [3, 0]])) == "single_category"
    assert reason(item_counts([[2, 0], [1, 1]]), population="window") == "unknown_inclusion_probability"


def test_categories_of_one_score_cannot_disagree():
    found = krippendorff_alpha(item_counts([[2, 0], [1, 1]]), level="interval", scores=[3, 3])
    assert found.estimate.undefined == "zero_variance"


def test_zero_against_zero_is_no_disagreement_on_a_ratio_scale():
    found = krippendorff_alpha(item_counts([[2, 0, 0], [1, 0, 1], [0, 2, 0]]), level="ratio", scores=[0, 1, 3])
    # (0 - 3)² / (0 + 3)² = 1 is the only observed disagreement, in two of six pairs.
    assert found.observed_disagreement == pytest.approx(1 / 3)


@pytest.mark.parametrize(("scores", "level"), [([1, 2, 3], "interval"), ([1, np.nan], "interval"), ([-1, 1], "ratio")])
def test_scores_that_do_not_fit_are_refused(scores, level):
    with pytest.raises(ValueError, match=r"score|negative"):
        krippendorff_alpha(item_counts([[2, 0], [1, 1]]), level=level, scores=scores)


def test_a_value_without_a_trustworthy_interval_says_why():
    one = krippendorff_alpha(item_counts([[2, 1]])).estimate
    assert (one.low, one.warnings) == (None, ("few_minority_labels", "one_item"))
    # Only the second item has a B: leave it out and one category remains.
    lone = krippendorff_alpha(item_counts([[2, 0], [1, 1], [2, 0]]))
    assert lone.estimate.warnings == ("few_minority_labels", "rests_on_one_item")
    assert (lone.estimate.low, lone.standard_error, lone.jackknife_mean) == (None, None, None)
    unanimous = krippendorff_alpha(item_counts([[9, 0], [0, 9], [9, 0], [0, 9]])).estimate
    assert (unanimous.value, unanimous.low, unanimous.warnings) == (1.0, None, ("zero_variance",))


def test_ten_minority_labels_are_enough_for_no_warning():
    assert krippendorff_alpha(item_counts([[2, 0]] * 6 + [[0, 2]] * 4 + [[1, 1]] * 2)).estimate.warnings == ()
    assert krippendorff_alpha(item_counts([[2, 0]] * 6 + [[0, 2]] * 4 + [[1, 1]])).estimate.warnings == (
        "few_minority_labels",
    )


def test_item_weights_enter_coincidences_and_marginals_scaled_to_mean_one():
    found = krippendorff_alpha(item_counts([[2, 0], [1, 1], [0, 2]], item_weight=[30, 10, 20]))
    # Weights 1.5, .5, 1: o_AA = 3, o_AB = .5, o_BB = 2; n_A = 3.5, n_B = 2.5, n = 6;
    # D_o = 1/6, D_e = 2·3.5·2.5 / 30, alpha = 1 - (1/6)(30/17.5) = 5/7.
    assert found.coincidences == pytest.approx(np.array([[3, 0.5], [0.5, 2]]))
    assert found.estimate.value == pytest.approx(5 / 7)
    assert found.estimate.n_effective == pytest.approx(60**2 / 1400)


def test_counts_can_be_built_without_weights():
    assert ItemCounts(np.array([[2.0, 0.0]])).weight.tolist() == [1.0]
