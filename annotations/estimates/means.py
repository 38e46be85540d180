"""Questions that are not pass or fail: the mean of a rating, and the shares of the options of a choice."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from annotations.estimates.weigh import Weighed
from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.prediction_powered import JudgeTraffic
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.scores import mean_score

PART_JUDGED = "the judge did not give a number for every item, so its numbers were not used"


class Share(NamedTuple):
    """How often an option is the answer, in the traffic."""

    value: str
    estimate: Estimate


def scale_of(weighed: Weighed) -> tuple[float, float]:
    """Return the ends of a rating's scale."""
    values = weighed.grading.cells[:-2]
    return float(values[0]), float(values[-1])


def mean_of(weighed: Weighed, population: Population, *, judged: bool = True) -> Estimate:
    """Return the mean rating of the covered traffic: the tuned difference estimator where the judge rated everything,
    the labels alone otherwise."""
    numbers = np.asarray([float(value) for value in weighed.grading.cells[:-2]])
    table = weighed.traffic(weighed.places(), parts=False)
    if not table.n_items:
        return no_estimate("no_labels", method="hajek_t", population=population)
    # Behind an upstream sampler the judge's mean is an estimate itself, and never taken as counted.
    complete = int(table.n[:-2].sum()) == table.n_items and bool((table.weight == table.n).all())
    traffic = _judge_traffic(numbers, table.weight[:-2], table.n_items) if judged and complete else None
    codes = weighed.verdicts()
    sample = weighed.sample(codes)
    if traffic is not None:
        sample = labelled_sample(
            sample.y,
            sample.probability,
            judge=numbers[codes[weighed.done]],
            cluster=None if sample.unit is None else sample.unit,
        )
    found = mean_score(sample, traffic=traffic, population=population, scale=scale_of(weighed))
    partly = judged and not complete and bool(table.n[:-2].sum())
    return replace(found, warnings=(*found.warnings, PART_JUDGED)) if partly else found


def judge_mean(weighed: Weighed, population: Population) -> Estimate:
    """Return the mean of the judge's own numbers, without an interval: nobody has checked them."""
    numbers = np.asarray([float(value) for value in weighed.grading.cells[:-2]])
    table = weighed.traffic(weighed.places(), parts=False)
    rated = table.weight[:-2]
    method = "raw_judge_mean"
    if not rated.sum():
        return no_estimate("no_verdicts", method=method, population=population)
    n = int(table.n[:-2].sum())
    return Estimate(float(rated @ numbers / rated.sum()), None, None, method, n, population=population)


def plain_mean(weighed: Weighed) -> Estimate:
    """Return the mean of the labels as they lie there, every one counted the same."""
    outcomes = weighed.outcomes()
    if outcomes.size < 2:
        return no_estimate("no_labels" if not outcomes.size else "below_min_n", method="unweighted_t", n=outcomes.size)
    found = mean_score(labelled_sample(outcomes, np.ones(outcomes.size)), population="process", scale=scale_of(weighed))
    return Estimate(
        float(outcomes.mean()),
        found.low,
        found.high,
        "unweighted_t",
        outcomes.size,
        warnings=("every label counts the same: says something about the queue, not about the traffic",),
    )


def shares_of(weighed: Weighed, population: Population) -> list[Share]:
    """Return the share of every option, each by the default estimator of a rate."""
    outcomes, options = weighed.outcomes(), weighed.grading.cells[:-2]
    unseen = 1 / len(options)  # of what nobody labelled each option is as likely as any other, so that all add up to 1
    return [
        Share(option, weighed.rate(population, outcomes=_is(outcomes, place), unseen=unseen).estimate)
        for place, option in enumerate(options)
    ]


def _is(outcomes: FloatArray, place: int) -> FloatArray:
    return np.asarray(outcomes == place, np.float64)


def _judge_traffic(numbers: FloatArray, weight: FloatArray, n: int) -> JudgeTraffic:
    mean = float(weight @ numbers / weight.sum())
    return JudgeTraffic(n, mean, float(weight @ (numbers - mean) ** 2 / weight.sum()))
