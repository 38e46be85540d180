"""Dawid-Skene: the data of 1979 in both transcriptions, smoothing, and what the fit promises."""

import numpy as np
import pytest
from hypothesis import given, settings

from reviewapp.stats.aggregation.dawid_skene import UNSMOOTHED, Smoothing, dawid_skene
from reviewapp.stats.aggregation.plurality import UNDECIDED, plurality
from reviewapp.stats.labels import labels_from_grid, long_labels
from tests.stats.agreement_data import panels
from tests.stats.reference import vector

CASE = vector("dawid_skene_1979_variant_A")


def patients(table):
    labels = [
        (patient, observer, label - 1)
        for patient, observers in enumerate(table)
        for observer, given_labels in enumerate(observers)
        for label in given_labels
    ]
    return long_labels(*zip(*labels, strict=True), n_items=45, n_raters=5, n_categories=4)


LABELS = patients(CASE["inputs"]["labels_by_patient_then_observer"])


def test_the_data_of_1979():
    expected = CASE["expected"]
    found = dawid_skene(LABELS, smoothing=UNSMOOTHED)
    assert found.prior == pytest.approx(np.array(expected["priors"]), abs=1e-6)
    assert found.confusion == pytest.approx(np.array(expected["error_rates_observer_true_reported"]), abs=1e-6)
    assert found.log_likelihood == pytest.approx(expected["loglik"], abs=1e-6)
    assert found.objective[-1] == pytest.approx(found.log_likelihood, abs=1e-6)
    assert (found.category + 1).tolist() == expected["map_labels"]
    for patient, posterior in expected["ambiguous"].items():
        assert found.posterior[int(patient) - 1] == pytest.approx(np.array(posterior), abs=1e-6)
    sure = np.delete(found.confidence, [int(patient) - 1 for patient in expected["ambiguous"]])
    assert sure.min() > 0.9999
    assert found.converged


def test_the_other_transcription_of_1979():
    table = [list(map(list, row)) for row in CASE["inputs"]["labels_by_patient_then_observer"]]
    table[6][0] = [1, 1, 2]
    found = dawid_skene(patients(table), smoothing=UNSMOOTHED)
    assert found.prior == pytest.approx([0.399968998, 0.421576321, 0.111788015, 0.066666667], abs=1e-6)
    assert found.log_likelihood == pytest.approx(-190.730996595, abs=1e-6)
    assert (found.category + 1).tolist() == CASE["expected"]["map_labels"]


def test_differences_to_plurality_in_the_data_of_1979():
    voted, found = plurality(LABELS), dawid_skene(LABELS, smoothing=UNSMOOTHED)
    differing = np.flatnonzero(voted.category != found.category)
    assert (differing + 1).tolist() == [2, 12, 36]
    assert voted.category[11] == UNDECIDED
    assert np.flatnonzero(voted.leading[11]).tolist() == [1, 2]


def test_smoothing_worked_by_hand():
    # One rater, one item, label 0 of two: the start is (1, 0). Prior (1 + 1, 0 + 1) / 3; rows (4 + 1, 1) / 6 and
    # (1, 4) / 5; posterior ∝ (2/3 · 5/6, 1/3 · 1/5) = (5/9, 1/15) = (25, 3) / 28.
    found = dawid_skene(labels_from_grid([[0]], [0, 1]), max_iterations=1)
    assert found.prior == pytest.approx([2 / 3, 1 / 3])
    assert found.confusion[0] == pytest.approx(np.array([[5 / 6, 1 / 6], [1 / 5, 4 / 5]]))
    assert found.posterior[0] == pytest.approx([25 / 28, 3 / 28])
    assert found.evidence[0] == pytest.approx([1, 0])
    assert found.log_likelihood == pytest.approx(np.log(5 / 9 + 1 / 15))
    added = np.log(2 / 9) + 4 * np.log(5 / 6) + np.log(1 / 6) + np.log(1 / 5) + 4 * np.log(4 / 5)
    assert found.objective == pytest.approx((found.log_likelihood + added,))
    assert found.warnings == ("fewer_than_3_labels_per_item", "fewer_than_150_items", "not_converged")


@pytest.mark.parametrize("smoothing", [Smoothing(), UNSMOOTHED, Smoothing(2, 0.5, 0)])
@settings(max_examples=40, deadline=None)
@given(grid=panels())
def test_the_objective_never_falls_and_every_share_is_one(smoothing, grid):
    labels = labels_from_grid(grid, range(3))
    if labels.n_labels == 0:
        return
    found = dawid_skene(labels, smoothing=smoothing)
    assert np.diff(found.objective).min(initial=0) > -1e-8
    for shares in (found.prior, found.confusion, found.posterior):
        assert shares.min() >= 0
        assert shares.sum(axis=-1) == pytest.approx(1)


def test_an_item_without_labels_has_the_prior_and_moves_nothing():
    grid = [[0, 0, 1, 1, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0]]
    without = dawid_skene(labels_from_grid(grid, range(2)))
    with_one = dawid_skene(labels_from_grid([[*row, None] for row in grid], range(2)))
    assert with_one.prior == pytest.approx(without.prior)
    assert with_one.posterior[:5] == pytest.approx(without.posterior)
    assert with_one.posterior[5] == pytest.approx(with_one.prior, abs=1e-3)


def test_raters_who_contradict_each_other_evenly_leave_it_open():
    found = dawid_skene(labels_from_grid([[0, 1], [1, 0]], [0, 1]))
    assert found.category.tolist() == [UNDECIDED, UNDECIDED]
    assert found.confidence == pytest.approx([0.5, 0.5])


def test_good_raters_outvote_a_clicker():
    rng = np.random.default_rng(3)
    truth = rng.random(400) < 0.7
    good = [np.where(rng.random(400) < 0.9, truth, ~truth).astype(int).tolist() for _ in range(3)]
    clickers = [[1] * 400] * 2
    found = dawid_skene(labels_from_grid([*good, *clickers], [0, 1]))
    assert (found.category == truth).mean() > 0.95
    assert found.confusion[:3, 0, 0].min() > 0.8
    assert found.confusion[3:, 0, 0].max() < 0.05
    assert found.warnings == ()


def test_no_labels_are_refused():
    with pytest.raises(ValueError, match="no labels"):
        dawid_skene(long_labels([], [], [], n_items=2, n_raters=1, n_categories=2))
