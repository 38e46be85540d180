"""Betting sequences: the reference run, and what holds for any values in [0, 1]."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reviewapp.stats.sequential.betting import (
    empirical_bernstein_sequence,
    hedged_capital_lower,
    hedged_capital_sequence,
)
from tests.stats.reference import vector

REFERENCE = vector("hedged_capital_betting_cs")
EXPECTED = REFERENCE["expected"]

unit_values = arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1))


def reference_labels():
    """The labels behind the expected figures.

    The printed string has its seventh failure at place 94; every expected figure after it (twelve numbers, the
    Bernstein ones to 1e-15) belongs to a failure at place 97, and the figures up to 50 to both. So it is put there.
    """
    labels = [float(digit) for digit in REFERENCE["inputs"]["x"]]
    assert [place + 1 for place, label in enumerate(labels) if not label] == [5, 7, 8, 27, 62, 85, 94, 117, 135, 170]
    labels[93], labels[96] = 1.0, 0.0
    return labels


def test_reference_betting_sequence():
    limits = hedged_capital_sequence(reference_labels(), REFERENCE["inputs"]["alpha"], REFERENCE["inputs"]["grid"])
    for n, expected in EXPECTED["at_n"].items():
        assert (limits.low[int(n) - 1], limits.high[int(n) - 1]) == pytest.approx(tuple(expected), abs=2e-4)


def test_reference_betting_lower_limit():
    low = hedged_capital_lower(reference_labels(), REFERENCE["inputs"]["alpha"], REFERENCE["inputs"]["grid"])
    for n, expected in EXPECTED["lower_one_sided_95_at_n"].items():
        assert low[int(n) - 1] == pytest.approx(expected, abs=2e-4)


def test_reference_empirical_bernstein_sequence():
    limits = empirical_bernstein_sequence(reference_labels())
    for n, expected in EXPECTED["empirical_bernstein_at_n"].items():
        assert (limits.low[int(n) - 1], limits.high[int(n) - 1]) == pytest.approx(tuple(expected), abs=1e-9)


@settings(max_examples=25)
@given(x=unit_values)
def test_limits_only_tighten_and_mirror(x):
    for sequence in (lambda values: hedged_capital_sequence(values, grid=200), empirical_bernstein_sequence):
        limits, mirror = sequence(x), sequence(1 - x)
        assert np.all(np.diff(limits.low) >= 0)
        assert np.all(np.diff(limits.high) <= 0)
        assert np.all((limits.low >= 0) & (limits.high <= 1))
        assert mirror.low == pytest.approx(1 - limits.high, abs=1 / 200 + 1e-9)


def test_long_runs_are_worked_through_in_pieces():
    # 600 values span three pieces; the first 300 limits must not depend on what follows.
    x = np.tile([1.0, 0.5, 0.25, 1.0, 0.75, 0.0], 100)
    whole, part = hedged_capital_sequence(x, grid=500), hedged_capital_sequence(x[:300], grid=500)
    assert whole.low[:300] == pytest.approx(part.low)
    assert whole.low[-1] < x.mean() < whole.high[-1]
    assert whole.high[-1] - whole.low[-1] < 0.2


def test_the_order_of_the_values_matters():
    x = np.repeat([1.0, 0.0], [80, 20])
    assert hedged_capital_sequence(x).low[-1] != hedged_capital_sequence(x[::-1]).low[-1]


def test_no_values_no_limits():
    for limits in (hedged_capital_sequence([]), empirical_bernstein_sequence([])):
        assert len(limits.low) == len(limits.high) == 0


@pytest.mark.parametrize("values", [[0.5, 1.1], [-0.1], [float("nan")], [[0.5]]])
def test_values_outside_the_unit_interval_are_refused(values):
    with pytest.raises(ValueError, match="from 0 to 1"):
        hedged_capital_sequence(values)


def test_alpha_is_a_level():
    with pytest.raises(ValueError, match="alpha"):
        empirical_bernstein_sequence([0.5], alpha=0.0)
