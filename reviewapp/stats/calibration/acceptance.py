"""Is a recalibration worth having: only if it predicts unseen conversations better, by more than chance."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.calibration.observations import Calibration, Observations, observations
from reviewapp.stats.calibration.scores import log_losses
from reviewapp.stats.estimate import Estimate, Undefined, no_estimate

FOLDS = 5
Fit = Callable[[ArrayLike, ArrayLike, ArrayLike | None], Calibration]


@dataclass(frozen=True)
class Acceptance:
    """Whether to use the recalibration; `gain` is the drop in log-loss per record, its limits ± one standard error."""

    accepted: bool
    gain: Estimate


def _folds(group: IntArray, groups: int, folds: int, seed: int) -> IntArray:
    """Fold of each record: whole groups, dealt out in random order."""
    deal = np.empty(groups, dtype=np.int64)
    deal[np.random.default_rng(seed).permutation(groups)] = np.arange(groups) % folds
    return np.asarray(deal[group], dtype=np.int64)


def _held_out_gains(data: Observations, fold: IntArray, folds: int, fit: Fit) -> FloatArray | Undefined:
    """Log-loss before minus after, each record predicted by a map that never saw its group; or why there is none."""
    before = log_losses(data.score, data.label)
    after = np.empty(data.n)
    for held_out in range(folds):
        inside = fold == held_out
        fitted = fit(data.score[~inside], data.label[~inside], data.weight[~inside])
        if fitted.undefined is not None:
            return fitted.undefined
        after[inside] = log_losses(fitted.predict(data.score[inside]), data.label[inside])
    return before - after


def accept_recalibration(
    score: ArrayLike,
    label: ArrayLike,
    group: ArrayLike,
    fit: Fit,
    weight: ArrayLike | None = None,
    *,
    seed: int,
    folds: int = FOLDS,
) -> Acceptance:
    """Cross-validate `fit` against the raw score, with whole groups (conversations, users) held out.

    Accepted when the mean gain in log-loss exceeds one standard error, computed over groups: sqrt(G/(G-1) sum over
    groups of (sum of w (gain - mean))²) / sum w. Undefined and not accepted with fewer groups than folds
    (`below_min_n`), or where a fold leaves nothing to fit (its reason).
    """
    data = observations(score, label, weight)
    method = f"grouped_{folds}_fold_log_loss_gain"
    if folds < 2:
        raise ValueError("cross-validation needs at least two folds")
    names, place = np.unique(np.asarray(group), return_inverse=True)
    if len(place) != data.n:
        raise ValueError("every record belongs to a group")
    reason: Undefined = "below_min_n"
    if len(names) >= folds:
        gains = _held_out_gains(data, _folds(place, len(names), folds, seed), folds, fit)
        if not isinstance(gains, str):
            total = float(data.weight.sum())
            mean = float(data.weight @ gains) / total
            by_group = np.bincount(place, weights=data.weight * (gains - mean))
            error = sqrt(len(names) / (len(names) - 1) * float(by_group @ by_group)) / total
            gain = Estimate(mean, mean - error, mean + error, method, data.n, None, 0.68, "process")
            return Acceptance(mean > error, gain)
        reason = gains
    none = no_estimate(reason, method=method, n=data.n, confidence=0.68, population="process")
    return Acceptance(accepted=False, gain=none)
