"""Golds: shrunken accuracy, class by class, how many it takes, and golds that are wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import betabinom

from reviewapp.stats.gold_classes import class_recall, gold_confusion, gold_rates
from reviewapp.stats.gold_retirement import gold_failures
from reviewapp.stats.gold_screening import GoldScreen, golds_needed, screen_annotator
from reviewapp.stats.golds import FIXED_PRIOR, HEAVIEST_PRIOR, fit_prior, gold_accuracy
from reviewapp.stats.labels import labels_from_grid
from reviewapp.stats.proportions import wilson
from tests.stats.reference import vector

CASE = vector("gold_shrinkage")
CORRECT, GOLDS = CASE["inputs"]["correct"], CASE["inputs"]["golds"]


def test_shrinkage_towards_the_fitted_prior():
    expected = CASE["expected"]
    prior = fit_prior(CORRECT, GOLDS)
    assert (prior.a, prior.b) == pytest.approx((expected["mle_a"], expected["mle_b"]), abs=1e-4)
    assert prior.mean == pytest.approx(expected["prior_mean"], abs=1e-4)
    found = gold_accuracy(CORRECT, GOLDS, minimum=0.8)
    assert [one.accuracy.value for one in found] == pytest.approx(expected["posterior_mean"], abs=1e-4)
    assert [one.accuracy.low for one in found] == pytest.approx(expected["posterior_5pct"], abs=1e-4)
    assert found[0].accuracy.method == "beta_binomial_fitted_prior"
    assert (found[6].correct, found[6].golds, found[6].accuracy.confidence) == (6, 10, 0.9)


def test_shrinkage_towards_the_fixed_prior():
    expected = CASE["expected"]
    found = gold_accuracy(CORRECT, GOLDS, minimum=0.8, prior=FIXED_PRIOR)
    assert [one.accuracy.value for one in found] == pytest.approx(expected["fixed_prior_posterior_mean"], abs=1e-12)
    below = [one.probability_below for one in found]
    assert below == pytest.approx(expected["fixed_prior_prob_below_0_8"], abs=1e-12)
    # Only 9 of 15 leaves more than nine tenths below .8.
    assert [one.act for one in found] == [False, False, False, True, False, False, False, False]
    assert found[0].accuracy.method == "beta_binomial_fixed_prior"


def test_too_few_annotators_with_enough_golds_take_the_fixed_prior():
    assert fit_prior(CORRECT[:7], GOLDS[:7]) == FIXED_PRIOR
    assert fit_prior([*CORRECT[:7], 8], [*GOLDS[:7], 9]) == FIXED_PRIOR
    assert fit_prior([], []) == FIXED_PRIOR


def test_everybody_always_right_has_no_fit():
    assert fit_prior([10] * 8, [10] * 8) == FIXED_PRIOR
    assert fit_prior([0] * 8, [10] * 8) == FIXED_PRIOR


def test_alike_annotators_have_a_heavy_but_finite_prior():
    prior = fit_prior([16] * 9, [20] * 9)
    assert prior.a + prior.b == pytest.approx(HEAVIEST_PRIOR)
    assert prior.mean == pytest.approx(0.8, abs=0.01)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(10, 60), st.floats(0.2, 1)), min_size=8, max_size=15))
def test_the_fit_is_at_least_as_likely_as_a_plain_search(annotators):
    n = np.array([golds for golds, _ in annotators])
    x = np.round(n * np.array([share for _, share in annotators])).astype(int)
    prior = fit_prior(x, n)
    if not prior.fitted:
        return

    def loss(point):
        a, b = np.exp(point)
        return -betabinom.logpmf(x, n, a, b).sum() if 0.1 <= a + b <= HEAVIEST_PRIOR else np.inf

    found = minimize(loss, np.log([8, 2]), method="Nelder-Mead")
    assert loss(np.log([prior.a, prior.b])) <= found.fun + 1e-5


def test_an_annotator_without_golds_has_no_accuracy():
    found = gold_accuracy([0, 3], [0, 4], minimum=0.8)
    assert found[0].accuracy.undefined == "no_labels"
    assert (found[0].probability_below, found[0].act) == (None, False)
    assert found[1].accuracy.value == pytest.approx(11 / 14)


@pytest.mark.parametrize(("x", "n"), [([1, 2], [3]), ([-1], [3]), ([4], [3]), ([[1]], [[2]])])
def test_counts_that_cannot_be_are_refused(x, n):
    with pytest.raises(ValueError, match="right"):
        gold_accuracy(x, n, minimum=0.8)


def test_a_minimum_outside_0_and_1_is_refused():
    with pytest.raises(ValueError, match="minimum"):
        gold_accuracy([1], [2], minimum=1.0)


def test_a_clicker_is_right_most_of_the_time_and_informs_about_nothing():
    truth = np.array([1] * 17 + [0] * 3)
    careful = [1] * 16 + [0] * 4
    labels = labels_from_grid([[1] * 20, careful], [0, 1])
    clicker, other = gold_confusion(labels, truth)
    assert clicker.tolist() == [[0, 3], [0, 17]]
    found = gold_rates(clicker)
    assert (found.true_positive_rate.value, found.true_negative_rate.value) == (1.0, 0.0)
    assert found.informedness.value == pytest.approx(0.0)
    assert gold_rates(other).informedness.value == pytest.approx(16 / 17)


def test_informedness_limits_worked_by_hand():
    # TPR 18/20 in (.6990, .9721), TNR 8/10 in (.4902, .9433): J = .7,
    # .7 - √(.2010² + .3098²) = .3307 and .7 + √(.0721² + .1433²) = .8604.
    found = gold_rates(np.array([[8, 2], [2, 18]]))
    assert (found.true_positive_rate.low, found.true_positive_rate.high) == pytest.approx(tuple(wilson(18, 20)))
    assert (found.true_negative_rate.low, found.true_negative_rate.high) == pytest.approx(tuple(wilson(8, 10)))
    assert found.informedness.value == pytest.approx(0.7)
    assert (found.informedness.low, found.informedness.high) == pytest.approx((0.3307, 0.8604), abs=1e-3)
    swapped = gold_rates(np.array([[8, 2], [2, 18]]), positive=0)
    assert swapped.true_positive_rate.value == pytest.approx(0.8)


def test_a_class_without_golds_has_no_rate():
    found = gold_rates(np.array([[0, 0], [2, 18]]))
    assert found.true_negative_rate.undefined == "missing_class"
    assert (found.informedness.undefined, found.informedness.n) == ("missing_class", 20)


def test_recall_of_many_classes():
    found = class_recall(np.array([[3, 1, 0], [0, 0, 0], [1, 0, 4]]))
    assert found[0].value == pytest.approx(3 / 4)
    assert found[1].undefined == "missing_class"
    assert (found[2].value, found[2].n) == (pytest.approx(4 / 5), 5)


def test_truth_and_confusion_that_do_not_fit_are_refused():
    labels = labels_from_grid([[0, 1]], [0, 1])
    with pytest.raises(ValueError, match="one true class"):
        gold_confusion(labels, np.array([0]))
    with pytest.raises(ValueError, match=r"0\.\.1"):
        gold_confusion(labels, np.array([0, 2]))
    with pytest.raises(ValueError, match="two classes"):
        gold_rates(np.zeros((3, 3), dtype=np.int64))


@pytest.mark.parametrize(
    ("n", "limits"), [(10, (0.60, 0.98)), (20, (0.70, 0.97)), (50, (0.79, 0.96)), (100, (0.83, 0.94))]
)
def test_how_much_some_golds_say_at_nine_in_ten(n, limits):
    assert wilson(0.9 * n, n) == pytest.approx(limits, abs=0.006)


@pytest.mark.parametrize(
    ("good", "bad", "golds", "fail_at", "average"),
    [(0.9, 0.7, 41, 33, (17, 23)), (0.95, 0.8, 50, 44, (19, 28)), (0.9, 0.8, 135, 115, (60, 72))],
)
def test_golds_to_tell_good_from_bad(good, bad, golds, fail_at, average):
    screen = GoldScreen(good, bad)
    assert golds_needed(screen) == (golds, fail_at)
    assert (round(screen.expected_golds("bad")), round(screen.expected_golds("good"))) == average


def test_the_steps_of_the_screen():
    screen = GoldScreen(0.9, 0.7)
    assert screen.test.llr_per_pass == pytest.approx(0.2513, abs=5e-5)
    assert screen.test.llr_per_fail == pytest.approx(-1.0986, abs=5e-5)
    assert screen.test.accept_p1_at == pytest.approx(2.944, abs=5e-4)
    assert screen.test.accept_p0_at == pytest.approx(-2.944, abs=5e-4)


def test_the_screen_stops_at_the_first_limit():
    screen = GoldScreen(0.9, 0.7)
    # 2.944 / .2513 = 11.7: twelve right answers in a row pass; 2.944 / 1.0986 = 2.7: three wrong ones fail.
    passed = screen_annotator([True] * 20, screen)
    assert (passed.verdict, passed.golds) == ("good", 12)
    assert passed.log_ratio == pytest.approx(12 * screen.test.llr_per_pass)
    assert screen_annotator([False] * 3 + [True] * 99, screen)[::2] == ("bad", 3)
    assert screen_annotator([True, False], screen).verdict == "undecided"
    assert screen_annotator([], screen) == ("undecided", 0.0, 0)


@pytest.mark.parametrize(
    "values", [(0.7, 0.9, 0.05, 0.05), (0.9, 0.9, 0.05, 0.05), (0.9, 0.7, 0.0, 0.05), (0.9, 0.7, 0.05, 0.5)]
)
def test_a_screen_that_tells_nothing_is_refused(values):
    with pytest.raises(ValueError, match=r"<|strictly"):
        GoldScreen(*values)


def test_a_difference_too_small_for_golds_is_refused():
    with pytest.raises(ValueError, match="10000"):
        golds_needed(GoldScreen(0.9, 0.899))


def test_a_gold_that_trusted_annotators_fail_is_retired():
    gold = [0] * 6 + [1] * 5 + [2] * 3 + [0, 0, 0]
    correct = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1]
    trusted = [1] * 14 + [0] * 3
    found = gold_failures(gold, correct, trusted, n_golds=4)
    # 3 of 6 trusted answers are above 40 %, 2 of 5 are 40 % and no more, 3 of 3 are too few answers.
    assert [one.retire for one in found] == [True, False, False, False]
    assert [one.failure.n for one in found] == [6, 5, 3, 0]
    assert found[0].failure.value == pytest.approx(0.5)
    assert found[2].failure.warnings == ("few_trusted_answers",)
    assert found[3].failure.undefined == "no_labels"


def test_answers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one entry"):
        gold_failures([0], [True, False], [True], n_golds=1)
    with pytest.raises(ValueError, match="gold index"):
        gold_failures([1], [True], [True], n_golds=1)


@pytest.mark.slow
def test_the_screen_keeps_its_error_rates():
    # 4,000 annotators each: a rate of 5 % has a standard error of 0.35 points, so 1.1 points are three of them.
    rng = np.random.default_rng(8)
    screen = GoldScreen(0.9, 0.7)
    for accuracy, wrong, mean in ((0.9, "bad", 22.8), (0.7, "good", 17.2)):
        found = [screen_annotator(rng.random(400) < accuracy, screen) for _ in range(4000)]
        assert np.mean([one.verdict == wrong for one in found]) <= 0.05 + 0.011
        # Wald's mean leaves out the overshoot over the limit, two to three golds here; standard error .2.
        assert mean < np.mean([one.golds for one in found]) < mean + 3 + 0.6
