"""Calibration: the reference judge, scikit-learn as oracle, weights, and where nothing can be fitted."""

from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from reviewapp.stats.calibration.acceptance import accept_recalibration
from reviewapp.stats.calibration.beta_calibration import fit_beta
from reviewapp.stats.calibration.isotonic import fit_isotonic, fit_level_means
from reviewapp.stats.calibration.platt import calibration_line, fit_platt
from reviewapp.stats.calibration.reliability import expected_calibration_error, reliability_diagram
from reviewapp.stats.calibration.scores import brier_score, log_loss
from tests.stats.reference import vector

REFERENCE = vector("calibration_fixture")
SCORE, LABEL = np.array(REFERENCE["inputs"]["score"]), np.array(REFERENCE["inputs"]["label"])
EXPECTED, TOLERANCE = REFERENCE["expected"], REFERENCE["tolerance"]

FITS = [fit_platt, fit_beta, fit_isotonic, fit_level_means, calibration_line]


def judged(n, seed, slope=0.5):
    """Scores of a judge that is overconfident by the given slope, with outcomes."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 1, n).clip(0.001, 0.999)
    truth = 1 / (1 + ((1 - score) / score) ** slope)
    return score, (rng.random(n) < truth).astype(int)


def test_reference_platt():
    smoothed = fit_platt(SCORE, LABEL)
    assert [smoothed.slope.value, smoothed.intercept.value] == pytest.approx(
        EXPECTED["platt_smoothed_slope_intercept_on_logit"], abs=TOLERANCE
    )
    assert smoothed.predict([0.5, 0.9]) == pytest.approx(EXPECTED["platt_smoothed_pred_at_0_5_and_0_9"], abs=TOLERANCE)


def test_reference_slope_and_intercept_by_maximum_likelihood():
    line = calibration_line(SCORE, LABEL)
    assert [line.slope.value, line.intercept.value] == pytest.approx(
        EXPECTED["platt_mle_slope_intercept_on_logit"], abs=TOLERANCE
    )


def test_reference_isotonic():
    assert fit_isotonic(SCORE, LABEL).levels == pytest.approx(EXPECTED["isotonic"], abs=TOLERANCE)


def test_reference_beta_calibration():
    # The expected figures come from an optimiser stopped early: they are 2.3e-4 off the maximum at .1. The maximum
    # itself, found by scikit-learn with a tight tolerance, is met to 1e-7, and its likelihood is the higher one.
    found = fit_beta(SCORE, LABEL).predict([0.1, 0.5, 0.9])
    assert found == pytest.approx(EXPECTED["beta_abm_pred_at_0_1_0_5_0_9"], abs=3e-4)
    columns = np.column_stack((np.log(SCORE), -np.log(1 - SCORE)))
    oracle = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(columns, LABEL)
    assert fit_beta(SCORE, LABEL).predict(SCORE) == pytest.approx(oracle.predict_proba(columns)[:, 1], abs=1e-7)


def test_reference_scores():
    assert brier_score(SCORE, LABEL).value == pytest.approx(EXPECTED["brier"], abs=TOLERANCE)
    assert log_loss(SCORE, LABEL).value == pytest.approx(EXPECTED["log_loss"], abs=TOLERANCE)


@pytest.mark.parametrize(("bins", "binning"), [(10, "equal_width"), (5, "equal_width"), (5, "equal_mass")])
def test_reference_calibration_error(bins, binning):
    error = expected_calibration_error(SCORE, LABEL, bins=bins, binning=binning, seed=1)
    assert error.value == pytest.approx(EXPECTED[f"ece_{bins}_{binning}"], abs=TOLERANCE)
    assert error.null_mean < error.null_95


def test_standard_errors_of_the_line_are_those_of_statsmodels():
    import statsmodels.api as sm

    score, label = judged(300, 3)
    line = calibration_line(score, label)
    fit = sm.Logit(label, sm.add_constant(np.log(score / (1 - score)))).fit(disp=0)
    assert (line.slope.value, line.intercept.value) == pytest.approx((fit.params[1], fit.params[0]), abs=1e-7)
    assert line.slope.high - line.slope.value == pytest.approx(1.959964 * fit.bse[1], rel=1e-5)
    assert line.intercept.high - line.intercept.value == pytest.approx(1.959964 * fit.bse[0], rel=1e-5)


def test_smoothed_targets_by_hand():
    # Two scores, ½ ± the same logit, 2 fail at the low and 2 pass at the high one. Targets 3/4 and 1/4:
    # by symmetry the intercept is 0 and slope * logit(.8) = logit(.75), slope = ln 3 / ln 4.
    line = fit_platt([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 1])
    assert line.intercept.value == pytest.approx(0, abs=1e-9)
    assert line.slope.value == pytest.approx(log(3) / log(4))


@pytest.mark.parametrize("fit", [calibration_line, fit_beta, fit_isotonic])
def test_a_weight_of_two_is_a_record_twice(fit):
    score, label = judged(60, 5)
    weight = np.where(np.arange(60) % 3 == 0, 2.0, 1.0)
    repeated = np.repeat(np.arange(60), weight.astype(int))
    at = [0.2, 0.5, 0.8]
    weighted, plain = fit(score, label, weight), fit(score[repeated], label[repeated])
    # Clipping depends on the number of records, so only the middle is compared.
    assert weighted.predict(at) == pytest.approx(plain.predict(at), abs=1e-6)


def test_unequal_weights_use_the_sandwich():
    import statsmodels.api as sm

    score, label = judged(200, 11)
    weight = np.where(score > 0.7, 1.0, 3.0)
    line = calibration_line(score, label, weight)
    fit = sm.GLM(
        label, sm.add_constant(np.log(score / (1 - score))), family=sm.families.Binomial(), freq_weights=weight
    ).fit()
    assert line.slope.value == pytest.approx(fit.params[1], abs=1e-6)
    residual = weight * (label - fit.fittedvalues)
    design = sm.add_constant(np.log(score / (1 - score)))
    bread = fit.cov_params()
    meat = (design * residual[:, None]).T @ (design * residual[:, None])
    error = np.sqrt((bread @ meat @ bread)[1, 1])
    assert line.slope.high - line.slope.value == pytest.approx(1.959964 * error, rel=1e-4)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), n=st.integers(10, 80))
def test_isotonic_is_that_of_scikit_learn(seed, n):
    score, label = judged(n, seed)
    score = score.round(1).clip(0.05, 0.95)  # ties
    steps = fit_isotonic(score, label)
    if steps.undefined is None:
        oracle = IsotonicRegression(out_of_bounds="clip").fit(score, label)
        at = np.linspace(0, 1, 21)
        assert steps.predict(at) == pytest.approx(oracle.predict(at).clip(1 / (n + 2), 1 - 1 / (n + 2)), abs=1e-6)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), slope=st.floats(-1, 3))
def test_curves_rise_and_stay_inside(seed, slope):
    score, label = judged(50, seed, slope)
    at = np.linspace(0, 1, 50)
    for fit in (fit_beta, fit_isotonic, fit_level_means):
        curve = fit(score, label)
        if curve.undefined is None:
            values = curve.predict(at)
            assert np.all(np.diff(values) >= -1e-12)
            assert np.all((values > 0) & (values < 1))


def test_a_steep_curve_calls_nothing_certain():
    # Found by the property above: nearly separated outcomes, a curve that would round to 1 at the top.
    score, label = judged(50, 1, 3)
    for fit in (fit_beta, calibration_line, fit_platt):
        assert fit(score, label).predict([0.0, 1.0]).max() <= 0.999


def test_a_falling_coefficient_is_left_out():
    # Labels that fall with the score: no rising curve does better than the overall rate.
    score = np.linspace(0.05, 0.95, 40)
    label = (score < 0.5).astype(int)
    label[[5, 30]] = 0, 1
    curve = fit_beta(score, label)
    assert (curve.a, curve.b) == (0.0, 0.0)
    assert curve.predict([0.2, 0.9]) == pytest.approx([label.mean()] * 2)


def test_level_means_by_hand():
    # Levels 0, ½, 1 with passes 0 of 2, 2 of 2, 1 of 2; overall ½. With two pseudo-observations at ½:
    # (0 + 1)/4, (2 + 1)/4, (1 + 1)/4 = .25, .75, .5; the last two fall and pool to .625.
    steps = fit_level_means([0, 0, 0.5, 0.5, 1, 1], [0, 0, 1, 1, 1, 0])
    assert steps.levels == pytest.approx([0.25, 0.625, 0.625])


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    ("score", "label", "reason"),
    [([], [], "no_labels"), ([0.2, 0.7], [1, 1], "missing_class"), ([0.6, 0.6], [0, 1], "zero_variance")],
)
def test_nothing_to_fit(fit, score, label, reason):
    fitted = fit(score, label)
    assert fitted.undefined == reason
    with pytest.raises(ValueError, match="no calibration"):
        fitted.predict([0.5])


def test_separated_outcomes_have_no_maximum_but_a_smoothed_curve():
    score, label = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9], [0, 0, 0, 1, 1, 1]
    assert calibration_line(score, label).undefined == "separated"
    assert fit_beta(score, label).undefined == "separated"
    assert fit_platt(score, label).undefined is None


def test_two_distinct_scores_cannot_carry_three_parameters():
    assert fit_beta([0.2, 0.2, 0.8, 0.8], [0, 1, 0, 1]).undefined == "separated"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5], [0, 1]), "one length"),
        (([[0.5]], [[1]]), "one length"),
        (([1.5], [1]), "scores lie"),
        (([0.5], [2]), "labels are"),
        (([0.5], [1], [0.0]), "weights are"),
    ],
)
def test_observations_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_platt(*arguments)


def test_proper_scores_by_hand():
    # Scores .8 pass, .4 fail: Brier (.04 + .16) / 2 = .1, log-loss -(ln .8 + ln .6) / 2 = .36698.
    assert brier_score([0.8, 0.4], [1, 0]).value == pytest.approx(0.1)
    assert brier_score([0.9, 0.1, 0.5], [0, 1, 1]).high == 1
    assert log_loss([0.8, 0.4], [1, 0]).value == pytest.approx(0.3669846)
    # Weights 3 and 1: (3 * .04 + .16) / 4 = .07.
    assert brier_score([0.8, 0.4], [1, 0], [3, 1]).value == pytest.approx(0.07)


@pytest.mark.parametrize("loss", [brier_score, log_loss])
def test_proper_scores_without_evidence(loss):
    assert loss([], []).undefined == "no_labels"
    assert loss([0.4], [1]).low is None
    assert loss([0.4, 0.4], [1, 1]).high is None


def test_reliability_bins_by_hand():
    # Ten records in five bins of two, in order of score: bin 1 holds .05 and .15 (one pass), mean score .1.
    score = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]
    diagram = reliability_diagram(score, [1, 0, 0, 0, 1, 0, 1, 1, 1, 1])
    assert [round(found.mean_score, 9) for found in diagram] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert [found.observed.value for found in diagram] == [0.5, 0.0, 0.5, 1.0, 1.0]
    assert all(found.observed.n == 2 for found in diagram)
    # Two draws at .5 show 0 or 1 with probability ¼ each: the band is everything.
    assert (diagram[2].null_low, diagram[2].null_high) == (0.0, 1.0)


def test_equal_scores_share_a_bin():
    score = np.repeat([0.2, 0.6, 1.0], [50, 30, 20])
    diagram = reliability_diagram(score, np.tile([0, 1], 50))
    assert [found.observed.n for found in diagram] == [50, 30, 20]
    assert [found.mean_score for found in diagram] == pytest.approx([0.2, 0.6, 1.0])


def test_reliability_takes_at_most_five_bins_and_weights():
    score, label = judged(500, 2)
    weight = np.where(label == 1, 1.0, 4.0)
    assert len(reliability_diagram(score, label, bins=20)) == 5
    for found in reliability_diagram(score, label, weight):
        assert found.observed.n_effective < found.observed.n
        assert found.observed.low <= found.observed.value <= found.observed.high
    assert reliability_diagram([], []) == ()
    assert len(reliability_diagram([0.3], [1])) == 1


def test_bins_are_needed():
    with pytest.raises(ValueError, match="one bin"):
        expected_calibration_error([0.5], [1], bins=0, seed=1)


def test_calibration_error_by_hand():
    # Bins [0, .5) and [.5, 1]: .2 .4 with labels 0 1: |.5 - .3| = .2; .9 with 0: .9. (2 * .2 + 1 * .9) / 3.
    error = expected_calibration_error([0.2, 0.4, 0.9], [0, 1, 0], bins=2, seed=1)
    assert Fraction(error.value).limit_denominator(1000) == Fraction(13, 30)
    # Under calibration ECE is a sum over four outcomes: certain to lie in (0, 1).
    assert 0 < error.null_mean < 1


def test_the_null_of_many_records_is_the_null_of_sums():
    # Above 20 million draws the sums per bin are drawn as normal; both must tell the same story.
    score = judged(20_000, 8)[0]
    label = (np.random.default_rng(9).random(20_000) < score).astype(int)
    exact = expected_calibration_error(score, label, seed=3, draws=300)
    normal = expected_calibration_error(score, label, seed=3, draws=1500)
    assert normal.null_mean == pytest.approx(exact.null_mean, rel=0.05)
    assert normal.null_95 == pytest.approx(exact.null_95, rel=0.05)


def test_no_labels_no_calibration_error():
    error = expected_calibration_error([], [], seed=1)
    assert (error.value, error.null_95, error.undefined) == (None, None, "no_labels")


def test_an_overconfident_judge_is_recalibrated():
    score, label = judged(600, 21, slope=0.3)
    acceptance = accept_recalibration(score, label, np.arange(600) // 3, fit_platt, seed=4)
    assert acceptance.accepted
    assert acceptance.gain.value > acceptance.gain.value - acceptance.gain.low > 0


def test_a_calibrated_judge_is_left_alone():
    score, label = judged(200, 22, slope=1.0)
    assert not accept_recalibration(score, label, np.arange(200), fit_isotonic, seed=4).accepted


def test_the_same_seed_gives_the_same_decision():
    score, label = judged(100, 23)
    group = np.arange(100) // 2
    one, other = (accept_recalibration(score, label, group, fit_platt, seed=9) for _ in range(2))
    assert one == other


def test_groups_stay_together():
    # Each conversation repeats one record four times. Held out whole, the fit never sees a copy of what it predicts:
    # isotonic, which would remember copies, gains nothing.
    score, label = judged(40, 24, slope=1.0)
    score, label, group = np.repeat(score, 4), np.repeat(label, 4), np.repeat(np.arange(40), 4)
    assert accept_recalibration(score, label, group, fit_isotonic, seed=1).gain.value < 0
    assert accept_recalibration(score, label, np.arange(160), fit_isotonic, seed=1).gain.value > 0


def test_too_little_to_cross_validate():
    score, label = judged(40, 25)
    assert accept_recalibration(score, label, np.arange(40) % 4, fit_platt, seed=1).gain.undefined == "below_min_n"
    one_failure = np.ones(40, dtype=int)
    one_failure[3] = 0
    refused = accept_recalibration(score, one_failure, np.arange(40), fit_platt, seed=1)
    assert (refused.accepted, refused.gain.undefined) == (False, "missing_class")


def test_cross_validation_needs_folds_and_groups():
    with pytest.raises(ValueError, match="two folds"):
        accept_recalibration([0.5], [1], [0], fit_platt, seed=1, folds=1)
    with pytest.raises(ValueError, match="belongs to a group"):
        accept_recalibration([0.5, 0.4], [1, 0], [0], fit_platt, seed=1)
