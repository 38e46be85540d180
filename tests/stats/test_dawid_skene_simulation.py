"""What each way of aggregating gets right, by simulation: plurality, one-coin, Dawid-Skene plain and smoothed."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from reviewapp.stats.aggregation.dawid_skene import UNSMOOTHED, dawid_skene
from reviewapp.stats.aggregation.plurality import UNDECIDED, plurality
from reviewapp.stats.labels import long_labels

REPETITIONS = 300
PASS_RATE = 0.85
RATERS = 5
METHODS = ("majority", "one_coin", "unsmoothed", "smoothed")


class Design(NamedTuple):
    """Items, labels an item, the pool of raters, the share of items on which all raters err alike."""

    items: int
    labels: int
    pool: str
    shared: float
    earlier: tuple[tuple[float, float], ...]
    """Accuracy in percent and bias of the pass rate that an earlier simulation found, in the order of METHODS."""


DESIGNS = [
    Design(50, 3, "good", 0, ((95.8, -0.016), (94.3, 0.023), (93.2, -0.037), (95.4, -0.004))),
    Design(150, 3, "good", 0, ((95.7, -0.015), (94.6, 0.023), (94.8, -0.013), (95.5, -0.005))),
    Design(500, 3, "good", 0, ((95.8, -0.015), (94.6, 0.023), (95.5, -0.002), (95.6, -0.003))),
    Design(50, 3, "spam", 0, ((90.1, -0.003), (86.4, 0.128), (85.9, -0.087), (90.2, 0.056))),
    Design(500, 3, "spam", 0, ((89.9, 0.000), (85.5, 0.133), (91.0, -0.021), (92.0, 0.014))),
    Design(500, 5, "spam", 0, ((94.3, 0.025), (85.2, 0.147), (95.6, -0.001), (95.6, 0.002))),
    Design(300, 3, "good", 0.1, ((88.0, -0.070), (88.5, -0.027), (87.9, -0.074), (88.1, -0.067))),
]


# P(right) on fails and on passes; the spammers are one who always passes and one who tosses a coin.
GOOD = [(0.80, 0.90), (0.75, 0.92), (0.85, 0.88), (0.78, 0.85), (0.82, 0.91)]
POOLS = {"good": np.array(GOOD), "spam": np.array([*GOOD[:3], (0.0, 1.0), (0.5, 0.5)])}


def draw(design, rng):
    """Return one set of labels and the truth; 1 is a pass."""
    right = POOLS[design.pool]
    truth = (rng.random(design.items) < PASS_RATE).astype(int)
    raters = np.argsort(rng.random((design.items, RATERS)), axis=1)[:, : design.labels]
    item = np.repeat(np.arange(design.items), design.labels)
    rater = raters.ravel()
    shown = truth ^ (rng.random(design.items) < design.shared)
    said = np.where(rng.random(rater.size) < right[rater, shown[item]], shown[item], 1 - shown[item])
    return long_labels(item, rater, said, n_items=design.items, n_raters=RATERS, n_categories=2), truth


def one_coin(labels):
    """Return the posterior of a pass from EM with one accuracy a rater, started at the vote share."""
    votes = np.zeros((labels.n_items, 2))
    np.add.at(votes, (labels.item, labels.category), 1)
    posterior = votes / votes.sum(axis=1, keepdims=True)
    given = np.bincount(labels.rater, minlength=labels.n_raters)
    for _ in range(200):
        prior = posterior.mean(axis=0)
        agreed = np.bincount(labels.rater, weights=posterior[labels.item, labels.category], minlength=labels.n_raters)
        accuracy = np.clip(agreed / np.maximum(given, 1), 1e-6, 1 - 1e-6)
        logit = np.log(accuracy / (1 - accuracy))[labels.rater] * (2 * labels.category - 1)
        score = np.bincount(labels.item, weights=logit, minlength=labels.n_items) + np.log(prior[1] / prior[0])
        updated = 1 / (1 + np.exp(-score))
        moved = np.abs(updated - posterior[:, 1]).max()
        posterior = np.stack([1 - updated, updated], axis=1)
        if moved < 1e-6:
            break
    return posterior[:, 1]


def aggregate(labels, rng):
    """Return label (ties broken by a coin) and probability of a pass of each item by each method, in METHODS order."""
    voted = plurality(labels).category
    coin = rng.integers(0, 2, labels.n_items)
    majority = np.where(voted == UNDECIDED, coin, voted).astype(float)
    return [
        majority,
        one_coin(labels),
        dawid_skene(labels, smoothing=UNSMOOTHED, tolerance=1e-6).posterior[:, 1],
        dawid_skene(labels, tolerance=1e-6).posterior[:, 1],
    ]


@cache
def results(design):
    """Return accuracy in percent and bias of the implied pass rate, shape (repetitions, methods, 2)."""
    rng = np.random.default_rng(3)
    found = np.zeros((REPETITIONS, len(METHODS), 2))
    for repetition in range(REPETITIONS):
        labels, truth = draw(design, rng)
        for method, passes in enumerate(aggregate(labels, rng)):
            found[repetition, method] = 100 * ((passes > 0.5) == truth).mean(), passes.mean() - truth.mean()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: f"{design[:4]}")
def test_accuracy_and_bias(design):
    # Both simulations have 300 repetitions, so the difference has √2 standard errors. The earlier one names only the
    # range of the accuracies of its pool and not how errors are shared: that is worth another point (.02 of bias).
    found = results(design)
    error = found.std(axis=0, ddof=1) / np.sqrt(REPETITIONS)
    gap = np.abs(found.mean(axis=0) - np.array(design.earlier))
    assert np.all(gap <= 3 * np.sqrt(2) * error + [1.0, 0.02])


@pytest.mark.slow
def test_what_the_simulation_says():
    # Paired differences over the same 300 data sets; three standard errors in favour of each statement.
    def better(design, first, second):
        accuracy = results(design)[:, :, 0]
        gain = accuracy[:, METHODS.index(first)] - accuracy[:, METHODS.index(second)]
        return gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(REPETITIONS)

    small, _, large, small_spam, large_spam, many_spam, shared = DESIGNS
    # With decent raters the majority is already as good, and plain maximum likelihood loses on few items.
    assert not better(large, "smoothed", "majority")
    assert better(small, "majority", "unsmoothed")
    assert better(small_spam, "smoothed", "unsmoothed")
    # One coin a rater does harm when someone always clicks the majority class; smoothed Dawid-Skene helps.
    assert better(many_spam, "majority", "one_coin")
    assert better(large_spam, "smoothed", "majority")
    # Nothing repairs shared errors: every method says there are far fewer passes.
    assert results(shared)[:, :, 1].mean(axis=0).max() < -0.02
