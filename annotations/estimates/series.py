"""A rate followed day by day or week by week, with a band that holds however often one looks.

Each item received is one value φ = μ + (R/(π r)) (y - μ), R saying whether it was answered and μ being the pass rate
of its verdict among the answers of earlier days; their mean is the pass rate, whatever μ is (Robins, Rotnitzky & Zhao
1994).
The asymptotic confidence sequence of that mean (Waudby-Smith et al. 2024) covers it on all days at once. μ and the
tuning come from what was there before, so that looking and stopping change nothing.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np

from annotations.estimates.grading import FAIL, PASS
from annotations.estimates.weigh import Weighed
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.sample import sampling_variance
from reviewapp.stats.sequential.asymptotic import MIN_DISAGREEMENTS, MIN_LABELS, asymptotic_margin, rho2_for

METHOD = "asymptotic_confidence_sequence"
PLANNED_PERIODS = 28  # the band is nearly narrowest after so many times the traffic of the first day
NO_BAND = f"a band needs {MIN_LABELS} labels and {MIN_DISAGREEMENTS} that differ from the judge (or from most)"
Period = Literal["day", "week"]


class DayEstimate(NamedTuple):
    """A day or a week (UTC, named by its first day): traffic, labels, its own rate, and the rate from the first to its
    end with a band that holds on all of them at once."""

    day: str
    n_traffic: int
    n_labelled: int
    so_far: Estimate
    own: Estimate


@dataclass(slots=True)
class _Sums:
    """Sums over items, a = 1/π₁ upstream: of 1, a, a², a φ, a² φ and a² φ²; labels, and those that disagree."""

    n: int = 0
    weight: float = 0.0
    square: float = 0.0
    first: float = 0.0
    mixed: float = 0.0
    second: float = 0.0
    labels: int = 0
    disagree: int = 0
    passes: int = 0

    def estimate(self, rho2: float, stretch: float, *, judged: bool) -> Estimate:
        if not self.labels:
            return no_estimate("no_labels", method=METHOD, population="process")
        mean = self.first / self.weight
        spread = sqrt(max(self.second - 2 * mean * self.mixed + mean * mean * self.square, 0.0) * self.n * stretch) / (
            self.weight
        )
        value = min(max(mean, 0.0), 1.0)
        without = Estimate(value, None, None, METHOD, self.labels, population="process", warnings=(NO_BAND,))
        rare = self.disagree if judged else min(self.passes, self.labels - self.passes)
        if self.labels < MIN_LABELS or rare < MIN_DISAGREEMENTS or spread == 0:
            return without
        margin = float(asymptotic_margin(spread, self.n, rho2))
        return replace(without, low=max(0.0, mean - margin), high=min(1.0, mean + margin), warnings=())


def follow(weighed: Weighed, *, by: Period, population: Population) -> list[DayEstimate]:
    """Return the days (or weeks) with traffic in order."""
    days = sorted({each.hour.date() for each in weighed.covered_hours})
    if not days:
        return []
    place = {day: index for index, day in enumerate(days)}
    k = len(weighed.grading.cells)
    traffic = np.zeros((3, len(days), k))
    for each in weighed.covered_hours:
        known = weighed.upstream_is_known
        traffic[:, place[each.hour.date()], each.verdict] += (
            each.n,
            each.weight if known else each.n,
            each.square if known else each.n,
        )
    labelled = _labelled(weighed, place, k)
    stretch = _stretch(weighed)
    rho2 = rho2_for(PLANNED_PERIODS * max(float(traffic[0, 0].sum()), 1.0))
    judged = bool(traffic[0, :, [PASS, FAIL]].sum())
    sums, guess = _Sums(), _Guess(k)
    so_far: dict[date, tuple[int, int, Estimate]] = {}
    for index, day in enumerate(days):
        before = sums.labels
        _add_day(sums, traffic[:, index], labelled[:, index], guess.rates())
        guess.learn(labelled[:, index])
        so_far[day] = (
            int(traffic[0, index].sum()),
            sums.labels - before,
            sums.estimate(rho2, stretch, judged=judged),
        )
    return _periods(weighed, so_far, by, population)


def follow_last(weighed: Weighed) -> Estimate:
    """Return the rate over all days with the band that holds on each of them."""
    found = follow(weighed, by="day", population="process")
    return found[-1].so_far if found else no_estimate("no_labels", method=METHOD, population="process")


class _Guess:
    """The pass rate of each verdict among earlier answers, pulled towards that of all by two labels' weight."""

    def __init__(self, k: int) -> None:
        self.weight, self.passed, self.count = np.zeros(k), np.zeros(k), np.zeros(k)

    def rates(self) -> np.ndarray:
        total, n = self.weight.sum(), self.count.sum()
        if not n:
            return np.full(self.weight.size, 0.5)
        each = total / n
        overall = (self.passed.sum() + each) / (total + 2 * each)
        return np.asarray((self.passed + 2 * each * overall) / (self.weight + 2 * each))

    def learn(self, added: np.ndarray) -> None:
        """`added` holds by outcome (0, 1) and verdict: the labels and their weight."""
        self.weight += added[0, 1] + added[1, 1]
        self.passed += added[1, 1]
        self.count += added[0, 0] + added[1, 0]


def _labelled(weighed: Weighed, place: dict[date, int], k: int) -> np.ndarray:
    """Return by outcome and day: labels, Σ a/p, Σ a²/p and Σ a²/p² of each verdict, p = π r; shape (2, days, 4, k)."""
    done = weighed.done
    found = np.zeros((2, len(place), 4, k))
    if done.any():
        known = weighed.upstream_is_known
        items = [each for each, is_done in zip(weighed.drawn, done, strict=True) if is_done]
        outcome = weighed.outcomes().astype(np.int64)
        day = np.asarray([place[each.hour.date()] for each in items], np.int64)
        verdict = weighed.verdicts()[done]
        a = np.asarray([1 / (each.upstream or 1.0) if known else 1.0 for each in items])
        p = np.asarray([each.probability for each in items]) * weighed.answered[done]
        for column, value in enumerate((np.ones(a.size), a / p, a * a / p, (a / p) ** 2)):
            np.add.at(found, (outcome, day, np.full(a.size, column), verdict), value)
    return found


def _add_day(sums: _Sums, traffic: np.ndarray, labelled: np.ndarray, guess: np.ndarray) -> None:
    n, weight, square = traffic
    sums.n += int(n.sum())
    sums.weight += float(weight.sum())
    sums.square += float(square.sum())
    sums.first += float(weight @ guess)
    sums.mixed += float(square @ guess)
    sums.second += float(square @ guess**2)
    for outcome in (0, 1):
        count, once, twice, squared = labelled[outcome]
        gap = outcome - guess
        sums.first += float(once @ gap)
        sums.mixed += float(twice @ gap)
        sums.second += float(2 * (twice @ (guess * gap)) + squared @ gap**2)
        sums.labels += int(count.sum())
        sums.passes += outcome * int(count.sum())
        sums.disagree += int(count[FAIL if outcome else PASS])


def _stretch(weighed: Weighed) -> float:
    """How much more the mean varies because the items of a session are alike; 1 where they come without."""
    sample = weighed.sample(weighed.verdicts())
    if sample.unit is None or sample.n_units < 2:
        return 1.0
    mean = float(sample.weight @ sample.y / sample.weight.sum())
    apart = weighed.sample(weighed.verdicts(), sessions=False)
    alone = sampling_variance(sample.y - mean, apart, "process")
    return max(1.0, sampling_variance(sample.y - mean, sample, "process") / alone) if alone > 0 else 1.0


def _periods(
    weighed: Weighed, so_far: dict[date, tuple[int, int, Estimate]], by: Period, population: Population
) -> list[DayEstimate]:
    """Return days, or weeks with the band as it stands at the end of each, with the rate of each alone."""
    first = {day: _first_of(day, by) for day in so_far}
    names = sorted(set(first.values()))
    hours = {each.hour for each in weighed.rows.hours} | {each.hour for each in weighed.drawn}
    part_of = {hour: str(_first_of(hour.date(), by)) for hour in hours}
    parts = sorted(set(part_of.values()))
    own = dict(zip(parts, weighed.part_rates(parts, population, part_of=part_of), strict=True))
    return [
        DayEstimate(
            day=str(name),
            n_traffic=sum(so_far[day][0] for day in so_far if first[day] == name),
            n_labelled=sum(so_far[day][1] for day in so_far if first[day] == name),
            so_far=so_far[max(day for day in so_far if first[day] == name)][2],
            own=own[str(name)],
        )
        for name in names
    ]


def _first_of(day: date, by: Period) -> date:
    return day if by == "day" else day - timedelta(days=day.weekday())
