"""An ordinal judge against other libraries and by hand."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from reviewapp.stats.contingency import counted_table, weighted_table
from reviewapp.stats.judge_ordinal import describe_ordinal_judge

LEVELS = st.integers(0, 4)


@given(st.lists(st.tuples(LEVELS, LEVELS), min_size=3, max_size=60))
def test_coefficients_equal_other_libraries(pairs):
    human, judge = (np.array(column) for column in zip(*pairs, strict=True))
    assume(np.unique(human).size > 1)
    assume(np.unique(judge).size > 1)
    described = describe_ordinal_judge(weighted_table(human, judge, 5))
    assert described.spearman.value == pytest.approx(spearmanr(human, judge).statistic, abs=1e-10)
    assert described.kendall_tau_b.value == pytest.approx(kendalltau(human, judge).statistic, abs=1e-10)
    weighted = cohen_kappa_score(human, judge, weights="quadratic", labels=range(5))
    assert described.quadratic_kappa.value == pytest.approx(weighted, abs=1e-10)
    assert described.concordance.value == pytest.approx(described.quadratic_kappa.value, abs=1e-10)
    assert described.mean_signed_error.value == pytest.approx((judge - human).mean())


def test_standard_error_of_quadratic_kappa_equals_statsmodels():
    counts = np.array([[22, 6, 1], [4, 15, 5], [1, 7, 30]])
    oracle = cohens_kappa(counts, weights=np.array([0, 1, 2]), wt="fc")
    table = counted_table(counts)
    kappa = describe_ordinal_judge(table).quadratic_kappa
    assert kappa.value == pytest.approx(oracle.kappa)
    assert kappa.high - kappa.value == pytest.approx(1.959963984540054 * oracle.std_kappa)


def test_a_judge_one_point_too_generous_has_perfect_rank_correlation():
    human = np.array([0, 1, 2, 3, 0, 1, 2, 3])
    described = describe_ordinal_judge(weighted_table(human, human + 1, 5))
    assert described.spearman.value == pytest.approx(1)
    assert described.kendall_tau_b.value == pytest.approx(1)
    assert described.mean_signed_error.value == 1
    # Variances 1.25 each, difference of means 1: 2·1.25/(1.25 + 1.25 + 1) = 5/7.
    assert described.quadratic_kappa.value == pytest.approx(5 / 7)


def test_mean_signed_error_by_hand():
    # Errors 1, 0, 0, 1 of equal weight: mean .5, s² = 1/3, SE = sqrt(1/3/4) = .288675, t_3 = 3.182446.
    described = describe_ordinal_judge(weighted_table([0, 1, 2, 1], [1, 1, 2, 2], 3))
    assert described.mean_signed_error.value == 0.5
    assert described.mean_signed_error.high - 0.5 == pytest.approx(3.182446305 * 0.2886751346)


def test_integer_weights_equal_repeated_items():
    human, judge = np.array([0, 1, 2, 2, 1]), np.array([0, 2, 2, 1, 1])
    weights = np.array([1, 2, 3, 1, 2])
    weighted = describe_ordinal_judge(weighted_table(human, judge, 3, probability=1 / weights))
    repeated = describe_ordinal_judge(weighted_table(np.repeat(human, weights), np.repeat(judge, weights), 3))
    for name in ("quadratic_kappa", "concordance", "spearman", "kendall_tau_b", "mean_signed_error"):
        assert getattr(weighted, name).value == pytest.approx(getattr(repeated, name).value)


def test_scores_change_the_distances_but_not_the_order():
    table = weighted_table([0, 1, 2, 2, 1], [0, 2, 2, 1, 1], 3)
    even, uneven = describe_ordinal_judge(table), describe_ordinal_judge(table, scores=[0, 1, 10])
    assert even.spearman == uneven.spearman
    assert even.quadratic_kappa.value != uneven.quadratic_kappa.value


def test_what_is_undefined_says_why():
    empty = describe_ordinal_judge(counted_table(np.zeros((3, 3))))
    assert empty.spearman.undefined == empty.mean_signed_error.undefined == "no_labels"
    flat = describe_ordinal_judge(weighted_table([0, 1, 2], [1, 1, 1], 3))
    assert flat.spearman.undefined == flat.kendall_tau_b.undefined == "zero_variance"
    assert flat.quadratic_kappa.value == pytest.approx(0)
    one = describe_ordinal_judge(weighted_table([1], [1], 3))
    assert one.quadratic_kappa.undefined == one.concordance.undefined == "zero_variance"
    assert (one.mean_signed_error.value, one.mean_signed_error.low, one.mean_signed_error.high) == (0, None, None)


@pytest.mark.parametrize("scores", [[0, 1], [0, 2, 1]])
def test_scores_that_do_not_order_the_levels_are_refused(scores):
    with pytest.raises(ValueError, match="increasing"):
        describe_ordinal_judge(counted_table(np.ones((3, 3))), scores=scores)
