"""Simulations behind the calibration defaults and the drift noise bands; tolerances state their Monte Carlo error."""

from math import sqrt

import numpy as np
import pytest
from scipy.special import expit

from reviewapp.stats.calibration.beta_calibration import fit_beta
from reviewapp.stats.calibration.isotonic import fit_isotonic
from reviewapp.stats.calibration.platt import fit_platt
from reviewapp.stats.calibration.reliability import expected_calibration_error
from reviewapp.stats.drift.categorical import chi_square_drift
from reviewapp.stats.drift.classifier_test import classifier_test
from reviewapp.stats.drift.maximum_mean_discrepancy import mmd_drift
from reviewapp.stats.drift.population_stability import population_stability

pytestmark = pytest.mark.slow

RUNS = 200
# Pass probabilities logistic of Normal(1, 1.2); the overconfident judge multiplies the logit by 2.74, which makes the
# excess Brier score of its raw scores the .0228 of the reference table.
OVERCONFIDENT = 2.74


def excess_brier(fit, n, factor):
    """Mean squared distance (x 1000) of calibrated from true probabilities on fresh records, and its standard error."""
    rng = np.random.default_rng(5)
    fresh = rng.normal(1, 1.2, 20_000)
    found = []
    for _ in range(RUNS):
        z = rng.normal(1, 1.2, n)
        curve = fit(expit(factor * z), (rng.random(n) < expit(z)).astype(int))
        if curve.undefined is None:
            found.append(1000 * np.mean((curve.predict(expit(factor * fresh)) - expit(fresh)) ** 2))
    assert len(found) >= 0.98 * RUNS
    return float(np.mean(found)), float(np.std(found) / sqrt(len(found)))


@pytest.mark.parametrize(
    ("n", "factor", "platt", "beta", "isotonic"),
    [
        (50, OVERCONFIDENT, 6.0, 8.6, 15.3),
        (100, OVERCONFIDENT, 3.2, 4.7, 10.1),
        (300, OVERCONFIDENT, 1.1, 1.5, 4.2),
        (1000, OVERCONFIDENT, 0.5, 0.6, 1.9),
        (100, 1.0, 3.1, 4.2, 10.1),
    ],
)
def test_excess_brier_score(n, factor, platt, beta, isotonic):
    # The reference names the distortion, not its judge: three standard errors of both sides plus a tenth for the
    # difference of the two judges.
    results = [excess_brier(fit, n, factor) for fit in (fit_platt, fit_beta, fit_isotonic)]
    for (mean, error), expected in zip(results, (platt, beta, isotonic), strict=True):
        assert mean == pytest.approx(expected, abs=3 * sqrt(2) * error + 0.1 * expected)
    assert results[0][0] < results[1][0] < results[2][0]


@pytest.mark.parametrize(
    ("n", "mean", "high"),
    [(50, 0.129, 0.190), (100, 0.092, 0.133), (300, 0.053, 0.075), (1_000, 0.029, 0.042), (10_000, 0.009, 0.013)],
)
def test_calibration_error_of_a_perfect_judge(n, mean, high):
    rng = np.random.default_rng(2)
    errors = [
        expected_calibration_error(expit(rng.normal(1, 1.2, n)), np.zeros(n), seed=run, draws=200) for run in range(20)
    ]
    # 4,000 draws: within a tenth, again for the difference of the two judges.
    assert np.mean([error.null_mean for error in errors]) == pytest.approx(mean, rel=0.1)
    assert np.mean([error.null_95 for error in errors]) == pytest.approx(high, rel=0.1)


@pytest.mark.parametrize("n", [200, 5_000])
def test_population_stability_without_drift(n):
    rng, runs = np.random.default_rng(3), 10_000
    before, after = (rng.multinomial(n, np.full(10, 0.1), size=runs) for _ in range(2))
    drifts = [population_stability(b, a) for b, a in zip(before, after, strict=True)]
    index = np.array([drift.index for drift in drifts])
    # Half a count in every bin shrinks the index a little at 200, so the band is a touch wide: .045 to .05.
    assert np.mean([drift.above_noise for drift in drifts]) == pytest.approx(0.05, abs=0.007)
    assert np.quantile(index, 0.95) == pytest.approx({200: 0.169, 5_000: 0.0068}[n], rel=0.04)
    assert np.mean(index) == pytest.approx(drifts[0].null_mean, rel=0.03)
    if n == 200:
        assert np.mean(index > 0.1) == pytest.approx(0.33, abs=0.03)


def test_permutation_tests_hold_their_level():
    # Two windows of 40 records and 3 features, no drift; 5 % level, 300 runs: standard error 1.3 points.
    rejected, runs = np.zeros(3), 300
    for run in range(runs):
        rng = np.random.default_rng(run)
        x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
        counts = (rng.multinomial(12, [0.7, 0.2, 0.1]) for _ in range(2))
        rejected += [
            mmd_drift(x, y, seed=run, permutations=99).p_value <= 0.05,
            classifier_test(x, y, seed=run, permutations=99).p_value <= 0.05,
            chi_square_drift(*counts, seed=run, permutations=999).p_value <= 0.05,
        ]
    assert np.all(rejected / runs <= 0.05 + 3 * sqrt(0.05 * 0.95 / runs))
    assert np.all(rejected[:2] / runs >= 0.05 - 3 * sqrt(0.05 * 0.95 / runs))
