"""Planned numbers of labels against the exact tables and against the bound they promise."""

from math import ceil, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from reviewapp.stats.proportions import clopper_pearson
from reviewapp.stats.signoff.sample_size import labels_to_demonstrate, labels_with_power
from tests.stats.reference import vector


@pytest.mark.parametrize("confidence", ["0.95", "0.9"])
def test_table_of_labels_to_demonstrate(confidence):
    for bar, expected in vector("labels_to_demonstrate")["expected"][confidence].items():
        assert [labels_to_demonstrate(float(bar), k, float(confidence)) for k in range(6)] == expected


@pytest.mark.parametrize("power", [0.8, 0.9])
def test_table_of_labels_with_power(power):
    reference = vector("labels_with_power")
    plans = [labels_with_power(p0, p1, power) for p0, p1 in reference["inputs"]["pairs"]]
    assert [[plan.n, plan.max_failures] for plan in plans] == reference["expected"][f"power_{power}"]
    assert all(plan.power >= power for plan in plans)


@given(p0=st.floats(0.05, 0.995), failures=st.integers(0, 30))
def test_one_label_fewer_would_not_do(p0, failures):
    n = labels_to_demonstrate(p0, failures)
    assert clopper_pearson(n - failures, n, 0.9).low >= p0 - 1e-9
    if n - 1 > failures:
        assert clopper_pearson(n - 1 - failures, n - 1, 0.9).low < p0 + 1e-9


def test_without_failures_the_closed_form():
    # All n must pass: p0^n <= .05, n = ln .05 / ln .97 = 98.35, so 99.
    assert labels_to_demonstrate(0.97) == ceil(log(0.05) / log(0.97)) == 99


def test_no_smaller_plan_has_the_power():
    plan = labels_with_power(0.9, 0.97, 0.8)
    for n in range(1, plan.n):
        tolerated = [k for k in range(n) if binom.cdf(k, n, 0.1) <= 0.05]
        assert not tolerated or binom.cdf(max(tolerated), n, 0.03) < 0.8


def test_a_close_alternative_takes_a_large_plan():
    # Normal approximation: (1.645 sqrt(.09) + .842 sqrt(.0884))^2 / .002^2 = 138,000.
    plan = labels_with_power(0.9, 0.902, 0.8)
    assert plan.n == pytest.approx(138_000, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.95, 0.95), "above the bar"),
        ((0.95, 1.0), "above the bar"),
        ((0.0, 0.9), "the bar"),
        ((0.9, 0.95, 1.0), "power"),
        ((0.9, 0.95, 0.8, 1.0), "confidence"),
        ((0.5, 0.50001), "too close"),
    ],
)
def test_plans_that_cannot_be_made_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        labels_with_power(*arguments)


def test_failures_are_counted():
    with pytest.raises(ValueError, match="counted"):
        labels_to_demonstrate(0.9, -1)
