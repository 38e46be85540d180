"""Rates of small segments pulled towards the others: for reading a list, never for a gate.

Beta-binomial model: the segments' true rates are draws from one Beta(mκ, (1-m)κ), so that a segment with few labels
leans on the rest. m and κ are integrated over, not plugged in: with a dozen segments the likeliest κ is often
infinite, and intervals around it would claim to know what they do not. Prior p(m, κ) ∝ κ^(-3/2) as in Gelman et al.,
Bayesian Data Analysis, §5.3. Gates use the unshrunken bound, or say that there is too little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaln, expit, logit

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Estimate, no_estimate

METHOD = "beta_binomial_shrunken"
SHRUNKEN = "shrunken towards the other segments: not for gates"
LEAST_SEGMENTS = 5
LEAST_LABELS = 10
MEANS, CONCENTRATIONS = 21, 31
CONCENTRATION_RANGE = (0.5, 5_000.0)
NEGLIGIBLE = 1e-6


@dataclass(frozen=True, slots=True)
class ShrunkenSegment:
    """A segment's own estimate and the shrunken one, marked as such; `pull` in (0, 1) is the weight of the others."""

    name: str
    own: Estimate
    shrunken: Estimate
    pull: float | None


@dataclass(frozen=True, slots=True)
class ShrunkenSegments:
    """All segments, and the rate that they are pulled towards; None where there were too few."""

    segments: tuple[ShrunkenSegment, ...]
    centre: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """Posterior of how rates vary between segments: Beta(a, b) for each of g grid points with its weight."""

    a: FloatArray
    b: FloatArray
    weight: FloatArray

    @property
    def concentration(self) -> FloatArray:
        return np.asarray(self.a + self.b, np.float64)


def shrink_segments(
    names: Sequence[str], own: Sequence[Estimate], *, confidence: float = 0.95, only: Sequence[int] | None = None
) -> ShrunkenSegments:
    """Shrink estimates of rates: posterior mean and equal-tailed interval of each segment's own rate.

    n is an estimate's effective number of labels (its count where that is missing), x = n × value; the posterior is the
    mixture of Beta(a + x, b + n - x) over the spread. Segments without an estimate keep their reason. With fewer than
    five segments of ten effective labels nothing is shrunken (`below_min_n`). `only` are the places of those to return;
    all of them say what they lean on.
    """
    if len(names) != len(own):
        raise ValueError("one name for every estimate")
    sizes = np.array([_size(estimate) for estimate in own], np.float64)
    values = np.array([0.0 if estimate.value is None else estimate.value for estimate in own])
    spread = None
    if int((sizes >= LEAST_LABELS).sum()) >= LEAST_SEGMENTS:
        known = sizes > 0
        spread = _spread(values[known] * sizes[known], sizes[known])
    segments = tuple(
        _shrunken(names[place], own[place], float(sizes[place]), spread, confidence)
        for place in (range(len(names)) if only is None else only)
    )
    return ShrunkenSegments(
        segments, None if spread is None else float(spread.weight @ (spread.a / spread.concentration))
    )


def _spread(x: FloatArray, n: FloatArray) -> _Spread:
    """Weigh a grid over logit m and log κ by likelihood × prior, Π_k B(a + x_k, b + n_k - x_k)/B(a, b) · m(1-m)/√κ."""
    pooled = float((x.sum() + 0.5) / (n.sum() + 1))
    # Between no spread at all and segments that count once each, whatever their size.
    error = (1 / np.sqrt(pooled * (1 - pooled))) / np.sqrt(min(float(n.sum()), 2.0 * n.size))
    m = expit(logit(pooled) + np.linspace(-4, 4, MEANS) * error)
    k = np.geomspace(*CONCENTRATION_RANGE, CONCENTRATIONS)
    mean, concentration = (grid.ravel() for grid in np.meshgrid(m, k))
    a, b = mean * concentration, (1 - mean) * concentration
    likelihood = (betaln(a[:, None] + x, b[:, None] + n - x) - betaln(a, b)[:, None]).sum(axis=1)
    log_weight = likelihood + np.log(mean * (1 - mean)) - np.log(concentration) / 2
    weight = np.exp(log_weight - log_weight.max())
    kept = weight > NEGLIGIBLE
    return _Spread(a[kept], b[kept], weight[kept] / weight[kept].sum())


def _shrunken(name: str, own: Estimate, size: float, spread: _Spread | None, confidence: float) -> ShrunkenSegment:
    if own.value is None or spread is None:
        missing = no_estimate(
            own.undefined or "below_min_n",
            method=METHOD,
            n=own.n,
            confidence=confidence,
            population=own.population,
            warnings=(SHRUNKEN,),
        )
        return ShrunkenSegment(name, own, missing, None)
    a, b = spread.a + size * own.value, spread.b + size * (1 - own.value)
    tail = (1 - confidence) / 2
    shrunken = Estimate(
        value=float(spread.weight @ (a / (a + b))),
        low=_quantile(tail, a, b, spread.weight),
        high=_quantile(1 - tail, a, b, spread.weight),
        method=METHOD,
        n=own.n,
        n_effective=size,
        confidence=confidence,
        population=own.population,
        warnings=(*own.warnings, SHRUNKEN),
    )
    pull = float(spread.weight @ (spread.concentration / (spread.concentration + size)))
    return ShrunkenSegment(name, own, shrunken, pull)


def _quantile(probability: float, a: FloatArray, b: FloatArray, weight: FloatArray) -> float:
    """Quantile of a mixture of Betas."""
    return float(brentq(lambda p: float(weight @ betainc(a, b, p)) - probability, 0.0, 1.0, xtol=1e-10))


def _size(estimate: Estimate) -> float:
    """Effective labels behind an estimate; 0 where there is none."""
    if estimate.value is None:
        return 0.0
    return float(estimate.n) if estimate.n_effective is None else estimate.n_effective
