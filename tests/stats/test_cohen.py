"""Cohen's kappa of a pair: vectors, oracles, by hand, and from labels."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from reviewapp.stats.agreement.cohen import cohen_kappa, cross_labels, pair_table
from reviewapp.stats.agreement.weights import linear_weights, quadratic_weights
from reviewapp.stats.labels import labels_from_grid, long_labels
from tests.stats.agreement_data import (
    ABSTRACTORS_3X3,
    NEGATIVE_AT_94_PERCENT,
    PARADOX_2A,
    PARADOX_2B,
    labels_of_pairs,
)
from tests.stats.reference import vector


@pytest.mark.parametrize("name", ["cohen_2x2_textbook", "kappa_paradox_1a", "kappa_paradox_1b"])
def test_two_categories(name):
    case = vector(name)
    found, expected = cohen_kappa(pair_table(case["inputs"]["table_rater1_rows_rater2_cols"])), case["expected"]
    assert found.observed == pytest.approx(expected["po"], abs=1e-9)
    assert found.estimate.value == pytest.approx(expected["kappa"], abs=1e-9)
    assert found.standard_error == pytest.approx(expected["kappa_ase"], abs=1e-9)
    assert found.null_standard_error == pytest.approx(expected["kappa_ase0"], abs=1e-9)
    assert [found.estimate.low, found.estimate.high] == pytest.approx(expected["kappa_ci95"], abs=1e-9)


@pytest.mark.parametrize(
    ("name", "weights"),
    [("None", None), ("linear", linear_weights([0, 1, 2])), ("quadratic", quadratic_weights([0, 1, 2]))],
)
def test_weighted(name, weights):
    case = vector("cohen_weighted_sas_3x3")
    found, expected = cohen_kappa(pair_table(case["inputs"]["table"]), weights=weights), case["expected"][name]
    assert found.estimate.value == pytest.approx(expected["kappa"], abs=1e-9)
    assert found.standard_error == pytest.approx(expected["ase"], abs=1e-9)
    assert found.null_standard_error == pytest.approx(expected["ase0"], abs=1e-9)
    assert [found.estimate.low, found.estimate.high] == pytest.approx(expected["ci95"], abs=1e-9)


def test_published_tables():
    def kappa(table):
        return cohen_kappa(pair_table(table)).estimate.value

    assert kappa(ABSTRACTORS_3X3) == pytest.approx(0.796409402, abs=1e-9)
    assert kappa(PARADOX_2A) == pytest.approx(0.1304, abs=5e-5)
    assert kappa(PARADOX_2B) == pytest.approx(0.2593, abs=5e-5)
    assert kappa(NEGATIVE_AT_94_PERCENT) == pytest.approx(-0.0234, abs=5e-5)
    judge = vector("judge_confusion_fixture")
    tp, fn, fp, tn = (judge["inputs"][cell] for cell in ("tp", "fn", "fp", "tn"))
    assert kappa([[tp, fn], [fp, tn]]) == pytest.approx(judge["expected"]["cohen_kappa"], abs=1e-12)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_labels_give_the_kappa_of_scikit_learn(weights):
    rng = np.random.default_rng(5)
    first = rng.integers(0, 4, 60)
    second = np.where(rng.random(60) < 0.6, first, rng.integers(0, 4, 60))
    labels = labels_from_grid([first.tolist(), second.tolist()], range(4))
    matrix = {None: None, "linear": linear_weights(range(4)), "quadratic": quadratic_weights(range(4))}[weights]
    found = cohen_kappa(cross_labels(labels, 0, 1), weights=matrix)
    assert found.estimate.value == pytest.approx(cohen_kappa_score(first, second, weights=weights), abs=1e-12)


def test_only_items_that_both_labelled_count():
    labels = labels_from_grid([["a", "b", None, "a"], ["a", "b", "b", None]], "ab")
    assert cross_labels(labels, 0, 1).weight.tolist() == [[1, 0], [0, 1]]


def test_equal_item_weights_change_nothing_in_the_process():
    labels = labels_of_pairs([[20, 5], [10, 15]])
    plain = cohen_kappa(cross_labels(labels, 0, 1))
    weighted = cohen_kappa(cross_labels(labels, 0, 1, item_weight=[7] * 50))
    assert weighted.standard_error == pytest.approx(plain.standard_error)
    assert weighted.null_standard_error == pytest.approx(plain.null_standard_error)
    assert weighted.estimate.n_effective == pytest.approx(50)


def test_the_window_is_narrower_by_the_share_seen():
    labels = labels_of_pairs([[20, 5], [10, 15]])
    plain = cohen_kappa(cross_labels(labels, 0, 1))
    window = cohen_kappa(cross_labels(labels, 0, 1, item_weight=[4] * 50, population="window"))
    assert window.standard_error == pytest.approx(plain.standard_error * (3 / 4) ** 0.5)
    assert window.estimate.n_effective is None


def test_no_evidence_is_no_estimate():
    assert cohen_kappa(pair_table([[0, 0], [0, 0]])).estimate.undefined == "no_pairs"
    assert cohen_kappa(pair_table([[9, 0], [0, 0]])).estimate.undefined == "single_category"
    free = cohen_kappa(pair_table([[9, 1], [1, 9]]), weights=np.ones((2, 2)))
    assert free.estimate.undefined == "zero_variance"
    window = cohen_kappa(cross_labels(labels_of_pairs([[5, 1], [1, 5]]), 0, 1, population="window"))
    assert window.estimate.undefined == "unknown_inclusion_probability"


def test_perfect_agreement_has_no_interval():
    found = cohen_kappa(pair_table([[5, 0], [0, 5]]))
    assert found.estimate.value == 1.0
    assert (found.estimate.low, found.standard_error) == (None, None)
    assert found.estimate.warnings == ("zero_variance",)


def test_what_is_no_cross_table_is_refused():
    with pytest.raises(ValueError, match="square"):
        pair_table([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match="square"):
        pair_table([[1, -2], [4, 5]])
    twice = long_labels([0, 0, 0], [0, 0, 1], [0, 1, 1], n_items=1, n_raters=2, n_categories=2)
    with pytest.raises(ValueError, match="one label"):
        cross_labels(twice, 0, 1)
