"""Calibration of ordered labels."""

import numpy as np
import pytest
from scipy.special import expit

from reviewapp.stats.calibration.platt import fit_platt
from reviewapp.stats.calibration.thresholds import fit_thresholds


def graded(n, seed=1):
    """Scores and levels 0..3 under proportional odds with cuts at -1, 0.5 and 2 on the logit."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0.5, 1.5, n)
    reach = expit(z[:, None] - np.array([-1.0, 0.5, 2.0]))
    return expit(z), (rng.random((n, 1)) < reach).sum(axis=1), reach


def test_every_threshold_is_the_platt_line_of_its_question():
    score, level, _ = graded(400)
    found = fit_thresholds(score, level, 4)
    assert found.undefined is None
    for k in (1, 2, 3):
        line = fit_platt(score, (level >= k).astype(int))
        assert found.reach(score)[:, k - 1] == pytest.approx(line.predict(score))


def test_the_true_probabilities_are_recovered():
    score, level, truth = graded(20_000)
    assert np.abs(fit_thresholds(score, level, 4).reach(score) - truth).mean() < 0.01


def test_probabilities_of_levels_are_a_distribution_also_where_lines_cross():
    # Few labels: the line of the highest level is much flatter than the others and crosses them.
    score = np.array([0.05, 0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 0.9, 0.95])
    level = np.array([2, 0, 0, 0, 1, 1, 2, 1, 1])
    found = fit_thresholds(score, level, 3)
    raw = np.stack([line.predict(score) for line in found.lines], axis=-1)
    assert (raw[:, 1] > raw[:, 0]).any()
    levels = found.predict(score)
    assert np.all(levels >= 0)
    assert levels.sum(axis=1) == pytest.approx(np.ones(score.size))
    assert np.all(np.diff(found.reach(score), axis=1) <= 0)


def test_a_level_nobody_reached_leaves_nothing_to_predict():
    found = fit_thresholds([0.1, 0.4, 0.8], [0, 1, 1], 3)
    assert found.undefined == "missing_class"
    with pytest.raises(ValueError, match="missing_class"):
        found.predict([0.5])


@pytest.mark.parametrize(("label", "n_levels"), [([0, 3], 3), ([-1, 0], 3), ([0, 0], 1)])
def test_labels_outside_the_levels_are_refused(label, n_levels):
    with pytest.raises(ValueError, match="levels"):
        fit_thresholds([0.2, 0.8], label, n_levels)
