"""Drift told by a trained classifier: scikit-learn as oracle, the words that moved, and too few records to train on."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from reviewapp.stats.drift.classifier_test import areas_under_curve, classifier_test, ridge_logistic, text_drift
from reviewapp.stats.drift.hashed_features import hash_texts


def test_areas_are_those_of_scikit_learn():
    rng = np.random.default_rng(6)
    scores, labels = rng.integers(0, 5, size=(40, 2)).astype(float), np.tile([0.0, 1.0], 20)[:, None].repeat(2, axis=1)
    expected = [roc_auc_score(labels[:, j], scores[:, j]) for j in range(2)]
    assert areas_under_curve(scores, labels) == pytest.approx(expected)


def test_coefficients_are_those_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(8)
    X = rng.normal(size=(100, 4))
    labels = (X[:, 0] + rng.normal(size=100) > 0).astype(float)
    oracle = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-12).fit(X, labels)
    assert ridge_logistic(X, labels[:, None])[:, 0] == pytest.approx(oracle.coef_[0], abs=5e-3)


def test_a_classifier_tells_shifted_windows_apart_by_the_feature_that_moved():
    rng = np.random.default_rng(12)
    old, new = rng.normal(size=(100, 6)), rng.normal(size=(80, 6))
    assert classifier_test(old, new, seed=1).p_value > 0.05
    new[:, 3] += 1.5
    test = classifier_test(old, new, seed=1, top=2)
    assert test.auc > 0.75
    assert test.p_value == 1 / 200
    assert test.signals[0].feature == 3
    assert test.signals[0].coefficient > 0
    assert len(test.signals) == 2
    assert test == classifier_test(old, new, seed=1, top=2)


def test_texts_are_told_apart_by_their_words():
    old = [f"please reset my password number {i}" for i in range(30)]
    new = [f"please refund my order number {i}" for i in range(40)]
    test = text_drift(old, new, seed=1, top=4)
    assert test.auc == 1.0
    gone = {word for signal in test.signals if signal.coefficient < 0 for word in signal.words}
    come = {word for signal in test.signals if signal.coefficient > 0 for word in signal.words}
    assert {"reset", "password"} <= gone
    assert {"refund", "order"} <= come


def test_too_few_records_to_train_on():
    assert classifier_test(np.ones((9, 2)), np.ones((20, 2)), seed=1).undefined == "below_min_n"
    assert text_drift(["a"] * 9, ["b"] * 20, seed=1).auc is None
    with pytest.raises(ValueError, match="same features"):
        classifier_test(np.ones((20, 2)), np.ones((20, 3)), seed=1)


def test_hashed_words():
    hashed = hash_texts(["One one TWO", "", "two three four five"], columns=64)
    assert np.linalg.norm(hashed.matrix, axis=1) == pytest.approx([1, 0, 1])
    assert sum(hashed.words[j]["two"] for j in range(64)) == 2
    with pytest.raises(ValueError, match="one column"):
        hash_texts(["a"], columns=0)
