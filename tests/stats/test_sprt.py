"""Wald's test: the closed forms and what it decides."""

import pytest

from reviewapp.stats.sequential.sprt import SequentialTest, sprt_for_bar
from tests.stats.reference import vector


def test_reference_test():
    reference = vector("sprt")
    inputs, expected = reference["inputs"], reference["expected"]
    test = SequentialTest(inputs["p0"], inputs["p1"], inputs["alpha"], inputs["beta"])
    assert test.llr_per_pass == pytest.approx(expected["llr_per_pass"], abs=1e-12)
    assert test.llr_per_fail == pytest.approx(expected["llr_per_fail"], abs=1e-12)
    assert test.accept_p1_at == pytest.approx(expected["accept_p1_at"], abs=1e-12)
    assert test.accept_p0_at == pytest.approx(expected["accept_p0_at"], abs=1e-12)
    assert test.labels_without_failure == expected["zero_failure_n"]


def test_decisions_at_the_bar_of_95_percent():
    # Alternative .95 + .6 * .05 = .98. A pass adds .0311, a failure takes .9163, boundaries ±2.944:
    # 95 passes reach 2.954, 94 only 2.923, and 4 failures with 20 passes 20 * .0311 - 4 * .9163 = -3.04.
    test = sprt_for_bar(0.95)
    assert test.p1 == pytest.approx(0.98)
    assert test.decide(95, 0) == "accept_p1"
    assert test.decide(94, 0) == test.decide(0, 0) == "continue"
    assert test.decide(20, 4) == "accept_p0"


def test_evidence_does_not_depend_on_order():
    test = sprt_for_bar(0.9)
    assert test.log_likelihood_ratio(30, 2) == pytest.approx(
        test.log_likelihood_ratio(30, 0) + test.log_likelihood_ratio(0, 2)
    )


@pytest.mark.parametrize("rates", [(0.0, 0.5), (0.9, 0.9), (0.9, 1.0), (0.9, 0.8)])
def test_hypotheses_must_be_ordered(rates):
    with pytest.raises(ValueError, match="p0 < p1"):
        SequentialTest(*rates)


@pytest.mark.parametrize("errors", [(0.0, 0.1), (0.1, 0.0), (0.6, 0.4)])
def test_error_rates_must_leave_room(errors):
    with pytest.raises(ValueError, match="error rates"):
        SequentialTest(0.9, 0.95, *errors)
