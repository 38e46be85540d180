"""What the sign-off page shows, and what each stage asks for."""

import pytest

from reviewapp.stats.signoff.states import GENERAL_AVAILABILITY, INTERNAL_BETA, sequential_view


@pytest.mark.parametrize(
    ("passes", "failures", "state"),
    [
        (40, 9, "collecting"),
        (0, 0, "collecting"),
        (295, 5, "certified"),  # e = 40.4
        (190, 10, "open"),  # e = .33, sequence .877 to .987
        (165, 35, "failing"),  # sequence .723 to .903
    ],
)
def test_states_at_the_bar_of_95_percent(passes, failures, state):
    assert sequential_view(passes, failures, bar=0.95).state == state


def test_a_failing_segment_holds_the_certificate_back():
    assert sequential_view(295, 5, bar=0.95, segment_failing=True).state == "open"


def test_once_certified_stays_certified():
    assert sequential_view(165, 35, bar=0.95, certified_before=True).state == "certified"


def test_the_view_carries_its_evidence():
    view = sequential_view(190, 10, bar=0.95)
    assert view.e_value_above == pytest.approx(0.32818096)
    assert view.sequence.low == pytest.approx(0.87658487)
    assert sequential_view(165, 35, bar=0.95).e_value_below > 20


def segment(passes, failures):
    return sequential_view(passes, failures, bar=0.95)


def test_internal_beta_asks_for_less():
    # Five points below the bar of .95, 190 of 200 give e = 10.9: enough for the beta, not for general availability.
    assert INTERNAL_BETA.holds(190, 10, 0.95)
    assert not GENERAL_AVAILABILITY.holds(190, 10, 0.95)
    assert not INTERNAL_BETA.holds(190, 10, 0.96)


@pytest.mark.parametrize(
    ("segments", "holds"),
    [
        ((), True),
        (((95, 5),), True),
        (((88, 12),), False),  # 88 % is more than five points below, though not shown to fail
        (((0, 0),), False),
        (((60, 40),), False),
    ],
)
def test_general_availability_looks_at_critical_segments(segments, holds):
    assert GENERAL_AVAILABILITY.holds(295, 5, 0.95, [segment(*counts) for counts in segments]) is holds


def test_general_availability_needs_200_labels():
    assert not GENERAL_AVAILABILITY.holds(199, 0, 0.95)
    assert GENERAL_AVAILABILITY.holds(200, 0, 0.95)
