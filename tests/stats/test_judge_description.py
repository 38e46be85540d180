"""A binary judge against the reference vector, other libraries, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score, matthews_corrcoef
from statsmodels.stats.inter_rater import cohens_kappa

from reviewapp.stats.agreement.cohen import PairTable, cohen_kappa
from reviewapp.stats.contingency import counted_table, weighted_table
from reviewapp.stats.judge_description import describe_judge, effective_size, label_worth
from reviewapp.stats.proportions import wilson
from tests.stats.reference import vector

FIXTURE = vector("judge_confusion_fixture")


def binary(tp, fn, fp, tn):
    return counted_table([[tn, fp], [fn, tp]])


def kappa_error(table):
    """Standard error of the kappa of a table."""
    return cohen_kappa(PairTable(table.weight, table.square, table.n)).standard_error


def items(tp, fn, fp, tn):
    """Return human and judge codes of single items."""
    return np.repeat([1, 1, 0, 0], [tp, fn, fp, tn]), np.repeat([1, 0, 1, 0], [tp, fn, fp, tn])


@pytest.mark.parametrize("name", FIXTURE["expected"])
def test_reference_values(name):
    counts = {key: FIXTURE["inputs"][key] for key in ("tp", "fn", "fp", "tn")}
    described = getattr(describe_judge(binary(**counts)), name)
    assert described.value == pytest.approx(FIXTURE["expected"][name], abs=FIXTURE["tolerance"])
    assert described.low < described.value < described.high
    assert described.population == "process"


def test_rates_of_equally_weighted_labels_have_the_plain_wilson_interval():
    described = describe_judge(binary(153, 17, 6, 24))
    # TPR: 153 of 170; with both kinds at least five times p(1-p)/V is the count itself.
    assert described.tpr.n_effective == pytest.approx(170)
    assert (described.tpr.low, described.tpr.high) == pytest.approx(wilson(153, 170))
    assert (described.npv.low, described.npv.high) == pytest.approx(wilson(24, 41))


@given(st.lists(st.integers(1, 200), min_size=4, max_size=4))
def test_coefficients_equal_other_libraries(cells):
    human, judge = items(*cells)
    described = describe_judge(weighted_table(human, judge, 2))
    assert described.mcc.value == pytest.approx(matthews_corrcoef(human, judge), abs=1e-12)
    assert described.f1.value == pytest.approx(f1_score(human, judge), abs=1e-12)
    table = counted_table([[cells[3], cells[2]], [cells[1], cells[0]]])
    oracle = cohens_kappa(table.count)
    assert described.cohen_kappa.value == pytest.approx(oracle.kappa, abs=1e-12)
    assert kappa_error(table) == pytest.approx(oracle.std_kappa, abs=1e-12)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.floats(0.05, 1)), min_size=1, max_size=40),
    st.floats(0.1, 1),
)
def test_a_common_factor_of_all_weights_changes_nothing(rows, factor):
    human, judge, probability = (np.array(column) for column in zip(*rows, strict=True))
    once = describe_judge(weighted_table(human, judge, 2, probability=probability))
    again = describe_judge(weighted_table(human, judge, 2, probability=probability * factor))
    for name in ("ppv", "tpr", "accuracy", "balanced_accuracy", "gwet_ac1", "mcc"):
        a, b = getattr(once, name), getattr(again, name)
        assert a.undefined == b.undefined
        if a.value is not None:
            assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), abs=1e-6)


def test_duplicated_data_keep_kappa_and_shrink_its_error_by_root_two():
    once, twice = binary(30, 5, 4, 11), binary(60, 10, 8, 22)
    assert describe_judge(once).cohen_kappa.value == pytest.approx(describe_judge(twice).cohen_kappa.value)
    assert kappa_error(once) == pytest.approx(kappa_error(twice) * 2**0.5)


def test_weights_undo_a_queue_that_oversamples_flagged_items():
    # In traffic 900 (pass, pass), 100 (pass, fail), 20 (fail, pass), 80 (fail, fail): TPR .9, TNR .8.
    # Flagged items are drawn with .5, the others with .1: 90, 50, 2, 40 labels.
    human, judge = items(90, 50, 2, 40)
    weighted = describe_judge(weighted_table(human, judge, 2, probability=np.where(judge == 0, 0.5, 0.1)))
    assert weighted.tpr.value == pytest.approx(0.9)
    assert weighted.tnr.value == pytest.approx(0.8)
    unweighted = describe_judge(weighted_table(human, judge, 2))
    assert unweighted.tpr.value == pytest.approx(90 / 140)


def test_effective_size_by_hand():
    # Hits: 5 labels of weight 1. Misses: 5 labels of weight 3. p = 5/20 = .25.
    # V = (5·1·.75² + 5·9·.25²)/20² = (2.8125 + 2.8125)/400 = .0140625; p(1-p)/V = .1875/.0140625 = 13 1/3.
    table = weighted_table([1] * 10, [1] * 5 + [0] * 5, 2, probability=[1.0] * 5 + [1 / 3] * 5)
    assert effective_size(table, [(1, 1)], [(1, 0)]) == pytest.approx(40 / 3)
    # With four of each Kish: (4 + 12)²/(4 + 36) = 6.4.
    table = weighted_table([1] * 8, [1] * 4 + [0] * 4, 2, probability=[1.0] * 4 + [1 / 3] * 4)
    assert effective_size(table, [(1, 1)], [(1, 0)]) == pytest.approx(6.4)


def test_a_judge_that_was_never_wrong_has_a_kappa_without_limits():
    described = describe_judge(binary(60, 0, 0, 60))
    assert described.cohen_kappa.value == described.mcc.value == 1
    assert described.cohen_kappa.low is None
    assert described.cohen_kappa.high is None
    assert described.cohen_kappa.warnings == described.mcc.warnings == ("zero_variance",)
    assert described.warnings == ()
    assert described.tpr.high == 1
    assert described.tpr.low == pytest.approx(wilson(60, 60).low)


def test_labels_of_one_class_leave_the_other_undefined():
    described = describe_judge(binary(10, 2, 0, 0))
    assert described.tnr.undefined == "missing_class"
    assert described.balanced_accuracy.undefined == described.youden_j.undefined == "missing_class"
    assert described.mcc.undefined == "zero_variance"
    assert described.cohen_kappa.value == 0  # the judge knows nothing beyond the margins
    assert described.gwet_ac1.value is not None
    assert described.warnings == ("0 labels of the rarer class, fewer than 50",)


def test_one_category_only_has_no_kappa_but_an_ac1():
    described = describe_judge(binary(12, 0, 0, 0))
    assert described.cohen_kappa.undefined == "single_category"
    assert described.gwet_ac1.value == 1


def test_without_labels_everything_is_undefined():
    described = describe_judge(binary(0, 0, 0, 0))
    for name in FIXTURE["expected"]:
        assert getattr(described, name).undefined == "no_labels"


def test_tables_that_are_not_binary_are_refused():
    with pytest.raises(ValueError, match="2 × 2"):
        describe_judge(counted_table(np.ones((3, 3))))


@pytest.mark.parametrize("counts", [[[1, 2]], [1, 2], [[1, -1], [0, 0]]])
def test_counts_that_are_no_table_are_refused(counts):
    with pytest.raises(ValueError, match="square"):
        counted_table(counts)


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one length"):
        weighted_table([1, 0], [1], 2)
    with pytest.raises(ValueError, match=r"codes in 0\.\.1"):
        weighted_table([2], [1], 2)
    with pytest.raises(ValueError, match="inclusion probability"):
        weighted_table([1], [1], 2, probability=[np.nan])


def test_sklearn_agrees_on_kappa_of_the_fixture():
    human, judge = items(153, 17, 6, 24)
    assert cohen_kappa_score(human, judge) == pytest.approx(FIXTURE["expected"]["cohen_kappa"])


@pytest.mark.parametrize(
    ("tpr", "tnr", "mcc", "worth"), [(0.95, 0.85, 0.76, 2.37), (0.90, 0.60, 0.47, 1.28), (0.80, 0.40, 0.17, 1.03)]
)
def test_what_a_label_is_worth_beside_a_judge(tpr, tnr, mcc, worth):
    # Pass rate .85, in ten-thousandths.
    table = binary(*(round(10_000 * share) for share in (0.85 * tpr, 0.85 * (1 - tpr), 0.15 * (1 - tnr), 0.15 * tnr)))
    found = describe_judge(table).mcc.value
    assert found == pytest.approx(mcc, abs=0.01)
    assert label_worth(found) == pytest.approx(worth, abs=0.01)


@pytest.mark.parametrize("mcc", [1.0, -1.0, float("nan")])
def test_nothing_is_planned_with_a_perfect_judge(mcc):
    with pytest.raises(ValueError, match="strictly"):
        label_worth(mcc)
