"""What an estimate refuses to be."""

import pytest

from reviewapp.stats.estimate import Estimate, no_estimate


def test_a_number_and_a_reason_exclude_each_other():
    with pytest.raises(ValueError, match="never both"):
        Estimate(0.5, 0.4, 0.6, "wilson", 10, undefined="no_labels")


def test_a_number_or_a_reason_is_needed():
    with pytest.raises(ValueError, match="never neither"):
        Estimate(None, None, None, "wilson", 0)


@pytest.mark.parametrize("name", ["value", "low", "high", "n_effective"])
def test_nothing_in_an_estimate_is_nan(name):
    numbers = {"value": 0.5, "low": 0.4, "high": 0.6, "n_effective": 9.5, name: float("nan")}
    with pytest.raises(ValueError, match="never holds NaN"):
        Estimate(**numbers, method="wilson", n=10)


def test_limits_may_be_open():
    estimate = Estimate(0.5, 0.4, None, "post_stratified", 10)
    assert (estimate.low, estimate.high) == (0.4, None)


def test_no_estimate_says_why_and_what_was_asked():
    missing = no_estimate("no_pairs", method="tango", n=3, confidence=0.9, population="process", warnings=("few",))
    assert (missing.value, missing.low, missing.high, missing.n_effective) == (None, None, None, None)
    assert (missing.undefined, missing.method, missing.n, missing.confidence) == ("no_pairs", "tango", 3, 0.9)
    assert (missing.population, missing.warnings) == ("process", ("few",))
