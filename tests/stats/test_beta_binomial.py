"""Sequential pass/fail evidence: reference values, exact validity under the null, and the shape of the sequences."""

from math import exp, log
from sys import float_info

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom

from reviewapp.stats.proportions import jeffreys
from reviewapp.stats.sequential.beta_binomial import (
    BetaPrior,
    centred_confidence_sequence,
    confidence_sequence,
    e_value_above,
    e_value_below,
    log_e_value_above,
    log_e_value_below,
    one_sided_lower,
    one_sided_upper,
)
from reviewapp.stats.sequential.sessions import count_sessions
from tests.stats.reference import vector

counts = st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(lambda pair: sum(pair) > 0)


@pytest.mark.parametrize(
    "case", vector("beta_binomial_confidence_sequence")["expected"], ids=lambda c: f"{c['successes']}/{c['n']}"
)
def test_reference_sequences(case):
    successes, failures = case["successes"], case["n"] - case["successes"]
    sequence = confidence_sequence(successes, failures)
    assert (sequence.low, sequence.high) == pytest.approx(tuple(case["cs95"]), abs=1e-7)
    assert one_sided_lower(successes, failures) == pytest.approx(case["one_sided_lower95"], abs=1e-7)


@pytest.mark.parametrize("case", vector("one_sided_e_value")["expected"])
def test_reference_e_values(case):
    value = e_value_above(case["successes"], case["failures"], case["p0"])
    assert value == pytest.approx(case["e_value"], abs=1e-7)


@pytest.mark.parametrize("alpha", ["0.05", "0.10"])
def test_reference_sequences_with_a_centred_prior(alpha):
    reference = vector("confseq_cpp_bernoulli")
    for (successes, n), expected in zip(reference["inputs"]["cases"], reference["expected"][alpha], strict=True):
        sequence = centred_confidence_sequence(successes, n - successes, reference["inputs"]["t_opt"], float(alpha))
        assert (sequence.low, sequence.high) == pytest.approx(tuple(expected), abs=1e-9)


def test_an_e_value_by_hand():
    # Two passes at bar 1/2: the mean of (p / .5)^2 for p uniform on (.5, 1) = 4 * (1 - 1/8) / 3 / .5 = 7/3.
    assert e_value_above(2, 0, 0.5) == pytest.approx(7 / 3)
    # Against "at least 1/2": the mean of 4 p^2 for p uniform on (0, .5) = 4 * (1/8) / 3 / .5 = 1/3.
    assert e_value_below(2, 0, 0.5) == pytest.approx(1 / 3)


@given(pair=counts, p0=st.floats(0.02, 0.98))
def test_passes_and_failures_are_interchangeable(pair, p0):
    passes, failures = pair
    assert log_e_value_above(passes, failures, p0) == pytest.approx(
        log_e_value_below(failures, passes, 1 - p0), abs=1e-6, rel=1e-6
    )


@pytest.mark.parametrize("prior", [BetaPrior(), BetaPrior(8.0, 2.0)])
@pytest.mark.parametrize("p0", [0.8, 0.95])
def test_the_closed_form_is_the_integral(p0, prior):
    from scipy.stats import beta

    density = beta(*prior)
    integral = quad(lambda p: density.pdf(p) * (p / p0) ** 47 * ((1 - p) / (1 - p0)) ** 3, p0, 1)[0]
    assert e_value_above(47, 3, p0, prior) == pytest.approx(integral / density.sf(p0), rel=1e-8)


@given(n=st.integers(1, 120), p0=st.floats(0.3, 0.98), share=st.floats(0.1, 1.0))
def test_the_expected_e_value_under_the_null_is_at_most_1(n, p0, share):
    passes = np.arange(n + 1)
    for truth, log_e in (
        (share * p0, log_e_value_above(passes, n - passes, p0)),
        (1 - share * (1 - p0), log_e_value_below(passes, n - passes, p0)),
    ):
        assert np.sum(binom.pmf(passes, n, truth) * np.exp(log_e)) <= 1 + 1e-9


@given(pair=counts)
def test_the_sequence_contains_the_jeffreys_interval(pair):
    passes, failures = pair
    sequence, fixed = confidence_sequence(passes, failures), jeffreys(passes, passes + failures)
    assert sequence.low <= fixed.low + 1e-9
    assert sequence.high >= fixed.high - 1e-9


@given(pair=counts)
def test_limits_mirror_and_bracket_the_rate(pair):
    passes, failures = pair
    for sequence, mirror in (
        (confidence_sequence(passes, failures), confidence_sequence(failures, passes)),
        (centred_confidence_sequence(passes, failures, 200), centred_confidence_sequence(failures, passes, 200)),
    ):
        assert 0 <= sequence.low <= sequence.value <= sequence.high <= 1
        assert sequence.low == pytest.approx(1 - mirror.high, abs=1e-8)
    assert one_sided_upper(passes, failures) == pytest.approx(1 - one_sided_lower(failures, passes), abs=1e-9)


def test_the_one_sided_limit_is_where_the_e_value_certifies():
    low = one_sided_lower(295, 5)
    assert e_value_above(295, 5, low) == pytest.approx(20, rel=1e-6)
    assert one_sided_upper(0, 20) < 0.26
    assert one_sided_upper(20, 0) == 1.0


def test_a_million_labels_keep_a_finite_e_value():
    assert e_value_above(990_000, 10_000, 0.9) == pytest.approx(float_info.max)
    assert e_value_above(500_000, 500_000, 0.9) == 0.0
    assert log_e_value_above(990_000, 10_000, 0.9) > 30_000


def test_too_little_evidence_leaves_the_limit_open():
    # One pass cannot reject any bar above .001: e = (1 + p0) / (2 p0) >= 20 needs p0 <= 1/39.
    assert one_sided_lower(1, 0) == pytest.approx(1 / 39, abs=1e-9)
    assert confidence_sequence(1, 0).high == 1.0
    assert centred_confidence_sequence(1, 0, planned_n=1).low < 1e-6


def test_without_labels_there_is_no_evidence():
    assert e_value_above(0, 0, 0.9) == pytest.approx(1.0)
    assert confidence_sequence(0, 0).undefined == "no_labels"
    assert centred_confidence_sequence(0, 0, 100).undefined == "no_labels"


def test_certifying_needs_more_than_the_fixed_59():
    # e(59/59 at .95) = (.95^-59 - .95) / 60 / .05 = 6.557 < 20, and 90 straight passes give more than 20.
    assert e_value_above(59, 0, 0.95) == pytest.approx((exp(-59 * log(0.95)) - 0.95) / 60 / 0.05)
    assert e_value_above(59, 0, 0.95) < 20 < e_value_above(90, 0, 0.95)


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match="counts"):
        confidence_sequence(-1, 2)
    with pytest.raises(ValueError, match="bar"):
        e_value_above(1, 2, 1.0)


def test_a_session_counts_once_and_its_e_value_stays_below_one_on_average():
    told = count_sessions([("a", True), ("a", False), (7, True), ("a", False), (7, True)])
    assert told == [(1, 0), (0.5, 0.5), (1.5, 0.5), *[(pytest.approx(4 / 3), pytest.approx(2 / 3))] * 2]
    assert count_sessions([(k, k % 3 > 0) for k in range(9)])[-1] == (6, 3)
    # Sessions of ten items that mostly pass or fail together, 0.8 of all items passing: at that very bar.
    rng = np.random.default_rng(3)
    clustered, single = [], []
    for _ in range(500):
        items = [(k, bool(x)) for k, p in enumerate(rng.beta(0.8, 0.2, 20)) for x in rng.random(10) < p]
        clustered.append(e_value_above(*count_sessions(items)[-1], 0.8))
        single.append(e_value_above(sum(x for _, x in items), sum(not x for _, x in items), 0.8))
    assert np.mean(clustered) <= 1 < np.mean(np.minimum(single, 1e6))
    assert np.mean(np.array(clustered) >= 20) <= 0.05 < np.mean(np.array(single) >= 20)
