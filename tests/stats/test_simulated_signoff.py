"""Simulations behind the sign-off rules; tolerances are three Monte Carlo standard errors of the figures compared."""

from math import log, sqrt

import numpy as np
import pytest
from scipy.stats import beta, norm

from reviewapp.stats.sequential.asymptotic import (
    MIN_DISAGREEMENTS,
    MIN_LABELS,
    asymptotic_margin,
    influence_values,
    rho2_for,
)
from reviewapp.stats.sequential.beta_binomial import log_e_value_above
from reviewapp.stats.sequential.sprt import sprt_for_bar
from reviewapp.stats.signoff.alternative_test import alternative_annotator_test

pytestmark = pytest.mark.slow

RUNS, DAYS, PER_DAY = 4_000, 60, 20
RULES = ("wilson_daily", "clopper_pearson_daily", "e_value", "sprt", "clopper_pearson_at_300")


def two_shares(expected, runs, reference_runs):
    """Three standard errors of the difference of two simulated shares."""
    spread = max(expected * (1 - expected), 0.002)
    return 3 * sqrt(spread * (1 / runs + 1 / reference_runs))


def first_certified(truth, bar):
    """Labels at the first day each rule certifies, infinite if never: rule -> one number a run."""
    rng = np.random.default_rng(63)
    n = PER_DAY * np.arange(1, DAYS + 1)
    passes = rng.binomial(PER_DAY, truth, (RUNS, DAYS)).cumsum(axis=1)
    failures = n - passes
    z, p = norm.isf(0.05), passes / n
    wilson_low = (p + z * z / (2 * n) - z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    exact_low = beta.ppf(0.05, passes, failures + 1)
    test = sprt_for_bar(bar)
    # As in the reference design, only the upper boundary is watched.
    evidence = passes * test.llr_per_pass + failures * test.llr_per_fail
    fired = {
        "wilson_daily": wilson_low >= bar,
        "clopper_pearson_daily": exact_low >= bar,
        "e_value": log_e_value_above(passes, failures, bar) >= log(20),
        "sprt": evidence >= test.accept_p1_at,
        "clopper_pearson_at_300": (exact_low >= bar) & (n == 300),
    }
    return {rule: np.where(days.any(axis=1), n[days.argmax(axis=1)], np.inf) for rule, days in fired.items()}


@pytest.mark.parametrize(
    ("truth", "bar", "certified", "median"),
    [
        (0.95, 0.95, (0.230, 0.207, 0.027, 0.039, 0.035), None),
        (0.90, 0.90, (0.253, 0.221, 0.025, 0.034, 0.053), None),
        (0.97, 0.95, (0.989, 0.988, 0.808, 0.742, 0.46), (220, 240, 640, 500, None)),
        (0.98, 0.95, (1.0, 1.0, 0.999, 0.997, 0.84), (120, 140, 280, 220, 300)),
        (0.99, 0.95, (1.0, 1.0, 1.0, 1.0, 0.997), (60, 60, 140, 140, 300)),
    ],
)
def test_daily_looks(truth, bar, certified, median):
    labels = first_certified(truth, bar)
    for rule, expected in zip(RULES, certified, strict=True):
        share = np.isfinite(labels[rule]).mean()
        assert share == pytest.approx(expected, abs=two_shares(expected, RUNS, 4_000)), rule
    for rule, expected in zip(RULES, median or (), strict=False):
        if expected is not None:
            assert np.median(labels[rule]) == pytest.approx(expected, abs=20), rule  # one day either way


@pytest.mark.parametrize("bar", [0.9, 0.95])
def test_the_daily_view_falsely_certifies_at_most_one_in_twenty(bar):
    labels = first_certified(bar, bar)
    assert np.isfinite(labels["e_value"]).mean() <= 0.05
    assert np.isfinite(labels["sprt"]).mean() <= 0.05 + 3 * sqrt(0.05 * 0.95 / RUNS)


def looks_under_uncertainty_sampling(runs, seed):
    """Share of runs that ever miss: asymptotic sequence, daily Wald interval; and their widths' ratio at the end.

    200 judged records a day for 60 days, pass probabilities logistic of Normal(2.5, 1.5), verdict p > ½; 20 labels
    a day with probability proportional to .2 + .8 s / mean s, s = sqrt(p (1 - p)); lambda 1. Both start together.
    """
    rng = np.random.default_rng(seed)
    per_day, days = 200, 60
    p_all = 1 / (1 + np.exp(-rng.normal(2.5, 1.5, 400_000)))
    theta, mean_s = p_all.mean(), np.sqrt(p_all * (1 - p_all)).mean()
    t = per_day * np.arange(1, days + 1)
    missed, ratios = np.zeros(2), []
    for _ in range(runs):
        p = 1 / (1 + np.exp(-rng.normal(2.5, 1.5, (days, per_day))))
        label, verdict = rng.random(p.shape) < p, (p > 0.5).astype(float)
        pi = np.minimum(1, 0.1 * (0.2 + 0.8 * np.sqrt(p * (1 - p)) / mean_s))
        labelled = rng.random(p.shape) < pi
        phi = influence_values(verdict, np.where(labelled, label, np.nan), pi)
        mean = phi.sum(axis=1).cumsum() / t
        sd = np.sqrt((phi**2).sum(axis=1).cumsum() / t - mean**2)
        disagreements = (labelled & (label != verdict)).sum(axis=1).cumsum()
        shown = (labelled.sum(axis=1).cumsum() >= MIN_LABELS) & (disagreements >= MIN_DISAGREEMENTS)
        margins = asymptotic_margin(sd, t, rho2_for(t[-1])), norm.isf(0.025) * sd / np.sqrt(t)
        missed += [bool((shown & (np.abs(mean - theta) > margin)).any()) for margin in margins]
        ratios.append(margins[0][-1] / margins[1][-1])
    return missed[0] / runs, missed[1] / runs, float(np.mean(ratios))


def test_the_asymptotic_sequence_holds_at_60_looks_and_a_daily_interval_does_not():
    runs = 1_000
    sequence, wald, ratio = looks_under_uncertainty_sampling(runs, seed=1)
    assert sequence <= 0.045 + 3 * sqrt(0.045 * 0.955 / runs)
    assert wald == pytest.approx(0.295, abs=0.035 + 3 * sqrt(0.3 * 0.7 / runs))  # 26 to 33 %
    assert ratio == pytest.approx(1.6, abs=0.06)


def people(rng, truth, accuracy, count):
    wrong = rng.random((len(truth), count)) > accuracy
    return np.where(wrong, 1 - truth[:, None], truth[:, None])


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [(0.90, (0.91, 1.0, 1.0)), (0.85, (0.58, 0.93, 1.0)), (0.80, (0.24, 0.64, 0.94)), (0.70, (0.01, 0.10, 0.43))],
)
def test_operating_characteristics_of_the_alternative_test(accuracy, expected):
    # Three people right 85 % of the time, balanced binary truth, 100 items; epsilon .1, .15, .2.
    rng, runs = np.random.default_rng(7), 800
    passed = np.zeros(3)
    for _ in range(runs):
        truth = rng.integers(0, 2, 100)
        humans, ai = people(rng, truth, 0.85, 3), people(rng, truth, accuracy, 1)[:, 0]
        passed += [alternative_annotator_test(humans, ai, epsilon=epsilon).passed for epsilon in (0.1, 0.15, 0.2)]
    for share, reference in zip(passed / runs, expected, strict=True):
        assert share == pytest.approx(reference, abs=two_shares(reference, runs, runs) + 0.005)


def test_a_constant_ai_passes_unless_classes_are_balanced():
    # 95 % true passes, three people right 95 % of the time, 100 items, an AI that always says pass.
    rng, runs = np.random.default_rng(11), 600
    passed = np.zeros(3)
    for _ in range(runs):
        truth = (rng.random(100) < 0.95).astype(int)
        humans, ai = people(rng, truth, 0.95, 3), np.ones(100, dtype=int)
        passed += [
            alternative_annotator_test(humans, ai, epsilon=0.1).passed,
            alternative_annotator_test(humans, ai, epsilon=0.2).passed,
            alternative_annotator_test(humans, ai, epsilon=0.1, balance_classes=True).passed,
        ]
    plain, lenient, balanced = passed / runs
    assert plain == pytest.approx(0.89, abs=two_shares(0.89, runs, runs) + 0.005)
    assert lenient == pytest.approx(1.0, abs=0.01)
    assert balanced <= 0.05
