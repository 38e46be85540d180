"""How right each annotator is on golds: accuracy shrunk towards that of all annotators."""

from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betainc, betaincinv, betaln, digamma

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Estimate, no_estimate

ANNOTATORS_FOR_A_PRIOR = 8
GOLDS_FOR_A_PRIOR = 10
HEAVIEST_PRIOR = 200.0
"""A prior never weighs more than this many golds: alike annotators have no finite maximum likelihood."""

ACT_ABOVE = 0.9


class BetaPrior(NamedTuple):
    """Beta(a, b) distribution of accuracy among annotators, and whether it was fitted or fixed."""

    a: float
    b: float
    fitted: bool = False

    @property
    def mean(self) -> float:
        """Accuracy expected of an annotator without golds."""
        return self.a / (self.a + self.b)


FIXED_PRIOR = BetaPrior(8.0, 2.0)


@dataclass(frozen=True, slots=True)
class GoldAccuracy:
    """Accuracy of one annotator: posterior mean with its interval, and the probability of being below the minimum.

    `probability_below` is None without golds; `act` says that it is high enough to pause or retrain.
    """

    accuracy: Estimate
    correct: int
    golds: int
    probability_below: float | None

    @property
    def act(self) -> bool:
        """Whether P(accuracy < minimum) > 0.9."""
        return self.probability_below is not None and self.probability_below > ACT_ABOVE


def fit_prior(correct: ArrayLike, golds: ArrayLike) -> BetaPrior:
    """Return the prior by maximum beta-binomial likelihood Σ log B(a + x, b + n - x) - log B(a, b), or the fixed one.

    `correct` x and `golds` n have shape (K,). Fixed Beta(8, 2) unless at least 8 annotators have at least 10 golds
    each, and when all answers are right or all wrong, where no maximum exists; a + b stays within [0.1, 200].
    """
    x, n = _checked(correct, golds)
    x, n = x[n > 0], n[n > 0]
    if (n >= GOLDS_FOR_A_PRIOR).sum() < ANNOTATORS_FOR_A_PRIOR or x.sum() in (0, n.sum()):
        return FIXED_PRIOR

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the log-likelihood and its gradient in (logit of the mean, log of a + b)."""
        m, s = 1 / (1 + exp(-point[0])), exp(point[1])
        a, b = m * s, (1 - m) * s
        value = float((betaln(a + x, b + n - x) - betaln(a, b)).sum())
        shared = digamma(a + b) - digamma(a + b + n)
        of_a = float((digamma(a + x) - digamma(a) + shared).sum())
        of_b = float((digamma(b + n - x) - digamma(b) + shared).sum())
        gradient = [(of_a - of_b) * s * m * (1 - m), of_a * a + of_b * b]
        return -value, -np.array(gradient)

    share = float((x.sum() + 1) / (n.sum() + 2))
    start = [log(share / (1 - share)), log(10.0)]
    bounds = [(-7.0, 7.0), (log(0.1), log(HEAVIEST_PRIOR))]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-9})
    m, s = 1 / (1 + exp(-found.x[0])), exp(found.x[1])
    return BetaPrior(m * s, (1 - m) * s, fitted=True)


def gold_accuracy(
    correct: ArrayLike,
    golds: ArrayLike,
    *,
    minimum: float,
    prior: BetaPrior | None = None,
    confidence: float = 0.9,
) -> tuple[GoldAccuracy, ...]:
    """Return for each annotator the posterior Beta(a + x, b + n - x): mean, equal-tailed interval, P(below minimum).

    `correct` x and `golds` n have shape (K,); the prior is fitted to them unless given. n counts golds. Undefined for
    an annotator without golds (`no_labels`): the prior says nothing about a person.
    """
    if not 0 < minimum < 1:
        raise ValueError("the minimum accuracy lies strictly between 0 and 1")
    x, n = _checked(correct, golds)
    prior = fit_prior(x, n) if prior is None else prior
    method = "beta_binomial_fitted_prior" if prior.fitted else "beta_binomial_fixed_prior"
    a, b = prior.a + x, prior.b + n - x
    tail = (1 - confidence) / 2
    low, high, below = betaincinv(a, b, tail), betaincinv(a, b, 1 - tail), betainc(a, b, minimum)
    found = []
    for k in range(x.size):
        if n[k] == 0:
            nothing = no_estimate("no_labels", method=method, confidence=confidence, population="process")
            found.append(GoldAccuracy(nothing, 0, 0, None))
            continue
        estimate = Estimate(
            value=float(a[k] / (a[k] + b[k])),
            low=float(low[k]),
            high=float(high[k]),
            method=method,
            n=int(n[k]),
            n_effective=float(a[k] + b[k]),
            confidence=confidence,
            population="process",
        )
        found.append(GoldAccuracy(estimate, int(x[k]), int(n[k]), float(below[k])))
    return tuple(found)


def _checked(correct: ArrayLike, golds: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return both counts as arrays after checking that they are counts of the same annotators."""
    x, n = np.asarray(correct, dtype=float), np.asarray(golds, dtype=float)
    if x.shape != n.shape or x.ndim != 1 or not np.all((x >= 0) & (x <= n) & np.isfinite(n)):
        raise ValueError("correct and golds have one entry an annotator, and none is more right than asked")
    return x, n
