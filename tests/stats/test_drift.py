"""Drift tests: the reference figures, scipy as oracle, hand-worked tables, and windows without evidence."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from reviewapp.stats.drift.categorical import chi_square_drift
from reviewapp.stats.drift.findings import Measurement, drift_findings
from reviewapp.stats.drift.kolmogorov_smirnov import kolmogorov_smirnov_drift
from reviewapp.stats.drift.maximum_mean_discrepancy import mmd_drift
from reviewapp.stats.drift.population_stability import (
    binned_counts,
    population_stability,
    psi_null_95,
    psi_of_shares,
    quantile_edges,
)
from reviewapp.stats.drift.rates import difference_of_rates
from reviewapp.stats.estimate import Estimate, no_estimate
from tests.stats.reference import vector

REFERENCE = vector("drift_fixture")
INPUTS, EXPECTED, TOLERANCE = REFERENCE["inputs"], REFERENCE["expected"], REFERENCE["tolerance"]


def column(values):
    return np.array(values, dtype=float)[:, None]


def test_reference_population_stability():
    shares = INPUTS["psi"]
    assert psi_of_shares(shares["expected"], shares["actual"]) == pytest.approx(EXPECTED["psi"], abs=TOLERANCE)


@pytest.mark.parametrize("key", EXPECTED["psi_critical_95"])
def test_reference_noise_of_population_stability(key):
    n, m, bins = map(int, key.split("/"))
    assert psi_null_95(n, m, bins) == pytest.approx(EXPECTED["psi_critical_95"][key], abs=TOLERANCE)


def test_reference_kolmogorov_smirnov():
    drift = kolmogorov_smirnov_drift(INPUTS["ks"]["x"], INPUTS["ks"]["y"])
    assert drift.statistic == pytest.approx(EXPECTED["ks_statistic"], abs=TOLERANCE)
    assert drift.p_value == pytest.approx(EXPECTED["ks_exact_p"], abs=TOLERANCE)
    assert drift.shift > 0


def test_reference_chi_square():
    drift = chi_square_drift(*INPUTS["chi2"], seed=1)
    assert drift.statistic == pytest.approx(EXPECTED["chi2"], abs=TOLERANCE)
    assert drift.p_value == pytest.approx(EXPECTED["chi2_p"], abs=TOLERANCE)
    assert drift.cramers_v == pytest.approx(EXPECTED["cramers_v"], abs=TOLERANCE)
    assert (drift.method, drift.merged) == ("chi_square", 0)


def test_reference_maximum_mean_discrepancy():
    values = INPUTS["mmd"]
    drift = mmd_drift(column(values["x"]), column(values["y"]), seed=1, bandwidth=values["rbf_sigma"])
    assert drift.unbiased == pytest.approx(EXPECTED["mmd2_unbiased"], abs=TOLERANCE)
    assert drift.biased == pytest.approx(EXPECTED["mmd2_biased"], abs=TOLERANCE)


@given(table=arrays(np.int64, (2, 4), elements=st.integers(20, 100)))
def test_chi_square_is_that_of_scipy(table):
    drift = chi_square_drift(*table, seed=1)
    oracle = chi2_contingency(table, correction=False)
    assert drift.statistic == pytest.approx(oracle.statistic, abs=1e-9)
    assert drift.p_value == pytest.approx(oracle.pvalue, abs=1e-9)


def test_sparse_categories_are_pooled():
    # 100 records each. Expected counts of the last two categories: 2 and 4; pooled 6.
    drift = chi_square_drift([50, 44, 3, 3], [50, 44, 1, 5], seed=1)
    assert (drift.method, drift.merged) == ("chi_square", 2)
    assert drift.statistic == 0.0  # 50 44 6 against 50 44 6
    assert drift.p_value == 1.0


def test_where_pooling_is_not_enough_records_are_permuted():
    # 5 a and 1 b against 1 a and 5 b: Fisher's two-sided p = 2 * (C(6,5) C(6,1) + 1) / C(12,6) = 74/924 = .0801.
    drift = chi_square_drift([5, 1], [1, 5], seed=7)
    assert drift.method == "permutation"
    # Chi-square: every cell is 2 off its expected 3, 4 * 4/3; V = sqrt(16/3/12) = 2/3.
    assert drift.statistic == pytest.approx(16 / 3)
    assert drift.cramers_v == pytest.approx(2 / 3)
    assert drift.p_value == pytest.approx(74 / 924, abs=3 * sqrt(0.08 * 0.92 / 9_999))
    assert drift == chi_square_drift([5, 1], [1, 5], seed=7)


def test_pooling_everything_falls_back_on_permutation():
    assert chi_square_drift([3, 3, 3], [3, 3, 3], seed=1).method == "permutation"


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([0, 0], [3, 4], "no_items"),
        ([3, 4], [0, 0], "no_items"),
        ([3, 0], [4, 0], "single_category"),
        ([], [], "no_items"),
    ],
)
def test_counts_without_evidence(before, after, reason):
    drift = chi_square_drift(before, after, seed=1)
    assert (drift.p_value, drift.undefined) == (None, reason)
    assert population_stability(before, after).undefined == reason


samples = arrays(np.float64, st.integers(1, 40), elements=st.integers(-20, 20).map(float))


@settings(max_examples=60)
@given(x=samples, y=samples)
def test_kolmogorov_smirnov_with_ties(x, y):
    drift = kolmogorov_smirnov_drift(x, y)
    at = np.concatenate((x, y))[:, None]
    assert drift.statistic == pytest.approx(np.max(np.abs((x <= at).mean(axis=1) - (y <= at).mean(axis=1))), abs=1e-12)
    assert drift.statistic == pytest.approx(kolmogorov_smirnov_drift(y, x).statistic, abs=1e-12)
    if drift.shift is not None:
        assert kolmogorov_smirnov_drift(y, x).shift == pytest.approx(-drift.shift) or x.mean() == pytest.approx(
            y.mean()
        )


@pytest.mark.parametrize(("n", "m", "shift"), [(1, 1, 0), (7, 12, 1), (30, 30, 0.5), (90, 100, 0.3)])
def test_exact_p_values_are_those_of_scipy(n, m, shift):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(shift, 1, size=m)
    drift = kolmogorov_smirnov_drift(x, y)
    assert drift.method == "exact"
    assert drift.p_value == pytest.approx(ks_2samp(x, y, method="exact").pvalue, rel=1e-9)


def test_equal_samples_have_p_1():
    assert kolmogorov_smirnov_drift([1.0, 1.0], [1.0]).p_value == 1.0


def test_large_windows_use_the_limit_law():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=2_000), rng.normal(0.1, 1, size=3_000)
    drift = kolmogorov_smirnov_drift(x, y)
    oracle = ks_2samp(x, y, method="asymp")
    assert drift.method == "asymptotic"
    assert (drift.statistic, drift.p_value) == pytest.approx((oracle.statistic, oracle.pvalue), rel=1e-9)
    spread = sqrt((x.var() * 2_000 + y.var() * 3_000) / 5_000)
    assert drift.shift == pytest.approx(wasserstein_distance(x, y) / spread)


def test_the_shift_is_in_standard_deviations_with_a_sign():
    x = np.tile([0.0, 2.0], 100)  # standard deviation 1
    assert kolmogorov_smirnov_drift(x, x + 0.5).shift == pytest.approx(0.5)
    assert kolmogorov_smirnov_drift(x, x - 0.5).shift == pytest.approx(-0.5)
    assert kolmogorov_smirnov_drift([0.1, 0.1, 0.1], [0.2]).shift is None


def test_an_empty_window_has_no_distribution():
    assert kolmogorov_smirnov_drift([], [1.0]).undefined == "no_items"
    assert kolmogorov_smirnov_drift([1.0], []).p_value is None


@pytest.mark.parametrize("values", [[np.nan], [np.inf], [[1.0]]])
def test_values_that_are_no_numbers_are_refused(values):
    with pytest.raises(ValueError, match="finite numbers"):
        kolmogorov_smirnov_drift(values, [1.0])


def test_population_stability_by_hand():
    # Counts 30 10 and 10 30, plus ½: shares 30.5/41, 10.5/41 and reverse. PSI = 2 (20/41) ln(30.5/10.5) = 1.0405.
    drift = population_stability([30, 10], [10, 30])
    assert drift.index == pytest.approx(2 * 20 / 41 * np.log(30.5 / 10.5))
    # No drift: (1/40 + 1/40) chi² on one degree: mean .05, 95 % .05 * 3.8415.
    assert (drift.null_mean, drift.null_95) == pytest.approx((0.05, 0.19207), abs=1e-5)
    assert drift.excess == pytest.approx(drift.index - 0.05)
    assert drift.above_noise
    assert drift.p_value < 1e-4


def test_empty_bins_are_finite_and_unused_bins_do_not_count():
    drift = population_stability([50, 50, 0, 0], [50, 0, 50, 0])
    assert drift.bins == 3
    assert drift.index < 10
    assert not population_stability([50, 50], [49, 51]).above_noise


@pytest.mark.parametrize(("before", "after"), [([1, 2], [1]), ([1, -2], [1, 2]), ([[1]], [[1]])])
def test_counts_that_do_not_fit_are_refused(before, after):
    with pytest.raises(ValueError, match="counts form"):
        population_stability(before, after)


def test_ill_formed_tables_and_shares_are_refused():
    with pytest.raises(ValueError, match="counts form"):
        chi_square_drift([1, -1], [1, 1], seed=1)
    with pytest.raises(ValueError, match="positive shares"):
        psi_of_shares([0.0, 1.0], [0.5, 0.5])


def test_bins_are_cut_from_the_reference_window():
    edges = quantile_edges(np.arange(100), bins=4)
    assert binned_counts(np.arange(100), edges).tolist() == [25, 25, 25, 25]
    assert binned_counts([-5.0, 1000.0], edges).tolist() == [1, 0, 0, 1]
    assert len(quantile_edges([1.0, 1.0, 1.0, 2.0], bins=4)) == 2  # quartiles 1, 1, 1.25
    with pytest.raises(ValueError, match="reference window"):
        quantile_edges([])


def test_maximum_mean_discrepancy_sees_a_shift_and_only_that():
    rng = np.random.default_rng(21)
    x, y, z = rng.normal(size=(80, 5)), rng.normal(size=(80, 5)), rng.normal(0.7, 1, size=(60, 5))
    assert mmd_drift(x, y, seed=1).p_value > 0.05
    assert mmd_drift(x, z, seed=1).p_value == 1 / 200
    assert mmd_drift(x, z, seed=1) == mmd_drift(x, z, seed=1)


def test_discrepancy_by_the_double_sum():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(4, 2))

    def k(a, b):
        return exp(-float(np.sum((a - b) ** 2)) / 2)

    def mean(first, second, same=False):
        pairs = [k(a, b) for i, a in enumerate(first) for j, b in enumerate(second) if not (same and i == j)]
        return sum(pairs) / len(pairs)

    found = mmd_drift(x, y, seed=1, bandwidth=1.0)
    assert found.unbiased == pytest.approx(mean(x, x, same=True) + mean(y, y, same=True) - 2 * mean(x, y))
    assert found.biased == pytest.approx(mean(x, x) + mean(y, y) - 2 * mean(x, y))


def test_large_windows_of_vectors_are_subsampled():
    rng = np.random.default_rng(4)
    drift = mmd_drift(rng.normal(size=(1_200, 2)), rng.normal(size=(30, 2)), seed=5, permutations=9)
    assert (drift.n_before, drift.n_after) == (1_000, 30)


def test_vectors_without_evidence():
    assert mmd_drift([[1.0]], [[1.0], [2.0]], seed=1).undefined == "below_min_n"
    assert mmd_drift(np.ones((3, 2)), np.ones((3, 2)), seed=1).undefined == "zero_variance"
    with pytest.raises(ValueError, match="records × dimensions"):
        mmd_drift([1.0, 2.0], [[1.0]], seed=1)
    with pytest.raises(ValueError, match="bandwidth"):
        mmd_drift([[1.0], [2.0]], [[1.0], [2.0]], seed=1, bandwidth=0.0)


def rate(value, low, high, confidence=0.95):
    return Estimate(value, low, high, "wilson", 100, None, confidence)


def test_difference_of_rates_by_hand():
    # .80 (.70 to .88) after .90 (.84 to .95): d = -.10, down sqrt(.10² + .05²) = .1118, up sqrt(.08² + .06²) = .1.
    change = difference_of_rates(rate(0.9, 0.84, 0.95), rate(0.8, 0.7, 0.88))
    found = change.difference
    assert (found.value, found.low, found.high) == pytest.approx((-0.1, -0.1 - sqrt(0.0125), 0.0))
    # Just touching zero: p = .05.
    assert change.p_value == pytest.approx(0.05)
    assert found.n == 200


def test_a_rise_mirrors_a_fall():
    one, other = rate(0.9, 0.84, 0.95), rate(0.8, 0.7, 0.88)
    fall, rise = difference_of_rates(one, other), difference_of_rates(other, one)
    assert rise.difference.low == pytest.approx(-fall.difference.high)
    assert rise.p_value == pytest.approx(fall.p_value)


@pytest.mark.parametrize(("after", "p_value"), [(0.9, 1.0), (0.8, 0.0)])
def test_fully_reviewed_windows_differ_for_certain(after, p_value):
    assert difference_of_rates(rate(0.9, 0.9, 0.9), rate(after, after, after)).p_value == p_value


def test_rates_without_evidence():
    nothing = no_estimate("no_labels", method="wilson")
    change = difference_of_rates(rate(0.9, 0.8, 0.95), nothing)
    assert (change.difference.undefined, change.p_value) == ("no_labels", None)
    assert difference_of_rates(nothing, rate(0.9, 0.8, 0.95)).difference.undefined == "no_labels"
    open_ended = difference_of_rates(rate(0.9, None, None), rate(0.8, 0.7, 0.9))
    assert (open_ended.difference.value, open_ended.difference.low, open_ended.p_value) == pytest.approx(
        (-0.1, None, None)
    )
    with pytest.raises(ValueError, match="one confidence"):
        difference_of_rates(rate(0.9, 0.8, 0.95), rate(0.9, 0.8, 0.95, confidence=0.9))


def test_both_conditions_make_a_drift():
    # Five tests: BH-adjusted p of .001 .004 .02 .4 is .004, .008, .0267, .4 (times 4/k; the undefined one not counted).
    found = drift_findings(
        [
            Measurement("verdict", "categorical", 0.3, 0.001),
            Measurement("length", "numeric", 0.02, 0.004),
            Measurement("intent", "binned", None, None),
            Measurement("topic", "text", 0.7, 0.4),
            Measurement("pass rate", "rate", -0.04, 0.02),
        ]
    )
    assert [finding.verdict for finding in found] == [
        "drifted",
        "too_small_to_matter",
        "no_evidence",
        "may_be_chance",
        "drifted",
    ]
    assert [finding.adjusted_p for finding in found] == pytest.approx([0.004, 0.008, None, 0.4, 0.08 / 3])
    assert [finding.floor for finding in found] == [0.1, 0.1, 0.1, 0.6, 0.03]


def test_stable_features_and_stricter_control():
    measurements = [Measurement("a", "numeric", 0.01, 0.5), Measurement("b", "numeric", 0.2, 0.02)]
    assert [finding.verdict for finding in drift_findings(measurements)] == ["stable", "drifted"]
    # Benjamini-Yekutieli multiplies by 1 + 1/2: .06.
    assert drift_findings(measurements, dependent=True)[1].verdict == "may_be_chance"
    assert drift_findings([]) == ()
