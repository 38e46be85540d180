"""Newton's method where it is easy, where full steps overshoot, and where there is no maximum."""

import numpy as np
import pytest
from scipy.special import expit

from reviewapp.stats.logistic_regression import fit_logistic


def design(x):
    return np.column_stack((x, np.ones(len(x))))


def test_one_constant_is_the_log_odds():
    # 3 of 4: ln 3, information 4 * 3/16, variance 4/3.
    fit = fit_logistic(np.ones((4, 1)), np.array([1.0, 1.0, 1.0, 0.0]), np.ones(4))
    assert fit.converged
    assert fit.coefficients == pytest.approx([np.log(3)])
    assert fit.covariance == pytest.approx(np.array([[4 / 3]]))


def test_a_step_too_far_is_halved():
    # A heavy point far from the others: the full Newton step from 0 raises the loss.
    X, target, weight = design([5.0, 50.0, 0.0]), np.array([0.01, 0.01, 0.2]), np.array([1000.0, 1.0, 1.0])
    fit = fit_logistic(X, target, weight)
    assert fit.converged
    assert X.T @ (weight * (target - expit(X @ fit.coefficients))) == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("x", "target"),
    [
        ([0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 1.0, 1.0]),  # separated
        ([2.0, 2.0, 2.0, 2.0], [0.0, 1.0, 0.0, 1.0]),  # a column that repeats the constant
    ],
)
def test_without_a_maximum_nothing_converges(x, target):
    fit = fit_logistic(design(x), np.array(target), np.ones(4))
    assert not fit.converged
    assert np.all(np.isinf(fit.covariance))


def test_running_out_of_steps_is_not_convergence():
    fit = fit_logistic(design([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0]), np.ones(3), steps=1)
    assert not fit.converged
