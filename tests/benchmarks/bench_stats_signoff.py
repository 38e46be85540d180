"""Sign-off, calibration and drift statistics at the sizes of a large project; scipy beside them where it has one."""

import numpy as np
from scipy.stats import ks_2samp

from reviewapp.stats.calibration.platt import fit_platt
from reviewapp.stats.calibration.reliability import expected_calibration_error, reliability_diagram
from reviewapp.stats.drift.classifier_test import classifier_test
from reviewapp.stats.drift.kolmogorov_smirnov import kolmogorov_smirnov_drift, ks_statistic
from reviewapp.stats.drift.maximum_mean_discrepancy import mmd_drift
from reviewapp.stats.sequential.beta_binomial import confidence_sequence, e_value_above, log_e_value_above
from reviewapp.stats.signoff.alternative_test import alternative_annotator_test
from reviewapp.stats.signoff.human_ceiling import human_ceiling
from reviewapp.stats.signoff.paired import PairedCounts, tango
from tests.benchmarks.rows import Row, best_of


def _sequential() -> list[Row]:
    one = best_of(20, lambda: (e_value_above(9_700, 300, 0.95), confidence_sequence(9_700, 300)))
    passes = np.random.default_rng(1).binomial(1_000, 0.96, 1_000_000)
    many = best_of(3, lambda: log_e_value_above(passes, 1_000 - passes, 0.95))
    paired = best_of(20, lambda: tango(PairedCounts(9_000, 300, 400, 300)))
    return [
        Row("e-value and confidence sequence of 10,000 labels", f"{one * 1e3:.2f} ms"),
        Row("e-values of 1,000,000 segments", f"{many:.2f} s"),
        Row("Tango interval of 10,000 pairs", f"{paired * 1e3:.2f} ms"),
    ]


def _people() -> list[Row]:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 4, 14_400)
    humans = np.where(rng.random((14_400, 3)) < 0.85, truth[:, None], rng.integers(0, 4, (14_400, 3)))
    ai = np.where(rng.random(14_400) < 0.85, truth, rng.integers(0, 4, 14_400))
    test = best_of(5, lambda: alternative_annotator_test(humans, ai))
    ceiling = best_of(5, lambda: human_ceiling(humans, ai))
    return [
        Row("alternative annotator test, 43,200 labels", f"{test * 1e3:.1f} ms"),
        Row("human ceiling with kappas, 43,200 labels", f"{ceiling * 1e3:.1f} ms"),
    ]


def _calibration() -> list[Row]:
    rng = np.random.default_rng(3)
    score = rng.beta(2, 1, 1_000_000)
    label = (rng.random(1_000_000) < score).astype(int)
    diagram = best_of(3, lambda: reliability_diagram(score, label))
    sort = best_of(3, lambda: np.sort(score))
    error = best_of(3, lambda: expected_calibration_error(score, label, seed=1))
    platt = best_of(3, lambda: fit_platt(score, label))
    return [
        Row("reliability diagram, 1,000,000 records", f"{diagram:.2f} s", f"{sort:.2f} s to sort the scores"),
        Row("calibration error with its null, 1,000,000 records", f"{error:.2f} s"),
        Row("Platt on the logit, 1,000,000 records", f"{platt:.2f} s"),
    ]


def _drift() -> list[Row]:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=1_000_000), rng.normal(0.02, 1, size=1_000_000)
    own = best_of(3, lambda: ks_statistic(x, y))
    whole = best_of(3, lambda: kolmogorov_smirnov_drift(x, y))
    scipy_seconds = best_of(3, lambda: ks_2samp(x, y, method="asymp"))
    old, new = rng.normal(size=(1_000, 64)), rng.normal(0.05, 1, size=(1_000, 64))
    vectors = best_of(2, lambda: mmd_drift(old, new, seed=1))
    wide = rng.random((1_000, 256)) < 0.05
    texts = best_of(1, lambda: classifier_test(wide[:500], wide[500:], seed=1))
    return [
        Row(
            "Kolmogorov-Smirnov D, 1,000,000 against 1,000,000", f"{own:.2f} s", f"{scipy_seconds:.2f} s scipy, with p"
        ),
        Row("the same with p and shift", f"{whole:.2f} s", f"{scipy_seconds:.2f} s scipy, without shift"),
        Row("MMD, 1,000 against 1,000 × 64, 199 permutations", f"{vectors:.2f} s"),
        Row("classifier test, 500 against 500 × 256, 199 permutations refitted", f"{texts:.2f} s"),
    ]


def measure() -> list[Row]:
    """Measure every part."""
    return [*_sequential(), *_people(), *_calibration(), *_drift()]
