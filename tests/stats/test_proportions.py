"""Intervals for one proportion against the reference vectors and by hand."""

import pytest

from reviewapp.stats.proportions import clopper_pearson, jeffreys, wilson
from tests.stats.reference import vector

CASES = vector("binomial_intervals")["expected"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['x']}/{case['n']}")
def test_two_sided_limits(case):
    x, n = case["x"], case["n"]
    assert wilson(x, n) == pytest.approx(tuple(case["wilson95"]), abs=1e-12)
    assert clopper_pearson(x, n) == pytest.approx(tuple(case["clopper_pearson95"]), abs=1e-12)
    assert jeffreys(x, n) == pytest.approx(tuple(case["jeffreys95_with_endpoint_rule"]), abs=1e-12)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['x']}/{case['n']}")
def test_one_sided_lower_bound_is_the_lower_limit_at_90_percent(case):
    expected = case["one_sided95_lower"]
    x, n = case["x"], case["n"]
    assert wilson(x, n, 0.9).low == pytest.approx(expected["wilson"], abs=1e-12)
    assert clopper_pearson(x, n, 0.9).low == pytest.approx(expected["clopper_pearson"], abs=1e-12)
    assert jeffreys(x, n, 0.9).low == pytest.approx(expected["jeffreys"], abs=1e-12)


@pytest.mark.parametrize("interval", [wilson, jeffreys, clopper_pearson])
@pytest.mark.parametrize(("x", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_counts_that_are_no_proportion_are_refused(interval, x, n):
    with pytest.raises(ValueError, match="proportion"):
        interval(x, n)


@pytest.mark.parametrize("interval", [wilson, jeffreys, clopper_pearson])
def test_a_confidence_outside_0_and_1_is_refused(interval):
    with pytest.raises(ValueError, match="confidence"):
        interval(1, 2, 1.0)
