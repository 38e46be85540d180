"""Fleiss, Gwet, Brennan-Prediger, Conger and linearised alpha: vectors, hand-worked cases, and no evidence."""

from math import sqrt

import numpy as np
import pytest

from reviewapp.stats.agreement.chance_corrected import brennan_prediger, fleiss_kappa, gwet_ac, linearised_alpha
from reviewapp.stats.agreement.conger import conger_kappa
from reviewapp.stats.agreement.counts import count_labels, item_counts
from reviewapp.stats.agreement.percent import percent_agreement
from reviewapp.stats.agreement.weights import (
    identity_weights,
    linear_weights,
    ordinal_weights,
    quadratic_weights,
)
from reviewapp.stats.labels import labels_from_grid
from tests.stats.agreement_data import (
    ABSTRACTORS_3X3,
    FLEISS_10X14,
    NEGATIVE_AT_94_PERCENT,
    PARADOX_2A,
    PARADOX_2B,
    counts_of_pairs,
)
from tests.stats.reference import vector

RAW4 = vector("gwet_raw4raters")
RAW4_LABELS = labels_from_grid(RAW4["inputs"]["ratings_rater_by_unit"], [1, 2, 3, 4, 5])
RAW4_COUNTS = count_labels(RAW4_LABELS)
WEIGHTS = {
    "identity": identity_weights(5),
    "linear": linear_weights([1, 2, 3, 4, 5]),
    "quadratic": quadratic_weights([1, 2, 3, 4, 5]),
    "ordinal": ordinal_weights(5),
}
EXCHANGEABLE = {"gwet": gwet_ac, "fleiss": fleiss_kappa, "bp": brennan_prediger, "krippendorff": linearised_alpha}


def raw4(name, weights):
    if name == "conger":
        return conger_kappa(RAW4_LABELS, weights=WEIGHTS[weights])
    return EXCHANGEABLE[name](RAW4_COUNTS, weights=WEIGHTS[weights])


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", ["gwet", "fleiss", "bp", "conger", "krippendorff"])
def test_four_raters_with_missing_ratings(name, weights):
    found, expected = raw4(name, weights), RAW4["expected"][weights][name]
    assert found.estimate.value == pytest.approx(expected["coefficient"], abs=1e-9)
    assert found.observed == pytest.approx(expected["pa"], abs=1e-9)
    assert found.expected == pytest.approx(expected["pe"], abs=1e-9)
    assert found.estimate.n == 11


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", ["gwet", "fleiss", "bp", "conger"])
def test_four_raters_standard_error_and_limits(name, weights):
    found, expected = raw4(name, weights), RAW4["expected"][weights][name]
    assert found.standard_error == pytest.approx(expected["se"], abs=1e-9)
    assert [found.estimate.low, found.estimate.high] == pytest.approx(expected["ci95"], abs=1e-9)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_four_raters_standard_error_of_alpha(weights):
    """The vector comes from a port that centres the observed part at p_a, where Gwet's own code has p_a'.

    With items of unequal numbers of labels this shifts its standard error by less than 1e-3; the vector is reproduced
    by adding that shift, (p_a' - p_a)(r_i / mean r - 1) / (1 - p_e), to the terms.
    """
    found, expected = raw4("krippendorff", weights), RAW4["expected"][weights]["krippendorff"]
    assert found.standard_error == pytest.approx(expected["se"], abs=1e-3)
    counts = RAW4_COUNTS.only(RAW4_COUNTS.pairable).counts
    w, r = WEIGHTS[weights], counts.sum(axis=1)
    small, pe = 1 / r.sum(), found.expected
    raw = (found.observed - small) / (1 - small)
    prevalence = counts.sum(axis=0) / r.sum()
    terms = (counts * (counts @ w - 1)).sum(axis=1) / (r - 1) - raw * r
    terms -= 2 * (1 - raw) / (1 - pe) * (counts @ (w @ prevalence) - pe * r)
    assert found.standard_error == pytest.approx(sqrt((terms**2).sum() / (11 * 10)) / r.mean() / (1 - pe), abs=1e-12)
    terms += (raw - found.observed) * (r - r.mean())
    error = sqrt((terms**2).sum() / (11 * 10)) / r.mean() / (1 - pe)
    assert error == pytest.approx(expected["se"], abs=1e-9)
    # t quantile with 10 degrees of freedom.
    limits = [found.estimate.value - 2.228138851964939 * error, 1.0]
    assert limits == pytest.approx(expected["ci95"], abs=1e-9)


def test_fleiss_1971():
    case = vector("fleiss_1971_30x6")
    expected = case["expected"]
    counts = item_counts(case["inputs"]["counts_subject_by_category"])
    assert fleiss_kappa(counts).estimate.value == pytest.approx(expected["fleiss_kappa"], abs=1e-9)
    assert brennan_prediger(counts).estimate.value == pytest.approx(expected["randolph_free_marginal"], abs=1e-9)
    assert linearised_alpha(counts).estimate.value == pytest.approx(expected["krippendorff_alpha_nominal"], abs=1e-9)
    for name, figures in expected["gwet_variance_estimates"].items():
        found = EXCHANGEABLE[name](counts)
        assert found.estimate.value == pytest.approx(figures["coefficient_value"], abs=1e-9)
        assert found.observed == pytest.approx(figures["pa"], abs=1e-9)
        assert found.expected == pytest.approx(figures["pe"], abs=1e-9)
        assert found.standard_error == pytest.approx(figures["se"], abs=1e-9)


def test_the_textbook_table_of_ten_items_and_fourteen_raters():
    assert fleiss_kappa(item_counts(FLEISS_10X14)).estimate.value == pytest.approx(0.209930704, abs=1e-9)


@pytest.mark.parametrize("name", ["cohen_2x2_textbook", "kappa_paradox_1a", "kappa_paradox_1b"])
def test_two_raters_from_a_table(name):
    """The table-based variant of the vector divides by n² where this form divides by n(n-1)."""
    case = vector(name)
    table, expected = np.array(case["inputs"]["table_rater1_rows_rater2_cols"]), case["expected"]
    counts = counts_of_pairs(table)
    n = table.sum()
    ac1, scott, bp = gwet_ac(counts), fleiss_kappa(counts), brennan_prediger(counts)
    assert ac1.estimate.value == pytest.approx(expected["ac1"], abs=1e-9)
    assert scott.estimate.value == pytest.approx(expected["scott_pi"], abs=1e-9)
    assert bp.estimate.value == pytest.approx(expected["brennan_prediger"], abs=1e-9)
    for found, error in ((ac1, "ac1_se"), (scott, "scott_pi_se"), (bp, "brennan_prediger_se")):
        assert found.observed == pytest.approx(expected["po"], abs=1e-9)
        assert found.standard_error * sqrt((n - 1) / n) == pytest.approx(expected[error], abs=1e-9)


def test_ac1_of_published_tables():
    assert gwet_ac(counts_of_pairs(ABSTRACTORS_3X3)).estimate.value == pytest.approx(0.849330548, abs=1e-9)
    assert gwet_ac(counts_of_pairs(NEGATIVE_AT_94_PERCENT)).estimate.value == pytest.approx(0.9408, abs=5e-5)
    judge = vector("judge_confusion_fixture")
    tp, fn, fp, tn = (judge["inputs"][cell] for cell in ("tp", "fn", "fp", "tn"))
    found = gwet_ac(counts_of_pairs([[tp, fn], [fp, tn]]))
    assert found.estimate.value == pytest.approx(judge["expected"]["gwet_ac1"], abs=1e-12)


def test_the_same_percent_agreement_whatever_the_marginals():
    assert gwet_ac(counts_of_pairs(PARADOX_2A)).observed == pytest.approx(0.6)
    assert gwet_ac(counts_of_pairs(PARADOX_2B)).observed == pytest.approx(0.6)


def test_gwet_worked_by_hand():
    # Three items, two raters, two categories: AA, AB, BB. p_a = 2/3, prevalence 1/2 each,
    # p_e = 2/(2·1) · (1/4 + 1/4) = 1/2, so AC1 = (2/3 - 1/2) / (1/2) = 1/3.
    # p_e|i = Σ (r_ik / 2)(1 - 1/2) = 1/2 for every item, so g_i = (p_a|i - 1/2) / (1/2) = 1, -1, 1;
    # Var = ((2/3)² + (4/3)² + (2/3)²) / (3·2) = (24/9) / 6 = 4/9, SE = 2/3.
    found = gwet_ac(item_counts([[2, 0], [1, 1], [0, 2]]))
    assert found.estimate.value == pytest.approx(1 / 3)
    assert (found.observed, found.expected, found.standard_error) == pytest.approx((2 / 3, 1 / 2, 2 / 3))
    # t with 2 degrees of freedom: 1/3 - 4.302653 · 2/3; above it is cut at 1.
    assert (found.estimate.low, found.estimate.high) == pytest.approx((-2.535102, 1.0))


def test_ac1_depends_on_the_declared_categories():
    used = item_counts([[2, 0], [1, 1], [0, 2]])
    declared = item_counts([[2, 0, 0], [1, 1, 0], [0, 2, 0]])
    # One more category nobody used: p_e = 3/(3·2) · 1/2 = 1/4, AC1 = (2/3 - 1/4) / (3/4) = 5/9.
    assert gwet_ac(declared).estimate.value == pytest.approx(5 / 9)
    assert fleiss_kappa(declared).estimate.value == pytest.approx(fleiss_kappa(used).estimate.value)


def test_an_item_weight_counts_the_item_that_many_times():
    weighted = item_counts([[2, 0], [1, 1], [0, 2]], item_weight=[3, 1, 2])
    repeated = item_counts([[2, 0]] * 3 + [[1, 1]] + [[0, 2]] * 2)
    for coefficient in (gwet_ac, fleiss_kappa, brennan_prediger):
        assert coefficient(weighted).estimate.value == pytest.approx(coefficient(repeated).estimate.value)


def test_limits_about_the_window_shrink_with_the_share_that_was_seen():
    rows = [[2, 0], [1, 1], [0, 2], [2, 0], [2, 0]]
    process = gwet_ac(item_counts(rows, item_weight=[4] * 5))
    window = gwet_ac(item_counts(rows, item_weight=[4] * 5), population="window")
    # Every item was drawn with probability 1/4: the variance falls by 1 - 1/4.
    assert window.standard_error == pytest.approx(process.standard_error * sqrt(3 / 4))
    assert window.estimate.population == "window"


def test_the_window_needs_weights_of_at_least_one():
    with pytest.raises(ValueError, match="at least 1"):
        gwet_ac(item_counts([[2, 0], [1, 1]], item_weight=[0.5, 2]), population="window")


ALL = [*EXCHANGEABLE.values(), percent_agreement]


def reason(found):
    return getattr(found, "estimate", found).undefined


@pytest.mark.parametrize("coefficient", ALL)
def test_no_evidence_is_no_estimate(coefficient):
    assert reason(coefficient(item_counts(np.zeros((0, 2))))) == "no_items"
    assert reason(coefficient(item_counts([[0, 0], [0, 0]]))) == "no_labels"
    assert reason(coefficient(item_counts([[1, 0], [0, 1]]))) == "no_pairs"
    assert reason(coefficient(item_counts([[2, 0], [1, 1]]), population="window")) == "unknown_inclusion_probability"


@pytest.mark.parametrize("coefficient", [fleiss_kappa, linearised_alpha])
def test_one_category_used_is_undefined_not_perfect(coefficient):
    assert reason(coefficient(item_counts([[2, 0], [3, 0]]))) == "single_category"
    free = np.ones((2, 2))
    assert reason(coefficient(item_counts([[2, 0], [1, 1]]), weights=free)) == "zero_variance"


@pytest.mark.parametrize("coefficient", [gwet_ac, brennan_prediger])
def test_one_category_declared_is_undefined(coefficient):
    assert reason(coefficient(item_counts([[2], [3]]))) == "single_category"


def test_conger_without_evidence():
    assert reason(conger_kappa(labels_from_grid([[None], [None]], "ab"))) == "no_labels"
    assert reason(conger_kappa(labels_from_grid([["a"], [None]], "ab"))) == "no_pairs"
    assert reason(conger_kappa(labels_from_grid([["a", "a"], ["a", "a"]], "ab"))) == "single_category"


def test_conger_of_two_raters_worked_by_hand():
    # First rater a a b, second a b b: p_a = 2/3; p_e = 2/3·1/3 + 1/3·2/3 = 4/9; (6/9 - 4/9) / (5/9) = 2/5.
    found = conger_kappa(labels_from_grid(["aab", "abb"], "ab"))
    assert found.estimate.value == pytest.approx(2 / 5)


def test_conger_takes_one_label_of_an_item_from_a_rater():
    once = labels_from_grid(["ab", "ab"], "ab")
    twice = type(once)(once.item * 0, once.rater, once.category, 1, 2, 2)
    with pytest.raises(ValueError, match="one label"):
        conger_kappa(twice)


def test_unanimous_items_have_a_value_but_no_false_certainty():
    found = gwet_ac(item_counts([[2, 0], [0, 2], [2, 0], [0, 2]]))
    assert found.estimate.value == pytest.approx(1.0)
    assert (found.estimate.low, found.estimate.high, found.standard_error) == (None, None, None)
    assert found.estimate.warnings == ("zero_variance",)


def test_one_item_has_no_interval():
    found = gwet_ac(item_counts([[2, 1]]))
    assert found.estimate.value is not None
    assert found.estimate.warnings == ("one_item",)


def test_percent_agreement_of_two_raters_is_a_wilson_interval():
    # 85 of 100 pairs agree; V = .85 × .15 / 99, so the effective number is 99.
    found = percent_agreement(counts_of_pairs(vector("kappa_paradox_1a")["inputs"]["table_rater1_rows_rater2_cols"]))
    assert found.value == pytest.approx(0.85)
    assert found.n_effective == pytest.approx(99)
    assert found.low == pytest.approx(0.7666, abs=1e-3)
    assert found.high == pytest.approx(0.9071, abs=1e-3)


def test_percent_agreement_keeps_an_interval_when_all_agree_and_for_one_item():
    assert percent_agreement(item_counts([[2, 0]] * 10)).low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)
    one = percent_agreement(item_counts([[2, 1]]))
    assert one.value == pytest.approx(1 / 3)
    assert one.low is not None


def test_weights_against_their_formulas():
    assert linear_weights([1, 2, 5]).tolist() == [[1, 0.75, 0], [0.75, 1, 0.25], [0, 0.25, 1]]
    assert quadratic_weights([0, 1, 2]).tolist() == [[1, 0.75, 0], [0.75, 1, 0.75], [0, 0.75, 1]]
    # Four categories, C(4,2) = 6: one step costs 1, two 3, three 6 sixths.
    assert ordinal_weights(4)[0] == pytest.approx([1, 5 / 6, 1 / 2, 0])
    assert linear_weights([3]).tolist() == [[1]]
    assert ordinal_weights(1).tolist() == [[1]]


@pytest.mark.parametrize(
    "wrong", [np.eye(3), [[1, 0.5], [0, 1]], [[0.5, 0], [0, 1]], [[1, -1], [-1, 1]], [[1, 2], [2, 1]]]
)
def test_what_is_no_agreement_weight_is_refused(wrong):
    with pytest.raises(ValueError, match="weights"):
        gwet_ac(item_counts([[2, 0], [1, 1]]), weights=wrong)
