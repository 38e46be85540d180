"""Labels alone, the raw judge, Rogan–Gladen and the difference estimators: reference vectors and by hand."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import norm

from reviewapp.stats.contingency import counted_table, weighted_table
from reviewapp.stats.pass_rate.judge_only import raw_judge_rate
from reviewapp.stats.pass_rate.labels_only import (
    WeightedMean,
    hajek_mean,
    horvitz_thompson,
    horvitz_thompson_total,
    kish_size,
    labels_only,
    unweighted,
    wald_estimate,
)
from reviewapp.stats.pass_rate.rogan_gladen import lang_reiczigel, rogan_gladen, rogan_gladen_mean
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.proportions import wilson
from tests.stats.reference import vector

POISSON = vector("survey_poisson_fixture")
UNIFORM = vector("pass_rate_uniform_fixture")
TABLE = counted_table([[24, 6], [17, 153]])
Z = norm.isf(0.025)


def poisson():
    return labelled_sample(POISSON["inputs"]["y"], POISSON["inputs"]["pi"])


def near(name, tolerance=POISSON["tolerance"]):
    return pytest.approx(POISSON["expected"][name], abs=tolerance)


def test_reference_totals_and_means():
    sample = poisson()
    assert sample.weight.sum() == near("sum_of_weights")
    total, mean = horvitz_thompson_total(sample), hajek_mean(sample)
    assert (total.value, total.standard_error) == (near("ht_total"), near("ht_total_se"))
    assert (mean.value, mean.standard_error) == (near("hajek_mean"), near("hajek_se"))
    assert kish_size(sample, "process") == near("kish_neff_no_fpc")


def test_labels_only_has_wilsons_interval_at_the_design_effective_size():
    estimate, p, error = labels_only(poisson()), POISSON["expected"]["hajek_mean"], POISSON["expected"]["hajek_se"]
    assert estimate.n_effective == pytest.approx(p * (1 - p) / error**2)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(p * estimate.n_effective, estimate.n_effective))


def test_horvitz_thompson_mean_over_the_population():
    estimate = horvitz_thompson(poisson(), 80)
    half = Z * POISSON["expected"]["ht_total_se"] / 80
    assert estimate.value == pytest.approx(52.25 / 80)
    assert (estimate.low, estimate.high) == pytest.approx((52.25 / 80 - half, min(1, 52.25 / 80 + half)))
    assert horvitz_thompson(poisson(), 0).undefined == "no_items"


def test_equal_probabilities_give_the_plain_proportion():
    sample = labelled_sample([1] * 85 + [0] * 15, [0.01] * 100)
    process = labels_only(sample, population="process")
    assert (process.low, process.high) == pytest.approx(wilson(85, 100))
    assert unweighted(sample.y).low == process.low
    # The window is the same with the factor 1 - π on the variance: n_eff = 100/.99.
    assert labels_only(sample).n_effective == pytest.approx(100 / 0.99)
    assert (
        UNIFORM["expected"]["labelled_only"] == labels_only(labelled_sample([1] * 170 + [0] * 30, [0.02] * 200)).value
    )


def test_a_fully_labelled_window_is_known_and_the_process_is_not():
    everything = labelled_sample([1] * 30, [1.0] * 30)
    window, process = labels_only(everything), labels_only(everything, population="process")
    assert (window.low, window.value, window.high, window.n_effective) == (1, 1, 1, None)
    assert process.low == pytest.approx(wilson(30, 30).low)
    mixed = labels_only(labelled_sample([1, 0, 1], [1.0] * 3))
    assert mixed.low == mixed.value == mixed.high == 2 / 3


@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.02, 0.9)), min_size=2, max_size=40),
    st.floats(0.01, 1.0),
)
@example([(1, 0.75)] * 2 + [(1, 0.5)] * 6, 0.75)  # rounded, Σ w y / Σ w is .9999999999999997
def test_a_common_factor_of_all_weights_changes_only_the_finite_population_factor(rows, factor):
    y, pi = (np.array(column) for column in zip(*rows, strict=True))
    once, again = (labels_only(labelled_sample(y, p), population="process") for p in (pi, pi * factor))
    assert (once.value, once.low, once.high) == pytest.approx((again.value, again.low, again.high), abs=1e-7)


def test_reasons_why_there_is_no_rate():
    empty, unknown = labelled_sample([], []), labelled_sample([1], [np.nan])
    one_session = labelled_sample([1, 0], [0.5, 0.5], cluster=["a", "a"])
    assert labels_only(empty).undefined == "no_labels"
    assert labels_only(unknown).undefined == "unknown_inclusion_probability"
    assert labels_only(unknown).warnings
    assert labels_only(one_session, population="process").undefined == "below_min_n"
    assert labels_only(one_session).undefined is None
    assert labels_only(labelled_sample([1], [0.5], cluster=["a"]), population="process").value == 1
    assert horvitz_thompson(empty, 10).undefined == "no_labels"
    assert unweighted([]).undefined == "no_labels"
    assert raw_judge_rate(0, 0).undefined == "no_verdicts"
    for mean in (hajek_mean, horvitz_thompson_total):
        with pytest.raises(ValueError, match="no_labels"):
            mean(empty)
    with pytest.raises(ValueError, match="outcomes 0 and 1"):
        labels_only(labelled_sample([2, 3], [0.5, 0.5]))


def test_the_raw_judge_rate_says_that_it_is_biased():
    raw = raw_judge_rate(7_800, 10_000)
    assert raw.value == 0.78
    assert (raw.low, raw.high) == pytest.approx(wilson(7_800, 10_000))
    assert raw.warnings


def test_a_normal_interval_outside_the_unit_interval_is_moved_and_says_so():
    estimate = wald_estimate(
        WeightedMean(1.02, 0.1), method="m", sample=poisson(), population="window", confidence=0.95
    )
    assert (estimate.value, estimate.high, estimate.n_effective) == (1, 1, None)
    assert estimate.warnings == ("1.0200 before it was moved into [0, 1]",)


def test_reference_rogan_gladen_and_lang_reiczigel():
    expected, tolerance = UNIFORM["expected"], UNIFORM["tolerance"]
    judge_pass, total = (UNIFORM["inputs"]["all_traffic"][key] for key in ("judge_pass", "total"))
    mean = rogan_gladen_mean(TABLE, judge_pass, total)
    assert mean.value == pytest.approx(expected["rogan_gladen"], abs=tolerance)
    assert mean.standard_error == pytest.approx(expected["rogan_gladen_delta_se"], abs=tolerance)
    delta, adjusted = rogan_gladen(TABLE, judge_pass, total), lang_reiczigel(TABLE, judge_pass, total)
    assert (delta.low, delta.high) == pytest.approx(expected["rogan_gladen_delta_ci95"], abs=tolerance)
    assert (adjusted.low, adjusted.high) == pytest.approx(expected["lang_reiczigel_ci95"], abs=tolerance)
    assert adjusted.value == delta.value


def test_rogan_gladen_with_weights_by_hand():
    # Passes: weights 2, 2, 1 caught, 1 missed: TPR 5/6. Fails: 1, 1, 1 caught, 1 missed: TNR 3/4.
    table = weighted_table(
        [1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 1], 2, probability=[0.5, 0.5, 1, 1, 1, 1, 1, 1]
    )
    assert rogan_gladen_mean(table, 60, 100).value == pytest.approx((0.6 + 0.75 - 1) / (5 / 6 + 0.75 - 1))


def test_rogan_gladen_says_why_it_cannot():
    for estimator in (rogan_gladen, lang_reiczigel):
        assert estimator(TABLE, 0, 0).undefined == "no_verdicts"
        assert estimator(counted_table([[0, 0], [0, 0]]), 1, 2).undefined == "no_labels"
        assert estimator(counted_table([[0, 0], [3, 7]]), 1, 2).undefined == "missing_class"
        assert estimator(counted_table([[5, 5], [5, 5]]), 1, 2).undefined == "uninformative_judge"
        outside = estimator(TABLE, 9_900, 10_000)
        assert outside.value == outside.high == 1
        assert outside.warnings == ("1.1286 before it was moved into [0, 1]",)
    with pytest.raises(ValueError, match="uninformative"):
        rogan_gladen_mean(counted_table([[5, 5], [5, 5]]), 1, 2)
