"""Differences of rates, and the estimator that a calibration design calls for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from reviewapp.stats.contingency import counted_table
from reviewapp.stats.difference import difference_of_estimates, difference_of_proportions
from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.pass_rate.calibration_design import CalibrationDesign, calibrated_pass_rate
from reviewapp.stats.pass_rate.post_stratified import post_stratified
from reviewapp.stats.pass_rate.rogan_gladen import lang_reiczigel
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.traffic import counted_traffic

VERDICTS = ("fail", "pass")


def rate(value, low, high):
    return Estimate(value=value, low=low, high=high, method="m", n=100)


def uniform(probability):
    """200 labels drawn with equal chances: 153 and 17 of the passes, 6 and 24 of the fails, judged pass and fail."""
    y, judge = np.repeat([1, 1, 0, 0], [153, 17, 6, 24]), np.repeat([1, 0, 1, 0], [153, 17, 6, 24])
    return counted_traffic([2_200, 7_800], VERDICTS), labelled_sample(y, np.full(200, probability), judge=judge)


def test_difference_of_two_estimates_by_hand():
    a, b = rate(0.8, 0.7, 0.9), rate(0.6, 0.56, 0.64)
    found = difference_of_estimates(a, b)
    # .2 ∓ sqrt(.1² + .04²) = .2 ∓ .107703.
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.092297, 0.307703), abs=1e-6)
    back = difference_of_estimates(b, a)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    missing = difference_of_estimates(a, no_estimate("no_labels", method="m"))
    assert missing.undefined == "no_labels"
    assert difference_of_estimates(no_estimate("no_items", method="m"), a).undefined == "no_items"
    with pytest.raises(ValueError, match="one population"):
        difference_of_estimates(a, replace(b, population="process"))


def test_without_two_limits_of_both_the_difference_has_none():
    found = difference_of_estimates(rate(0.8, 0.7, 0.9), replace(rate(0.6, 0.5, 0.7), high=None))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high, found.warnings) == (None, None, ("no_limits",))


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_difference_of_proportions_is_newcombes(x1, extra1, x2, extra2):
    n1, n2 = x1 + extra1, x2 + extra2
    found = difference_of_proportions(x1, n1, x2, n2)
    oracle = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(oracle, abs=1e-10)
    assert found.value == pytest.approx(x1 / n1 - x2 / n2)


def test_difference_of_proportions_without_labels():
    assert difference_of_proportions(0, 0, 1, 2).undefined == "no_labels"


def test_the_calibration_design_chooses_the_estimator():
    traffic, sample = uniform(0.02)
    sampled = calibrated_pass_rate(CalibrationDesign.SAMPLED_FROM_WINDOW, traffic, sample)
    assert sampled == post_stratified(traffic, sample).estimate
    alone = lang_reiczigel(counted_table([[24, 6], [17, 153]]), 7_800, 10_000)
    for design in (CalibrationDesign.OUTCOME_ENRICHED, CalibrationDesign.EXTERNAL):
        found = calibrated_pass_rate(design, traffic, sample)
        assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high))
        assert found.population == "process"
        assert found.warnings == ("assumes that TPR and TNR of the calibration set hold in this traffic",)
    wider = counted_traffic([2_200, 7_800, 500], (*VERDICTS, "unparsed"))
    found = calibrated_pass_rate(CalibrationDesign("external"), wider, sample)
    assert found.warnings[-1] == "500 items without a verdict of pass or fail left out"
    with pytest.raises(ValueError, match="verdict of every label"):
        calibrated_pass_rate(CalibrationDesign.EXTERNAL, traffic, labelled_sample([1], [0.5]))
