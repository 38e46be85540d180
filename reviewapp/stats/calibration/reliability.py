"""Do records scored .8 pass eight times in ten: the reliability diagram, and the expected calibration error."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.calibration.observations import Observations, observations
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.estimate import Estimate, Undefined

Binning = Literal["equal_mass", "equal_width"]
MAX_BINS = 5
# Outcomes are drawn one by one up to this many in all; beyond it the sums per bin are drawn as normal.
_MAX_DRAWS = 20_000_000


@dataclass(frozen=True)
class ReliabilityBin:
    """Records of similar score: their mean score, the rate observed (Wilson bar) and the null band.

    `null_low` and `null_high` hold 95 % of the rates that a perfectly calibrated judge would show here.
    """

    mean_score: float
    observed: Estimate
    null_low: float
    null_high: float


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error beside what chance alone makes of a perfectly calibrated judge.

    `null_mean` and `null_95` are the mean and the 95 % quantile under perfect calibration with these scores: the value
    speaks against the judge only above `null_95`. All three None when `undefined`.
    """

    value: float | None
    null_mean: float | None
    null_95: float | None
    n: int
    bins: int
    undefined: Undefined | None = None


def _equal_mass(score: FloatArray, bins: int) -> IntArray:
    """Bin numbers 0, 1, … of about equal size; equal scores share a bin, so there may be fewer bins."""
    ranks = [round(len(score) * k / bins) for k in range(1, bins)]
    edges = np.unique(np.partition(score, ranks)[ranks]) if ranks else np.empty(0)
    number = np.searchsorted(edges, score, side="right")
    return np.asarray(number - number.min(), dtype=np.int64)


def _bin_numbers(score: FloatArray, bins: int, binning: Binning) -> IntArray:
    if bins < 1:
        raise ValueError("there is at least one bin")
    if binning == "equal_width":
        inner = np.linspace(0.0, 1.0, bins + 1)[1:-1]
        return np.asarray(np.searchsorted(inner, score, side="right"), dtype=np.int64)
    return _equal_mass(score, min(bins, len(score)))


def reliability_diagram(
    score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None, bins: int = MAX_BINS
) -> tuple[ReliabilityBin, ...]:
    """Return at most `bins` (at most 5) bins of equal mass in rising order of score; none without labels.

    The bar is Wilson's at the weighted rate with Kish's effective n of the bin; the null band is the central 95 % of a
    binomial with that n and the bin's mean score.
    """
    data = observations(score, label, weight)
    if data.n == 0:
        return ()
    number = _bin_numbers(data.score, min(bins, MAX_BINS), "equal_mass")
    count, mass, squares, scores, passes = (
        _sums(number, value, 1)
        for value in (
            np.ones(data.n),
            data.weight,
            data.weight**2,
            data.weight * data.score,
            data.weight * data.label,
        )
    )
    found = []
    for index in np.flatnonzero(count):
        effective = float(mass[index] ** 2 / squares[index])
        rate, mean = float(min(1.0, passes[index] / mass[index])), float(min(1.0, scores[index] / mass[index]))
        bar = wilson_rate(rate * effective, effective, method="wilson", labels=int(count[index]))
        trials = max(1, round(effective))
        band = binom.ppf([0.025, 0.975], trials, mean) / trials
        found.append(ReliabilityBin(mean, bar, float(band[0]), float(band[1])))
    return tuple(found)


def _sums(number: IntArray, values: FloatArray, bins: int) -> FloatArray:
    """Sum of the values in each bin."""
    return np.asarray(np.bincount(number, weights=values, minlength=bins), dtype=np.float64)


def _gaps(sums: FloatArray, data: Observations) -> FloatArray:
    """ECE of each column of sums of w (label - score) per bin."""
    return np.asarray(np.abs(sums).sum(axis=0) / float(data.weight.sum()), dtype=np.float64)


def _null_errors(data: Observations, number: IntArray, seed: int, draws: int) -> FloatArray:
    """ECE of `draws` imagined sets of outcomes that follow the scores exactly."""
    rng = np.random.default_rng(seed)
    bins = int(number.max()) + 1
    if data.n * draws > _MAX_DRAWS:
        spread = _sums(number, data.weight**2 * data.score * (1 - data.score), bins)
        return _gaps(rng.normal(size=(bins, draws)) * np.sqrt(spread)[:, None], data)
    errors = np.empty(draws)
    step = max(1, 1_000_000 // data.n)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        outcomes = rng.random((size, data.n)) < data.score
        residuals = ((outcomes - data.score) * data.weight).ravel()
        place = (number + bins * np.arange(size)[:, None]).ravel()
        sums = _sums(place, residuals, bins * size).reshape(size, bins).T
        errors[start : start + size] = _gaps(sums, data)
    return errors


def expected_calibration_error(
    score: ArrayLike,
    label: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    bins: int = 10,
    binning: Binning = "equal_width",
    seed: int,
    draws: int = 1000,
) -> CalibrationError:
    """ECE = sum over bins of share × |observed rate - mean score|, with its null distribution by simulation.

    Biased upwards: a perfect judge shows about .09 at 100 labels and 10 bins. Equal-width bins are half-open [l, h),
    the last closed, edges as numpy's linspace rounds them. Never a pass/fail number. Undefined without labels.
    """
    data = observations(score, label, weight)
    if data.n == 0:
        return CalibrationError(None, None, None, 0, bins, "no_labels")
    number = _bin_numbers(data.score, bins, binning)
    sums = _sums(number, data.weight * (data.label - data.score), 1)
    null = _null_errors(data, number, seed, draws)
    return CalibrationError(
        value=float(_gaps(sums[:, None], data)[0]),
        null_mean=float(null.mean()),
        null_95=float(np.quantile(null, 0.95)),
        n=data.n,
        bins=len(np.unique(number)),
    )
