"""Paired differences: published tables, the symmetry of the problem, and non-inferiority."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.signoff.paired import (
    McNemar,
    PairedCounts,
    mcnemar,
    newcombe_method_10,
    non_inferiority,
    tango,
    weighted_non_inferiority,
)
from tests.stats.reference import vector

CASES = vector("paired_difference_intervals")["expected"]

tables = st.builds(PairedCounts, *[st.integers(0, 60)] * 4).filter(lambda counts: counts.n > 0)


def counts_of(case):
    return PairedCounts(case["a"], case["b"], case["c"], case["d"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['a']}/{case['b']}/{case['c']}/{case['d']}")
def test_published_tables(case):
    counts, confidence = counts_of(case), case["confidence"]
    by_score, by_wilson, test = tango(counts, confidence), newcombe_method_10(counts, confidence), mcnemar(counts)
    assert by_score.value == by_wilson.value == pytest.approx(case["estimate"], abs=1e-15)
    assert (by_score.low, by_score.high) == pytest.approx(tuple(case["tango"]), abs=1e-8)
    assert (by_wilson.low, by_wilson.high) == pytest.approx(tuple(case["newcombe_method10_cc"]), abs=1e-8)
    assert test == pytest.approx((case["mcnemar_midp"], case["mcnemar_exact_p"], case["mcnemar_z"]), abs=1e-8)


@given(counts=tables)
def test_swapping_the_raters_mirrors_the_intervals(counts):
    swapped = PairedCounts(counts.both, counts.second_only, counts.first_only, counts.neither)
    for interval in (tango, newcombe_method_10):
        one, other = interval(counts), interval(swapped)
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
        assert one.low <= one.value <= one.high
    assert tango(counts).low >= -1
    assert tango(counts).high <= 1


def test_without_discordant_pairs_the_score_interval_has_a_closed_form():
    # b = c = 0: q = 0 for delta > 0, so -n delta / sqrt(n delta (1 - delta)) = -z, delta = z^2 / (n + z^2)
    # = 3.8415 / 103.8415 = .036994 at n = 100, and the mirror image below.
    estimate = tango(PairedCounts(70, 0, 0, 30))
    assert (estimate.low, estimate.high) == pytest.approx((-0.0369937, 0.0369937), abs=1e-6)


def test_a_complete_difference_ends_at_one():
    assert tango(PairedCounts(0, 12, 0, 0)).high == 1.0
    assert tango(PairedCounts(0, 0, 12, 0)).low == -1.0


@pytest.mark.parametrize("interval", [tango, newcombe_method_10])
def test_no_pairs_no_difference(interval):
    assert interval(PairedCounts(0, 0, 0, 0)).undefined == "no_pairs"


def test_equal_discordant_counts_show_no_difference():
    assert mcnemar(PairedCounts(5, 4, 4, 5)) == McNemar(1.0, 1.0, 0.0)
    assert mcnemar(PairedCounts(5, 0, 0, 5)) == McNemar(1.0, 1.0, None)


def test_non_inferior_when_the_lower_limit_clears_the_margin():
    # Reference table 85/5/7/3 at 90 %: the lower Tango limit is -.0823.
    counts = PairedCounts(85, 5, 7, 3)
    assert non_inferiority(counts, margin=0.09).certified
    assert not non_inferiority(counts, margin=0.08).certified
    assert non_inferiority(counts, margin=0.09).difference.confidence == pytest.approx(0.9)


def apart(counts, each=1):
    return [y for y, n in zip((0, 1, -1, 0), counts, strict=True) for _ in range(n * each)]


def test_weights_and_sessions_change_only_what_the_pairs_are_worth():
    """Equal weights are none. Sessions of four alike are worth their number, but for 99/100 of C/(C - 1)."""
    counts = PairedCounts(85, 5, 7, 3)
    plain = non_inferiority(counts, margin=0.09).difference
    weighted = weighted_non_inferiority(labelled_sample(apart(counts), [0.2] * 100), 0.09).difference
    assert (weighted.low, weighted.high, weighted.n_effective) == pytest.approx((plain.low, plain.high, 100))
    alike = [place // 4 for place in range(400)]
    four = labelled_sample(apart(counts, 4), [0.2] * 400, cluster=alike)
    found = weighted_non_inferiority(four, 0.09).difference
    fewer = tango(counts, 0.9, size=99)
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, fewer.low, fewer.high))
    # 3 of 4 items that only the second has right were drawn four times as often.
    unequal = weighted_non_inferiority(labelled_sample([0, 0, -1, -1, -1, -1], [1, 1, 1, 1, 1, 0.25]), 0.5)
    assert unequal.difference.value == pytest.approx(-7 / 9)
    nothing = weighted_non_inferiority(labelled_sample([0] * 20, [0.5] * 20), 0.2)
    assert (nothing.difference.value, nothing.difference.n_effective) == (0, 20)


def test_nothing_is_certified_without_pairs():
    assert not non_inferiority(PairedCounts(0, 0, 0, 0), margin=0.5).certified
    assert weighted_non_inferiority(labelled_sample([], []), 0.5).difference.undefined == "no_pairs"
    one_session = labelled_sample([0, 1], [1, 1], cluster=["s", "s"])
    assert weighted_non_inferiority(one_session, 0.5).difference.undefined == "below_min_n"


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match="not negative"):
        tango(PairedCounts(1, -1, 0, 0))
    with pytest.raises(ValueError, match="margin"):
        non_inferiority(PairedCounts(1, 1, 1, 1), margin=0.0)
