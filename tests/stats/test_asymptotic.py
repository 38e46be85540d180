"""Asymptotic confidence sequences: the reference margins, the influence values, and when nothing is shown."""

import numpy as np
import pytest

from reviewapp.stats.sequential.asymptotic import (
    asymptotic_confidence_sequence,
    asymptotic_margin,
    exact_rho2_for,
    influence_values,
    rho2_for,
)
from tests.stats.reference import vector

REFERENCE = vector("asymptotic_cs_margin")
MARGINS = [case for case in REFERENCE["expected"] if "t" in case]
TUNING = [case for case in REFERENCE["expected"] if "t_opt" in case]


@pytest.mark.parametrize("case", MARGINS, ids=lambda case: f"t={case['t']},r={case['rho2']},a={case['alpha']}")
def test_reference_margins(case):
    margin = asymptotic_margin(REFERENCE["inputs"]["sd"], case["t"], case["rho2"], case["alpha"])
    assert margin == pytest.approx(case["margin"], abs=1e-10)


@pytest.mark.parametrize("case", TUNING)
def test_reference_tuning(case):
    assert rho2_for(case["t_opt"], case["alpha"]) == pytest.approx(case["rho2_approx"], abs=1e-10)
    assert exact_rho2_for(case["t_opt"], case["alpha"]) == pytest.approx(case["rho2_opt"], abs=1e-10)


def test_the_exact_tuning_is_the_narrowest_at_its_planned_size():
    best = exact_rho2_for(300)
    widths = asymptotic_margin(1.0, 300, best), *(asymptotic_margin(1.0, 300, best * f) for f in (0.9, 1.1))
    assert min(widths) == widths[0]


def test_influence_values_by_hand():
    # lambda = .5. Judged pass, unlabelled: .5. Judged pass, failed by a person at pi = .25: .5 + (0 - .5) / .25 = -1.5.
    # Judged fail, passed by a person at pi = .5: 0 + (1 - 0) / .5 = 2.
    values = influence_values([1, 1, 0], [np.nan, 0, 1], [0.1, 0.25, 0.5], lam=0.5)
    assert values == pytest.approx([0.5, -1.5, 2.0])


def test_unlabelled_records_need_no_probability():
    assert influence_values([1.0], [np.nan], [np.nan]) == pytest.approx([1.0])


@pytest.mark.parametrize("probability", [0.0, 1.5, np.nan])
def test_labelled_records_need_their_probability(probability):
    with pytest.raises(ValueError, match="inclusion probability"):
        influence_values([1.0], [1.0], [probability])


def sequence(values, labels=200, disagreements=20, **options):
    return asymptotic_confidence_sequence(values, planned_n=1000, labels=labels, disagreements=disagreements, **options)


def test_mean_and_margin():
    values = np.tile([0.0, 1.0], 250)  # mean .5, standard deviation .5
    estimate = sequence(values)
    margin = float(asymptotic_margin(0.5, 500, rho2_for(1000)))
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx((0.5 - margin, 0.5, 0.5 + margin))
    assert (estimate.n, estimate.confidence, estimate.population) == (200, 0.95, "process")


def test_a_rate_is_cut_to_the_unit_interval():
    values = np.repeat([-1.0, 1.0], [5, 115])
    assert sequence(values).high > 1
    assert sequence(values, bounds=(0.0, 1.0)).high == 1.0


@pytest.mark.parametrize(
    ("values", "labels", "disagreements", "reason"),
    [
        ([], 200, 20, "no_items"),
        ([0.0, 1.0], 99, 20, "below_min_n"),
        ([0.0, 1.0], 100, 9, "below_min_n"),
        ([0.5, 0.5], 100, 10, "zero_variance"),
    ],
)
def test_nothing_is_shown_too_early(values, labels, disagreements, reason):
    assert sequence(values, labels, disagreements).undefined == reason


@pytest.mark.parametrize("arguments", [(1.0, 0, 0.1, 0.05), (1.0, 10, 0.0, 0.05), (1.0, 10, 0.1, 1.0)])
def test_margins_without_meaning_are_refused(arguments):
    with pytest.raises(ValueError, match="margin needs"):
        asymptotic_margin(*arguments)
