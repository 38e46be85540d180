"""How often the interval holds the truth, over many windows drawn and answered in memory by the code that the API uses.

The same designs as in `test_end_to_end`, at three thousand items over twelve hours. A backlog is served by u/π and cut
off at six in ten; where people skip, they answer half of what the judge fails and 95 % of what it passes.
"""

from datetime import UTC, datetime, timedelta
from math import sqrt

import numpy as np
import pytest

from annotations.estimates.grading import FAIL, PASS, pass_grading_of
from annotations.estimates.rows import DrawnItem, HourCount, TrafficRows
from annotations.estimates.series import follow
from annotations.estimates.weigh import weigh
from reviewapp.stats.pass_rate.judge_only import raw_judge_rate
from reviewapp.stats.pass_rate.labels_only import unweighted
from tests.estimates.designs import DESIGNS, draw_world, probability, report

GRADING = pass_grading_of({"key": "verdict", "kind": "choice", "positive": ["pass"]})
START = datetime(2026, 11, 2, 8, tzinfo=UTC)
CODES = {"pass": PASS, "fail": FAIL}
HOURS = 12


def window(design, seed, n=3000, days=1):
    """Return the weighed window, and the true pass rate of its traffic."""
    world = draw_world(design, seed, n)
    chance = np.random.default_rng(seed)
    hours = [START + timedelta(days=k * days // n, hours=k * HOURS * days // n % HOURS) for k in range(n)]
    u, luck = chance.random(n), chance.random(n)
    pi = np.asarray([probability(each, design) for each in world])
    drawn = np.flatnonzero(u < pi)
    reached = set(drawn.tolist())
    if design == "backlog":
        order = drawn[np.argsort(u[drawn] / pi[drawn])]
        reached = set(order[: round(0.6 * order.size)].tolist())
    rows = [
        DrawnItem(
            item_id=k,
            hour=hours[k],
            probability=float(pi[k]),
            upstream=1.0,
            session=None,
            part=None,
            verdict=CODES[world[k].verdict],
            n_labels=1,
            outcome=float(world[k].passes)
            if k in reached and (design != "skipping" or luck[k] < (0.5 if world[k].verdict == "fail" else 0.95))
            else None,
        )
        for k in drawn.tolist()
    ]
    counts: dict[tuple[datetime, int], int] = {}
    for hour, each in zip(hours, world, strict=True):
        counts[hour, CODES[each.verdict]] = counts.get((hour, CODES[each.verdict]), 0) + 1
    traffic = [HourCount(None, hour, verdict, k, float(k), float(k)) for (hour, verdict), k in counts.items()]
    return weigh(TrafficRows(traffic, n, 0), rows, GRADING), sum(each.passes for each in world) / n


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("repetitions", [4, pytest.param(500, marks=pytest.mark.slow)])
def test_the_interval_holds_the_truth_as_often_as_it_says_and_the_naive_ones_do_not(design, repetitions):
    covered = dict.fromkeys(("default", "labels only", "unweighted", "judge only"), 0)
    widths = dict.fromkeys(covered, 0.0)
    for seed in range(repetitions):
        weighed, truth = window(design, seed)
        rate = weighed.rate("window")
        table = weighed.traffic(weighed.places(), parts=False)
        found = {
            "default": rate.estimate,
            "labels only": rate.labels_only,
            "unweighted": unweighted(weighed.outcomes()),
            "judge only": raw_judge_rate(int(table.n[PASS]), table.n_items),
        }
        for name, estimate in found.items():
            covered[name] += estimate.low <= truth <= estimate.high
            widths[name] += (estimate.high - estimate.low) / repetitions
    shares = {name: (round(100 * n / repetitions, 1), round(widths[name], 4)) for name, n in covered.items()}
    report(f"{design}: {shares}")
    error = sqrt(0.95 * 0.05 / repetitions)
    assert covered["default"] / repetitions >= 0.95 - 3 * error - 0.005
    assert covered["labels only"] / repetitions >= 0.95 - 3 * error - 0.01
    assert widths["default"] < widths["labels only"]
    assert covered["judge only"] <= 0.2 * repetitions
    if design in {"flagged", "uncertainty", "skipping"}:
        assert covered["unweighted"] <= 0.2 * repetitions


def urgent_window(seed, *, pooled=False, n=3000):
    """A fifth of the items are urgent, drawn at 60 % and all reached, and pass half as often as the rest.

    Those are drawn at 20 %, and four in ten of them are reached. The judge knows nothing of that. `pooled` forgets the
    lanes.
    """
    chance = np.random.default_rng([7, seed])
    urgent = chance.random(n) < 0.2
    passes = chance.random(n) < np.where(urgent, 0.4, 0.85)
    verdict = np.where(chance.random(n) < 0.7, passes, chance.random(n) < 0.8).astype(int)
    u, pi = chance.random(n), np.where(urgent, 0.6, 0.2)
    reached = urgent | (u / pi < 0.4)
    hours = [START + timedelta(hours=k * HOURS // n) for k in range(n)]
    codes = [PASS if each else FAIL for each in verdict]
    rows = [
        DrawnItem(
            item_id=k,
            hour=hours[k],
            probability=float(pi[k]),
            upstream=1.0,
            session=None,
            part=None,
            verdict=codes[k],
            n_labels=1,
            outcome=float(passes[k]) if reached[k] else None,
            urgent=bool(urgent[k]) and not pooled,
        )
        for k in np.flatnonzero(u < pi).tolist()
    ]
    counts: dict[tuple[datetime, int], int] = {}
    for place in zip(hours, codes, strict=True):
        counts[place] = counts.get(place, 0) + 1
    traffic = [HourCount(None, hour, code, k, float(k), float(k)) for (hour, code), k in counts.items()]
    return weigh(TrafficRows(traffic, n, 0), rows, GRADING), float(passes.mean())


@pytest.mark.parametrize("repetitions", [4, pytest.param(1000, marks=pytest.mark.slow)])
def test_with_an_urgent_lane_the_interval_holds_and_lanes_pooled_miss(repetitions):
    found = {}
    for pooled in (False, True):
        covered, off = 0, 0.0
        for seed in range(repetitions):
            weighed, truth = urgent_window(seed, pooled=pooled)
            estimate = weighed.rate("window").estimate
            covered += estimate.low <= truth <= estimate.high
            off += (estimate.value - truth) / repetitions
        found[pooled] = covered / repetitions, off
    report(f"urgent lane: by lane {found[False]}, pooled {found[True]}")
    assert found[False][0] >= 0.95 - 3 * sqrt(0.95 * 0.05 / repetitions) - 0.005
    assert abs(found[False][1]) < 0.01 + 0.1 / repetitions
    assert found[True][0] <= 0.25 * (1 + 4 / repetitions)
    assert found[True][1] < -0.03


def test_an_hour_counts_once_each_lane_that_had_items_drawn_in_it_is_reached():
    """Whole hours: what was answered of the other lane waits with them, and is not taken for the traffic."""

    def drawn(item_id, hour, outcome, *, urgent=False):
        return DrawnItem(item_id, START + timedelta(hours=hour), 1.0, 1.0, None, None, PASS, 1, outcome, urgent=urgent)

    rows = [drawn(k, k // 20, 1.0 if k < 60 else None) for k in range(80)]  # hours 0, 1, 2 are reached, 3 is not
    rows += [drawn(100 + k, 3, 0.0, urgent=True) for k in range(5)]
    hours = [HourCount(None, START + timedelta(hours=h), PASS, 30, 30.0, 30.0) for h in range(4)]
    weighed = weigh(TrafficRows(hours, 120, 0), rows, GRADING)
    assert [each.hour.hour for each in weighed.covered_hours] == [8, 9, 10]
    assert (int(weighed.done.sum()), weighed.rate("window").estimate.value) == (60, pytest.approx(1, abs=0.02))
    rows += [drawn(200 + k, 1, None, urgent=True) for k in range(20)]  # together with hour 3: five of twenty-five
    assert [each.hour.hour for each in weigh(TrafficRows(hours, 120, 0), rows, GRADING).covered_hours] == [8, 9, 10]
    silent = [each._replace(outcome=None) if each.urgent else each for each in rows[:-20]]
    assert [each.hour.hour for each in weigh(TrafficRows(hours, 120, 0), silent[:60], GRADING).covered_hours] == [
        *(8, 9, 10, 11),
    ]
    only = [*silent[:60], *(drawn(300 + k, 1, None, urgent=True) for k in range(3))]
    waits = weigh(TrafficRows(hours, 120, 0), only, GRADING)
    assert [each.hour.hour for each in waits.covered_hours] == [8, 10, 11]
    assert waits.uncovered == ("pass of 2026-11-02 09:00, urgent",)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["uniform", "flagged"])
def test_the_band_holds_on_all_days_at_once(design):
    """Looked at on each of thirty days: missed at all in at most 5 % of windows; daily intervals miss far more."""
    repetitions, missed, naive = 300, 0, 0
    for seed in range(repetitions):
        weighed, _ = window(design, seed, n=6000, days=30)
        days = follow(weighed, by="day", population="process")
        banded = [day.so_far for day in days if day.so_far.low is not None]
        assert len(banded) > 15
        missed += any(not band.low <= 0.8 <= band.high for band in banded)
        naive += any(not day.own.low <= 0.8 <= day.own.high for day in days)
    report(f"{design}: band missed {missed / repetitions}, daily intervals {naive / repetitions}")
    assert missed / repetitions <= 0.05 + 3 * sqrt(0.05 * 0.95 / repetitions)
    assert naive / repetitions > 0.3
