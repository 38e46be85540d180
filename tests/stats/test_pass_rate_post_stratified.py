"""The default estimator: reference vectors, identities, warnings, clusters, segments."""

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.stats.pass_rate.labels_only import hajek_mean, labels_only
from reviewapp.stats.pass_rate.post_stratified import (
    Limits,
    mover_limits,
    post_stratified,
    post_stratified_bound,
    post_stratified_segments,
)
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.traffic import counted_traffic, sampled_traffic
from reviewapp.stats.proportions import jeffreys
from tests.stats.reference import vector

POISSON, DESIGN, UNIFORM = (
    vector(name)
    for name in ("survey_poisson_fixture", "poststrat_default_estimator_design_path", "pass_rate_uniform_fixture")
)
VERDICTS = ("fail", "pass")


def poisson():
    inputs = POISSON["inputs"]
    return counted_traffic([20, 60], VERDICTS), labelled_sample(inputs["y"], inputs["pi"], judge=inputs["judge"])


def uniform(probability=1e-12):
    y, judge = np.repeat([1, 1, 0, 0], [153, 17, 6, 24]), np.repeat([1, 0, 1, 0], [153, 17, 6, 24])
    return counted_traffic([2_200, 7_800], VERDICTS), labelled_sample(y, np.full(200, probability), judge=judge)


def test_reference_poisson_fixture():
    (traffic, sample), expected, tolerance = poisson(), POISSON["expected"], POISSON["tolerance"]
    found = post_stratified(traffic, sample)
    assert found.estimate.value == pytest.approx(expected["poststratified"], abs=tolerance)
    limits = (found.estimate.low, found.estimate.high)
    assert limits == pytest.approx(tuple(expected["default_ci95_mover_jeffreys_kish"]), abs=tolerance)
    variance = 0.0
    for case in expected["cells"]:
        cell = found.cells[case["verdict"]]
        assert (cell.share, cell.n_pass, cell.n_fail) == (case["share"], case["pass_n"], case["fail_n"])
        assert cell.estimate.n == case["n"]
        assert cell.estimate.value == pytest.approx(case["p"], abs=tolerance)
        assert cell.n_kish == cell.n_used == pytest.approx(case["kish_fpc_neff"], abs=tolerance)
        assert cell.n_design is None
        assert (cell.estimate.low, cell.estimate.high) == pytest.approx(tuple(case["jeffreys95"]), abs=tolerance)
        inside = sample.judge == case["verdict"]
        mean = hajek_mean(labelled_sample(sample.y[inside], sample.probability[inside]))
        assert mean.standard_error == pytest.approx(case["design_se"], abs=tolerance)
        variance += (case["share"] * mean.standard_error) ** 2
    assert sqrt(variance) == pytest.approx(expected["poststratified_se"], abs=tolerance)
    assert found.sum_of_weights == pytest.approx(expected["sum_of_weights"])
    assert found.estimate.warnings == ("the 5 largest weights carry 55% of the sum",)


def test_reference_design_path():
    inputs, expected, tolerance = DESIGN["inputs"], DESIGN["expected"], DESIGN["tolerance"]
    sample = labelled_sample(inputs["y"], inputs["pi"], judge=inputs["judge"])
    shares = [1_000 * inputs["verdict_shares"][verdict] for verdict in ("0", "1")]
    found = post_stratified(counted_traffic(shares, VERDICTS), sample)
    assert found.estimate.value == pytest.approx(expected["estimate"], abs=tolerance)
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tuple(expected["ci95"]), abs=tolerance)
    for case in expected["cells"]:
        cell = found.cells[case["verdict"]]
        assert (cell.share, cell.n_pass, cell.n_fail) == (case["share"], case["pass_n"], case["fail_n"])
        assert cell.estimate.value == pytest.approx(case["p"], abs=tolerance)
        assert cell.n_kish == pytest.approx(case["kish_fpc_neff"], abs=tolerance)
        assert cell.n_design == pytest.approx(case["design_neff"], abs=tolerance)
        assert 2 * max(cell.n_kish, cell.n_pass + cell.n_fail) == case["cap"]
        assert cell.n_used == pytest.approx(case["used_neff"], abs=tolerance)
        assert (cell.estimate.low, cell.estimate.high) == pytest.approx(tuple(case["jeffreys95"]), abs=tolerance)


def test_reference_uniform_fixture():
    """Its cells use Kish's n, the count: with n/(n-1) in V the rule of five would take 158 and 40 instead."""
    (traffic, sample), expected, tolerance = uniform(), UNIFORM["expected"], UNIFORM["tolerance"]
    found = post_stratified(traffic, sample)
    assert found.estimate.value == pytest.approx(expected["poststratified"], abs=tolerance)
    passing, failing = jeffreys(153, 159), jeffreys(17, 41)
    assert tuple(passing) == pytest.approx(expected["cell_pass_jeffreys95"], abs=tolerance)
    assert tuple(failing) == pytest.approx(expected["cell_fail_jeffreys95"], abs=tolerance)
    assert found.cells[1].n_design == pytest.approx(158)
    assert found.cells[1].n_kish == pytest.approx(159)
    low, high = mover_limits(
        np.array([0.22, 0.78]), np.array([17 / 41, 153 / 159]), Limits(*np.transpose([failing, passing]))
    )
    assert (low, high) == pytest.approx(tuple(expected["poststratified_mover_jeffreys_ci95"]), abs=tolerance)
    # The default differs by that one label per cell and by no more.
    assert (found.estimate.low, found.estimate.high) == pytest.approx((low, high), abs=6e-4)
    wald = sqrt(sum(w * w * p * (1 - p) / n for w, p, n in ((0.78, 153 / 159, 159), (0.22, 17 / 41, 41))))
    assert wald == pytest.approx(expected["poststratified_wald_se"], abs=tolerance)
    cells = [
        hajek_mean(labelled_sample(sample.y[sample.judge == v], sample.probability[sample.judge == v])) for v in (0, 1)
    ]
    assert np.hypot(0.22 * cells[0].standard_error, 0.78 * cells[1].standard_error) == pytest.approx(wald)
    # For many labels 1/(1 - MCC²), here 1/(1 - .383).
    assert found.gain == pytest.approx(1 / (1 - 0.6191453813292584**2), rel=0.1)


def test_effective_size_and_gain_by_their_definitions():
    traffic, sample = poisson()
    found = post_stratified(traffic, sample)
    width, theta = found.estimate.high - found.estimate.low, found.estimate.value
    assert found.estimate.n_effective == pytest.approx(theta * (1 - theta) / (width / (2 * 1.959963984540054)) ** 2)
    alone = labels_only(sample)
    assert found.labels_only == alone
    assert found.gain == pytest.approx(((alone.high - alone.low) / width) ** 2)
    assert found.top_weight_share == pytest.approx((10 + 10 + 5 + 5 + 5) / 63.75)
    assert found.covered_share == 1
    assert found.n_traffic == 80


def test_a_cell_without_labels_is_taken_as_anything():
    # 80 pass-verdicts with 20 labels, 20 unparsed with none: θ = .8 p + .2·.5.
    sample = labelled_sample([1] * 18 + [0] * 2, [0.25] * 20, judge=[1] * 20)
    found = post_stratified(counted_traffic([0, 80, 20], ("fail", "pass", "unparsed")), sample)
    assert found.estimate.value == pytest.approx(0.8 * 0.9 + 0.1)
    assert found.estimate.low < 0.8 * 0.9 + 0.1 - 0.1
    assert found.estimate.high == min(1, found.estimate.high)
    assert found.cells[2].estimate.undefined == "no_labels"
    assert found.cells[2].n_used == found.cells[2].n_kish == 0
    assert found.estimate.warnings[0] == "nobody labelled any of: unparsed; taken as anything between 0 and 1"
    assert found.covered_share == 0.8


def test_a_window_with_every_item_labelled_is_known_exactly():
    y, judge = [1, 1, 0, 1, 0, 0], [1, 1, 1, 0, 0, 0]
    sample = labelled_sample(y, [1.0] * 6, judge=judge)
    window = post_stratified(counted_traffic([3, 3], VERDICTS), sample)
    assert window.estimate.value == window.estimate.low == window.estimate.high == pytest.approx(0.5)
    assert window.estimate.n_effective is None
    assert window.gain is None
    assert window.cells[0].n_used == inf
    assert window.cells[0].estimate.n_effective is None
    process = post_stratified(counted_traffic([3, 3], VERDICTS), sample, population="process")
    assert process.estimate.low < 0.3
    assert process.gain is not None


def test_thirty_items_all_reviewed_and_passing_prove_little_about_the_process():
    sample = labelled_sample([1] * 30, [1.0] * 30, judge=[1] * 30)
    found = post_stratified(counted_traffic([0, 30], VERDICTS), sample, population="process")
    assert found.estimate.low == pytest.approx(jeffreys(30, 30).low)
    # θ = 1 gives no θ(1-θ): n_effective from the cells.
    assert found.estimate.n_effective == pytest.approx(30)


def test_the_process_counts_the_shares_as_a_sample():
    """Fully reviewed, verdict always right: 15 of 30 pass; the width is that of 15/30, not of two sure cells."""
    sample = labelled_sample([1] * 15 + [0] * 15, [1.0] * 30, judge=[1] * 15 + [0] * 15)
    found = post_stratified(counted_traffic([15, 15], VERDICTS), sample, population="process").estimate
    # Between cells: z² Σ N_v (p_v - ½)²/N² = z²·.25/30; within: (½(1 - .8486))².
    half = sqrt(1.959963984540054**2 * 0.25 / 30 + (0.5 * (1 - jeffreys(15, 15).low)) ** 2)
    assert found.value - found.low == pytest.approx(half)


def test_upstream_sampling_makes_the_shares_uncertain():
    codes = np.repeat([0, 1], [20, 60])
    _, sample = poisson()
    all_of_it = post_stratified(sampled_traffic(codes, np.ones(80), VERDICTS), sample).estimate
    assert all_of_it == post_stratified(*poisson()).estimate
    half_of_it = post_stratified(sampled_traffic(codes, np.full(80, 0.5), VERDICTS), sample).estimate
    assert half_of_it.value == pytest.approx(all_of_it.value)
    assert half_of_it.low < all_of_it.low


def clustered(probability=0.1, *, drawn_by="item"):
    """40 sessions of five items that share outcome and verdict."""
    rng = np.random.default_rng(5)
    outcome = np.repeat(rng.integers(0, 2, 40), 5)
    verdict = np.repeat(rng.integers(0, 2, 40), 5)
    session = np.repeat(np.arange(40), 5)
    return outcome, verdict, session, [probability] * 200, drawn_by


def test_sessions_count_once_for_the_process():
    y, verdict, session, pi, _ = clustered()
    traffic = counted_traffic(np.bincount(verdict) * 10, VERDICTS)
    items = post_stratified(traffic, labelled_sample(y, pi, judge=verdict), population="process")
    sample = labelled_sample(y, pi, judge=verdict, cluster=session)
    sessions = post_stratified(traffic, sample, population="process")
    assert sessions.estimate.value == items.estimate.value
    # Five equal copies: Kish is the number of sessions, the design size that number less one.
    for cell, alone in zip(sessions.cells, items.cells, strict=True):
        assert cell.n_kish == pytest.approx(alone.n_kish / 5)
        assert cell.n_used == pytest.approx(cell.n_kish - 1)
    assert (
        post_stratified(traffic, sample).estimate
        == post_stratified(traffic, labelled_sample(y, pi, judge=verdict)).estimate
    )
    drawn = labelled_sample(y, pi, judge=verdict, cluster=session, drawn_by="cluster")
    assert post_stratified(traffic, drawn).cells[0].n_kish == pytest.approx(sessions.cells[0].n_kish / 0.9)


def test_sessions_across_cells_correlate_their_errors():
    # Each of 20 sessions holds one item per verdict with the same outcome: errors correlate fully and distances add.
    outcome = np.repeat([1, 0] * 10, 2)
    verdict, session = np.tile([0, 1], 20), np.repeat(np.arange(20), 2)
    traffic = counted_traffic([5_000_000, 5_000_000], VERDICTS, n_sessions=5_000_000)
    sample = labelled_sample(outcome, np.full(40, 0.1), judge=verdict, cluster=session)
    found = post_stratified(traffic, sample, population="process")
    cell = found.cells[0].estimate
    assert found.estimate.value - found.estimate.low == pytest.approx(cell.value - cell.low)
    # Opposite outcomes would cancel; they are counted as independent instead.
    opposite = np.where(verdict == 1, outcome, 1 - outcome)
    sample = labelled_sample(opposite, np.full(40, 0.1), judge=verdict, cluster=session)
    found = post_stratified(traffic, sample, population="process")
    assert found.estimate.value - found.estimate.low == pytest.approx((cell.value - cell.low) / sqrt(2))


def test_few_sessions_fall_back_on_their_number():
    y, judge = np.tile([1, 0], 10), np.ones(20, int)
    sample = labelled_sample(y, np.full(20, 0.1), judge=judge, cluster=np.repeat(np.arange(5), 4))
    found = post_stratified(counted_traffic([0, 200], VERDICTS), sample, population="process")
    assert found.cells[1].n_design is None
    assert found.cells[1].n_used == pytest.approx(5)


def test_reasons_why_there_is_no_default_estimate():
    traffic, empty = counted_traffic([20, 60], VERDICTS), labelled_sample([], [], judge=[])
    assert post_stratified(traffic, empty).estimate.undefined == "no_labels"
    unknown = labelled_sample([1], [np.nan], judge=[1])
    found = post_stratified(traffic, unknown)
    assert found.estimate.undefined == "unknown_inclusion_probability"
    assert found.estimate.warnings == ("1 labels with unknown inclusion probability left out",)
    assert found.cells == ()
    assert found.gain is None
    nothing = counted_traffic([0, 0], VERDICTS)
    assert post_stratified(nothing, empty).estimate.undefined == "no_items"


@pytest.mark.parametrize(
    ("judge", "counts", "message"),
    [
        (None, [5, 5], "verdict cell of every label"),
        ([2], [5, 5], "codes in"),
        ([0.5], [5, 5], "codes in"),
        ([-1], [5, 5], "codes in"),
        ([0], [0, 5], "no traffic"),
    ],
)
def test_labels_outside_the_traffic_are_refused(judge, counts, message):
    sample = labelled_sample([1], [0.5], judge=judge)
    with pytest.raises(ValueError, match=message):
        post_stratified(counted_traffic(counts, VERDICTS), sample)


def test_a_one_sided_bound_is_the_lower_limit_with_90_percent_cells():
    traffic, sample = poisson()
    bound = post_stratified_bound(traffic, sample, population="window")
    assert bound.low == post_stratified(traffic, sample, confidence=0.9).estimate.low
    assert (bound.high, bound.confidence) == (None, 0.95)
    assert bound.low > post_stratified(traffic, sample).estimate.low
    assert post_stratified_bound(traffic, labelled_sample([], [], judge=[])).undefined == "no_labels"
    with pytest.raises(ValueError, match="level"):
        post_stratified_bound(traffic, sample, level=0.4)


def test_segments_are_estimated_from_their_own_cells():
    names = ("de/fail", "de/pass", "fr/fail", "fr/pass", "it/fail", "it/pass", "es/fail", "es/pass")
    counts = np.array([20, 60, 10, 30, 5, 5, 0, 0])
    inputs = POISSON["inputs"]
    y = [*inputs["y"], 1, 0, 1]
    pi = [*inputs["pi"], 0.5, 0.5, 0.5]
    judge = [*inputs["judge"], 3, 3, 3]
    sample = labelled_sample(y, pi, judge=judge)
    segment = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    for population in ("window", "process"):
        found = post_stratified_segments(counted_traffic(counts, names), sample, segment, population=population)
        alone = post_stratified(*poisson(), population=population).estimate
        assert (found[0].value, found[0].low, found[0].high) == pytest.approx((alone.value, alone.low, alone.high))
    assert found[1].warnings == ("nobody labelled any of: fr/fail; taken as anything between 0 and 1",)
    assert [part.undefined for part in found] == [None, None, "no_labels", "no_items"]
    nothing = post_stratified_segments(counted_traffic(counts, names), labelled_sample([], [], judge=[]), segment)
    assert {part.undefined for part in nothing} == {"no_labels"}
    with pytest.raises(ValueError, match="every verdict cell"):
        post_stratified_segments(counted_traffic(counts, names), sample, segment[:2])


def test_segments_of_clustered_samples():
    y, verdict, session, pi, _ = clustered()
    traffic = counted_traffic(np.bincount(verdict) * 10, VERDICTS, n_sessions=200)
    sample = labelled_sample(y, pi, judge=verdict, cluster=session)
    found = post_stratified_segments(traffic, sample, np.array([0, 1]), population="process")
    cells = post_stratified(traffic, sample, population="process").cells
    assert found[0].low == pytest.approx(cells[0].estimate.low)


ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.floats(0.02, 0.95)), min_size=1, max_size=40)


@given(ROWS)
def test_the_estimate_lies_between_its_limits_and_they_in_the_unit_interval(rows):
    y, judge, pi = (np.array(column) for column in zip(*rows, strict=True))
    traffic = counted_traffic([100, 200, 300], ("fail", "pass", "unscored"))
    for population in ("window", "process"):
        found = post_stratified(traffic, labelled_sample(y, pi, judge=judge), population=population)
        assert 0 <= found.estimate.low <= found.estimate.value <= found.estimate.high <= 1


@given(ROWS, st.randoms(use_true_random=False), st.floats(0.05, 1))
def test_order_and_a_common_factor_of_the_weights_do_not_matter(rows, random, factor):
    y, judge, pi = (np.array(column) for column in zip(*rows, strict=True))
    order = list(range(len(rows)))
    random.shuffle(order)
    traffic = counted_traffic([100, 200, 300], ("fail", "pass", "unscored"))
    once = post_stratified(traffic, labelled_sample(y, pi, judge=judge), population="process").estimate
    again = post_stratified(
        traffic, labelled_sample(y[order], pi[order] * factor, judge=judge[order]), population="process"
    ).estimate
    assert (once.value, once.low, once.high) == pytest.approx((again.value, again.low, again.high), abs=1e-7)


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0.02, 0.9)), min_size=1, max_size=30))
def test_a_constant_judge_is_the_labels_alone(rows):
    y, pi = (np.array(column) for column in zip(*rows, strict=True))
    found = post_stratified(counted_traffic([0, 1_000], VERDICTS), labelled_sample(y, pi, judge=np.ones(y.size)))
    assert found.estimate.value == pytest.approx(hajek_mean(labelled_sample(y, pi)).value)
