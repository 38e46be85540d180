"""Means over rows that share groups: by hand where each row stands twice, and how often the truth is within."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from reviewapp.stats.grouped import Totals, mean_amount, mean_rate, quantile, rate_of_totals, units_of, weighted_rate
from reviewapp.stats.proportions import wilson

Z = norm.isf(0.025)


def twice(values):
    """Return each value two times, and the group that the two share."""
    return [value for value in values for _ in range(2)], [f"g{n}" for n in range(len(values)) for _ in range(2)]


def test_rows_without_a_group_are_their_own():
    assert units_of(["a", None, "b", None]) is None
    units = units_of(["a", None, "a", None])
    assert (units.code.tolist(), units.n) == ([0, 1, 0, 2], 3)
    assert units.variance(np.array([1.0, 2.0, 3.0, -1.0])) == (4**2 + 2**2 + 1**2) * 3 / 2
    assert units_of(["a", "a"]).variance(np.ones(2)) == float("inf")


def test_sums_say_the_same_as_rows():
    rows, groups = twice([1.0] * 7 + [0.0] * 3)
    found, expected = rate_of_totals(Totals(10, 20, 14, 40, 28, 28)), mean_rate(rows, groups)
    assert (found.method, found.n) == (expected.method, expected.n)
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert rate_of_totals(Totals(10, 10, 7, 10, 7, 7)) == mean_rate([1.0] * 7 + [0.0] * 3)
    assert rate_of_totals(Totals(1, 20, 14, 400, 280, 196)).n_effective == 1


def test_rows_that_stand_twice_count_once():
    """Of 10 groups 7 are right: p(1 - p)/(C - 1) is the variance, so 9 rows by z, fewer by Student's t with 9."""
    once = [1.0] * 7 + [0.0] * 3
    plain = mean_rate(once)
    assert (plain.low, plain.high) == pytest.approx(tuple(wilson(7, 10, 0.95))[:2])
    assert (plain.method, plain.n) == ("wilson", 10)
    rows, groups = twice(once)
    assert mean_rate(rows, [None] * 20).method == "wilson"
    found = mean_rate([*rows, None], [*groups, "nobody"])
    size = 9 * (Z / t.isf(0.025, 9)) ** 2
    limits = wilson(0.7 * size, size, 0.95)
    assert (found.value, found.low, found.high) == pytest.approx((0.7, limits.low, limits.high))
    assert (found.method, found.n) == ("wilson_by_group", 20)
    assert (found.low, found.high) < (plain.low, 1)
    assert mean_rate([1.0, 1.0], ["a", "a"]).low < 0.25


def test_shares_of_repeats_say_more_than_one_row_each():
    """Shares .5 and 1 in turn: p = .75, s² = .0625 · 8/7, so p(1 - p)/(s²/8) = 21 rows instead of 8."""
    found = mean_rate([0.5, 1.0] * 4)
    limits = wilson(0.75 * 21, 21, 0.95)
    assert (found.method, found.n, found.low) == ("wilson_clustered", 8, pytest.approx(limits.low))
    assert mean_rate([0.5]).n == 1
    assert mean_rate([0.5, 0.5, 0.5]).value == 0.5
    rows, groups = twice([0.5, 1.0] * 4)
    assert mean_rate(rows, groups).high > found.high


def test_weights_of_rows_and_of_groups():
    pairs = [(1.0, 2.0), (0.0, 1.0), (1.0, 1.0), (None, 3.0), (1.0, None)]
    found = weighted_rate(pairs)
    limits = wilson(0.75 * 16 / 6, 16 / 6, 0.95)  # (2 + 1 + 1)² / (4 + 1 + 1)
    assert (found.value, found.low, found.high) == pytest.approx((0.75, limits.low, limits.high))
    assert (found.method, found.n) == ("hajek_wilson", 3)
    grouped = weighted_rate(pairs, ["a", "b", "a", "a", "b"])
    assert grouped.method == "hajek_wilson_by_group"
    assert grouped.high - grouped.low > found.high - found.low
    assert weighted_rate([(1.0, None)]).undefined == "unknown_inclusion_probability"


def test_amounts_by_student_and_by_group():
    plain = mean_amount([1.0, 2.0, 4.0, 9.0])
    reach = t.isf(0.025, 3) * np.std([1, 2, 4, 9], ddof=1) / 2
    assert (plain.value, plain.low, plain.high) == pytest.approx((4, max(0, 4 - reach), 4 + reach))
    rows, groups = twice([1.0, 2.0, 4.0, 9.0])
    found = mean_amount(rows, groups, least=-100)
    # The totals' residuals are 2(-3, -2, 0, 5): 4 · 38 · 4/3 / 64, as for the four alone.
    reach = t.isf(0.025, 3) * sqrt(4 * 38 * 4 / 3 / 64)
    assert (found.low, found.high) == pytest.approx((4 - reach, 4 + reach))
    assert found.method == "student_t_by_group"
    assert mean_amount([1.0, 2.0], ["a", "a"]).low is None
    assert mean_amount([3.0]).high is None
    assert mean_amount([None]).undefined == "not_measured"


def test_quantiles_have_limits_at_ranks():
    values = list(range(1, 101))
    found = quantile(values, 0.5)
    ranks = binom.ppf(0.025, 100, 0.5), binom.ppf(0.975, 100, 0.5) + 1
    assert (found.value, found.low, found.high) == (50, *ranks)
    rows, groups = twice(values)
    grouped = quantile(rows, 0.5, groups)
    assert (grouped.value, grouped.method) == (50, "order_statistics_by_group")
    assert grouped.low <= found.low
    assert grouped.high >= found.high
    alone = quantile([1, 2, 3], 0.5, ["a", "a", "a"])
    assert (alone.value, alone.low, alone.high) == (2, None, None)
    assert quantile([], 0.5).undefined == "not_measured"


def test_undefined_without_rows():
    assert mean_rate([]).undefined == mean_rate([None], ["a"]).undefined == "not_measured"


def test_sessions_of_like_rows_are_covered_only_by_groups():
    """400 samples of 40 sessions of 5 rows that are mostly all right or all wrong, .7 in all."""
    rng = np.random.default_rng(4)
    groups = [f"s{n}" for n in range(40) for _ in range(5)]
    within = np.zeros(2)
    for _ in range(400):
        rows = (rng.random((40, 5)) < rng.choice([0.95, 0.1], p=[12 / 17, 5 / 17], size=(40, 1))).ravel().astype(float)
        for way, found in enumerate((mean_rate(rows.tolist()), mean_rate(rows.tolist(), groups))):
            within[way] += found.low <= 0.7 <= found.high
    assert within[0] / 400 < 0.75
    assert within[1] / 400 > 0.93
