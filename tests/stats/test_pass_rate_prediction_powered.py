"""Difference estimators, two phases and scores: reference vectors, identities, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from reviewapp.stats.pass_rate.labels_only import hajek_mean
from reviewapp.stats.pass_rate.prediction_powered import (
    JudgeTraffic,
    binary_traffic,
    design_tuning,
    difference,
    difference_mean,
    judge_traffic,
    plug_in_tuning,
    prediction_powered,
)
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.scores import mean_score
from reviewapp.stats.pass_rate.two_phase import influence_values, two_phase, two_phase_mean, two_phase_sample
from tests.stats.reference import vector

POISSON, PPI, UNIFORM = (
    vector(name) for name in ("survey_poisson_fixture", "ppi_mean_fixture", "pass_rate_uniform_fixture")
)
Z = norm.isf(0.025)


def poisson():
    inputs = POISSON["inputs"]
    return labelled_sample(inputs["y"], inputs["pi"], judge=inputs["judge"]), binary_traffic(60, 80)


def uniform(probability=1e-12):
    """The 200 labels of the fixture, drawn with equal tiny chances."""
    y, judge = np.repeat([1, 1, 0, 0], [153, 17, 6, 24]), np.repeat([1, 0, 1, 0], [153, 17, 6, 24])
    return labelled_sample(y, np.full(200, probability), judge=judge), binary_traffic(7_800, 10_000)


def test_reference_difference_estimators():
    (sample, traffic), expected, tolerance = poisson(), POISSON["expected"], POISSON["tolerance"]
    full = difference_mean(traffic, sample, tuning=1.0)
    assert full.value == pytest.approx(expected["difference_lambda1"], abs=tolerance)
    assert full.standard_error == pytest.approx(expected["residual_se_lambda1"], abs=tolerance)
    assert full.value - traffic.mean == pytest.approx(expected["residual_mean_lambda1"], abs=tolerance)
    tuned = difference_mean(traffic, sample)
    assert tuned.tuning == pytest.approx(expected["lambda_opt"], abs=tolerance)
    assert tuned.value == pytest.approx(expected["difference_tuned"], abs=tolerance)
    assert tuned.standard_error == pytest.approx(expected["difference_tuned_se"], abs=tolerance)
    estimate = difference(traffic, sample)
    assert estimate.value == pytest.approx(expected["difference_tuned"], abs=tolerance)
    assert estimate.low == pytest.approx(expected["difference_tuned"] - Z * expected["difference_tuned_se"])
    assert estimate.warnings == ("4 judge errors among the labels: the interval is too short",)


def test_reference_uniform_fixture():
    (sample, traffic), expected, tolerance = uniform(), UNIFORM["expected"], UNIFORM["tolerance"]
    assert difference_mean(traffic, sample, tuning=1.0).value == pytest.approx(
        expected["difference_lambda1"], abs=tolerance
    )
    tuned = difference_mean(traffic, sample)
    assert tuned.tuning == pytest.approx(expected["ppi_pp_lambda"], abs=tolerance)
    # Equal chances and a binary judge: the tuned estimate is the post-stratified one.
    assert tuned.value == pytest.approx(expected["poststratified"], abs=tolerance)
    assert difference(traffic, sample, tuning=1).method == "difference"


@pytest.mark.parametrize(
    ("name", "tuning"), [("tuned", "plug_in"), ("lambda_0", 0), ("lambda_0.5", 0.5), ("lambda_1", 1)]
)
def test_reference_prediction_powered_means(name, tuning):
    inputs, expected = PPI["inputs"], PPI["expected"][name]
    ones, zeros = inputs["judge_unlabelled"]["ones"], inputs["judge_unlabelled"]["zeros"]
    sample = labelled_sample(inputs["y_labelled"], np.full(20, 0.05), judge=inputs["judge_labelled"])
    found = prediction_powered(
        binary_traffic(ones, ones + zeros), sample, tuning=tuning, confidence=1 - inputs["alpha"]
    )
    assert found.value == pytest.approx(expected["estimate"], abs=PPI["tolerance"])
    assert (found.low, found.high) == pytest.approx(tuple(expected["ci95"]), abs=PPI["tolerance"])
    assert found.population == "process"


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0.02, 0.9)), min_size=2, max_size=30))
def test_no_tuning_and_a_constant_judge_are_the_labels_alone(rows):
    y, pi = (np.array(column) for column in zip(*rows, strict=True))
    alone = hajek_mean(labelled_sample(y, pi))
    constant = labelled_sample(y, pi, judge=np.ones(y.size))
    assert design_tuning(constant) == plug_in_tuning(constant, binary_traffic(10, 10)) == 0
    for traffic, sample in (
        (binary_traffic(10, 10), constant),
        (binary_traffic(4, 10), labelled_sample(y, pi, judge=y)),
    ):
        found = difference_mean(traffic, sample, tuning=0.0)
        assert (found.value, found.standard_error) == pytest.approx(alone, abs=1e-12)


def test_design_tuning_makes_the_variance_least():
    sample, traffic = poisson()
    for population in ("window", "process"):
        best = difference_mean(traffic, sample, tuning=design_tuning(sample, population)).standard_error
        if population == "window":
            assert all(difference_mean(traffic, sample, tuning=x).standard_error >= best for x in np.linspace(0, 1, 21))


def test_the_process_adds_the_error_of_the_judges_own_mean():
    sample, traffic = poisson()
    window_like = JudgeTraffic(10**12, traffic.mean, traffic.variance)
    near = difference_mean(traffic, sample, tuning=1.0, population="process").standard_error
    far = difference_mean(window_like, sample, tuning=1.0, population="process").standard_error
    assert near**2 - far**2 == pytest.approx(0.75 * 0.25 / 80)
    thinned = traffic._replace(mean_variance=0.003)  # by a sampler upstream
    errors = [difference_mean(each, sample, tuning=0.5).standard_error for each in (thinned, traffic)]
    assert errors[0] ** 2 - errors[1] ** 2 == pytest.approx(0.25 * 0.003)


def test_everything_labelled_gives_the_mean_with_width_zero():
    y = [1, 0, 1, 1, 0]
    sample = labelled_sample(y, [1.0] * 5, judge=[1, 0, 0, 1, 0])
    estimate = difference(binary_traffic(2, 5), sample, tuning=1)
    assert estimate.value == estimate.low == estimate.high == pytest.approx(0.6)


def test_sessions_widen_the_difference():
    rng = np.random.default_rng(3)
    session = np.repeat(np.arange(20), 5)
    y = np.repeat(rng.integers(0, 2, 20), 5)
    judge = rng.integers(0, 2, 100)
    traffic = binary_traffic(50, 100)
    items = labelled_sample(y, np.full(100, 0.1), judge=judge)
    sessions = labelled_sample(y, np.full(100, 0.1), judge=judge, cluster=session)
    alone = difference_mean(traffic, items, tuning=0.0, population="process").standard_error
    together = difference_mean(traffic, sessions, tuning=0.0, population="process").standard_error
    # Five copies of each outcome: variance five times, with 20/19 for the small number of sessions.
    assert (together / alone) ** 2 == pytest.approx(5 * 20 / 19)


def test_reasons_why_there_is_no_difference_estimate():
    sample, traffic = poisson()
    assert difference(JudgeTraffic(0, 0.0, 0.0), sample).undefined == "no_verdicts"
    assert difference(traffic, labelled_sample([], [], judge=[])).undefined == "no_labels"
    assert prediction_powered(traffic, labelled_sample([], [], judge=[])).undefined == "no_labels"
    with pytest.raises(ValueError, match="judge's number"):
        difference(traffic, labelled_sample([1, 0], [0.5, 0.5]))


def two_phases(seed=0, judged=400):
    rng = np.random.default_rng(seed)
    first = np.where(rng.random(judged) < 0.5, 0.2, 0.6)
    y_all = (rng.random(judged) < 0.8).astype(float)
    judge = np.where(rng.random(judged) < 0.85, y_all, 1 - y_all)
    second = rng.choice([0.3, 0.7], judged)
    labelled = np.flatnonzero(rng.random(judged) < second)
    return two_phase_sample(
        judge, first, labelled=labelled, y=y_all[labelled], second=second[labelled], cluster=np.arange(judged) // 4
    )


def test_two_phases_with_all_of_the_first_are_the_one_phase_estimator():
    inputs = POISSON["inputs"]
    judge = np.concatenate([inputs["judge"], np.ones(49), np.zeros(15)])
    both = two_phase_sample(judge, np.ones(80), labelled=np.arange(16), y=inputs["y"], second=inputs["pi"])
    sample, traffic = poisson()
    for tuning in (0.0, 0.5, 1.0):
        one = difference_mean(judge_traffic(judge), sample, tuning=tuning)
        two = two_phase_mean(both, tuning=tuning)
        assert (two.value, two.standard_error) == pytest.approx((one.value, one.standard_error))
    assert traffic.n == 80


def test_two_phase_influence_values_average_to_the_estimate():
    sample = two_phases()
    weight = 1 / sample.first
    # The judge's part averages to λ f̄ + ē; the labels' part has weighted sum zero.
    for tuning in (0.0, 0.7):
        found = two_phase_mean(sample, tuning=tuning, population="process")
        assert weight @ influence_values(sample, tuning=tuning) / weight.sum() == pytest.approx(found.value)


def test_two_phase_tuning_makes_the_process_variance_least():
    sample = two_phases()
    items = two_phase_sample(sample.judge, sample.first, labelled=sample.labelled, y=sample.y, second=sample.second)
    best = two_phase_mean(items, population="process")
    assert 0 < best.tuning < 1
    for tuning in np.linspace(0, 1, 21):
        assert two_phase_mean(items, tuning=tuning, population="process").standard_error >= best.standard_error
    assert two_phase(items).high - two_phase(items).low > 0
    constant = two_phase_sample(np.ones(5), np.full(5, 0.5), labelled=[0, 1, 2], y=[1, 0, 1], second=[0.5, 0.5, 0.5])
    assert two_phase_mean(constant).tuning == 0
    everything = two_phase_sample(np.ones(3), np.ones(3), labelled=[0, 1, 2], y=[1, 0, 1], second=[1.0] * 3)
    assert two_phase_mean(everything).tuning == 0


def test_two_phase_sessions_count_for_the_process_only():
    sample = two_phases()
    items = two_phase_sample(sample.judge, sample.first, labelled=sample.labelled, y=sample.y, second=sample.second)
    assert two_phase_mean(sample, tuning=0.5) == two_phase_mean(items, tuning=0.5)
    clustered = two_phase_mean(sample, tuning=0.5, population="process").standard_error
    assert clustered != two_phase_mean(items, tuning=0.5, population="process").standard_error


def test_two_phase_reasons_and_refusals():
    assert two_phase(two_phase_sample([], [], labelled=[], y=[], second=[])).undefined == "no_verdicts"
    assert two_phase(two_phase_sample([1], [0.5], labelled=[], y=[], second=[])).undefined == "no_labels"
    moved = two_phase(
        two_phase_sample([1, 1, 0, 1], [0.5] * 4, labelled=[0, 2], y=[1, 1], second=[0.9, 0.1]), tuning=1.0
    )
    assert moved.value == 1
    assert moved.warnings
    good = {"labelled": [0], "y": [1], "second": [0.5]}
    for judge, first, change, message in (
        ([1], [0.5, 0.5], {}, "one length"),
        ([1], [0.5], {"y": [1, 0]}, "one length"),
        ([1], [0.0], {}, "inclusion"),
        ([1], [0.5], {"second": [2.0]}, "inclusion"),
        ([1], [0.5], {"labelled": [1]}, "positions"),
        ([1], [0.5], {"cluster": ["a", "b"]}, "one cluster"),
    ):
        with pytest.raises(ValueError, match=message):
            two_phase_sample(judge, first, **{**good, **change})


def test_mean_scores_by_hand():
    # 40 labels 1..5 eight times each, equal chances: mean 3, variance Σ(y-3)²/n² = 80/1600 without correction.
    y = np.tile(np.arange(1, 6), 8)
    found = mean_score(labelled_sample(y, np.full(40, 1e-9)), scale=(1, 5))
    half = student.isf(0.025, 39) * np.sqrt(80 / 1600)
    assert (found.value, found.low, found.high) == pytest.approx((3, 3 - half, 3 + half))
    assert found.method == "hajek_t"


def test_mean_scores_with_a_judge_on_another_scale():
    rng = np.random.default_rng(8)
    judge = rng.random(60)
    y = 1 + 4 * judge + rng.normal(0, 0.2, 60)
    sample = labelled_sample(y, np.full(60, 0.01), judge=judge)
    alone, tuned = mean_score(sample), mean_score(sample, traffic=JudgeTraffic(6_000, 0.5, 1 / 12))
    assert tuned.value == pytest.approx(3, abs=0.1)
    assert tuned.high - tuned.low < 0.3 * (alone.high - alone.low)
    assert tuned.method == "tuned_difference_t"
    # Labels of the lower half, and a judge that says the rest is all at the top: the line leads beyond the scale.
    beyond = mean_score(sample, traffic=JudgeTraffic(6_000, 1.2, 1 / 12), scale=(1, 5))
    assert (beyond.value, beyond.high) == (5, 5)
    assert "before it was moved into the scale" in beyond.warnings[-1]


def test_mean_scores_are_refused_where_normal_theory_has_no_hold():
    few = labelled_sample(np.arange(29.0), np.full(29, 0.1))
    assert mean_score(few).undefined == "below_min_n"
    assert mean_score(few).warnings == ("29 independent labels, 30 needed",)
    flat = labelled_sample([3.0] * 31 + [1.0] * 9, np.full(40, 0.1))
    assert mean_score(flat).undefined == "below_min_n"
    assert mean_score(flat).warnings == ("9 residuals differ from the commonest, 10 needed",)
    sessions = labelled_sample(np.arange(60.0), np.full(60, 0.1), cluster=np.arange(60) // 3)
    assert mean_score(sessions, population="process").undefined == "below_min_n"
    assert mean_score(labelled_sample([], [])).undefined == "no_labels"
    assert mean_score(flat, traffic=JudgeTraffic(0, 0.0, 0.0)).undefined == "no_verdicts"
