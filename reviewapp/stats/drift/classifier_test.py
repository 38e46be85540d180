"""Have texts changed: can a small classifier tell old from new, and by which words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.stats import rankdata

from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.drift.hashed_features import hash_texts
from reviewapp.stats.estimate import Undefined

FOLDS = 5
_RIDGE = 1.0
_STEPS = 25


@dataclass(frozen=True)
class Signal:
    """One feature that tells the windows apart: positive coefficients point to the new window."""

    feature: int
    coefficient: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeparationTest:
    """Cross-validated AUC of "new or old" (.5 = indistinguishable), its permutation p-value, and what gives it away.

    `signals` are the features of largest coefficient. AUC and p-value None when `undefined`.
    """

    auc: float | None
    p_value: float | None
    signals: tuple[Signal, ...]
    n_before: int
    n_after: int
    undefined: Undefined | None = None


def ridge_logistic(X: FloatArray, Y: FloatArray) -> FloatArray:
    """Ridge logistic regression of every column of Y at once: features × columns of Y.

    Newton with the Hessian's bound X'X/4 + ridge (Böhning & Lindsay 1988): one inverse serves all columns and all
    steps (the ridge keeps it well conditioned), and the loss never rises.
    """
    inverse = np.linalg.inv(X.T @ X / 4 + _RIDGE * np.eye(X.shape[1]))
    beta = np.zeros((X.shape[1], Y.shape[1]))
    for _ in range(_STEPS):
        beta += inverse @ (X.T @ (Y - expit(X @ beta)) - _RIDGE * beta)
    return beta


def areas_under_curve(scores: FloatArray, labels: FloatArray) -> FloatArray:
    """Area under the ROC curve per column: the share of new-old pairs in the right order, ties count half."""
    ranks = rankdata(scores, axis=0)
    new = labels.sum(axis=0)
    old = len(labels) - new
    return np.asarray(((ranks * labels).sum(axis=0) - new * (new + 1) / 2) / (new * old), dtype=np.float64)


def _deal(n: int, rng: np.random.Generator, folds: int) -> IntArray:
    fold = np.empty(n, dtype=np.int64)
    fold[rng.permutation(n)] = np.arange(n) % folds
    return fold


def _with_constant(matrix: FloatArray) -> FloatArray:
    centred = matrix - matrix.mean(axis=0)
    return np.column_stack((centred, np.ones(len(centred))))


def classifier_test(
    before: ArrayLike, after: ArrayLike, *, seed: int, permutations: int = 199, top: int = 10
) -> SeparationTest:
    """Test equal distributions of two records × features matrices (Lopez-Paz & Oquab 2017).

    The effect is the mean AUC over five folds of a ridge logistic regression; the p-value refits it for every
    permutation of old and new within the folds, p = (1 + permutations at least as large) / (1 + permutations): exact
    whatever the features. Undefined below ten records in a window (`below_min_n`).
    """
    x, y = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError("both windows are records × features matrices with the same features")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("features are finite numbers")
    if min(len(x), len(y)) < 2 * FOLDS:
        return SeparationTest(None, None, (), len(x), len(y), "below_min_n")
    rng = np.random.default_rng(seed)
    # Every fold gets its share of both windows, and permutations keep it.
    fold = np.concatenate((_deal(len(x), rng, FOLDS), _deal(len(y), rng, FOLDS)))
    design = _with_constant(np.concatenate((x, y)))
    labels = np.zeros((len(design), permutations + 1))
    labels[len(x) :] = 1.0
    for number in range(FOLDS):
        inside = fold == number
        labels[inside, 1:] = rng.permuted(labels[inside, 1:], axis=0)
    areas = np.zeros(permutations + 1)
    for number in range(FOLDS):
        inside = fold == number
        beta = ridge_logistic(design[~inside], labels[~inside])
        areas += areas_under_curve(design[inside] @ beta, labels[inside]) / FOLDS
    weights = ridge_logistic(design, labels[:, :1])[:-1, 0]
    strongest = np.argsort(-np.abs(weights), kind="stable")[:top]
    return SeparationTest(
        auc=float(areas[0]),
        p_value=(1 + int(np.sum(areas[1:] >= areas[0]))) / (1 + permutations),
        signals=tuple(Signal(int(feature), float(weights[feature])) for feature in strongest),
        n_before=len(x),
        n_after=len(y),
    )


def text_drift(
    before: Sequence[str],
    after: Sequence[str],
    *,
    seed: int,
    columns: int = 256,
    permutations: int = 199,
    top: int = 10,
    words: int = 3,
) -> SeparationTest:
    """Run the classifier test on hashed words; every signal names up to `words` words of its column.

    The words are those whose share of texts changed most, in the direction of the coefficient.
    """
    hashed = hash_texts([*before, *after], columns)
    test = classifier_test(
        hashed.matrix[: len(before)], hashed.matrix[len(before) :], seed=seed, permutations=permutations, top=top
    )
    if test.undefined is not None:
        return test
    old = hash_texts(before, columns).words

    def named(signal: Signal) -> Signal:
        counts, earlier = hashed.words[signal.feature], old[signal.feature]
        rise = {
            word: (count - earlier[word]) / len(after) - earlier[word] / len(before) for word, count in counts.items()
        }
        direction = 1.0 if signal.coefficient > 0 else -1.0
        telling = sorted((word for word in rise if direction * rise[word] > 0), key=lambda w: (-abs(rise[w]), w))
        return Signal(signal.feature, signal.coefficient, tuple(telling[:words]))

    signals = tuple(named(signal) for signal in test.signals)
    return SeparationTest(test.auc, test.p_value, signals, test.n_before, test.n_after)
