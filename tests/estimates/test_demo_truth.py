"""The demo drawn, queued and labelled again in memory with any salt: its planted truth lies within what is shown."""

from datetime import UTC, datetime, timedelta

import pytest

from annotations.demo.make import shifts
from annotations.demo.opinions import judge_says, say, usual_rates
from annotations.demo.story import list_items
from annotations.estimates.grading import FAIL, PASS, UNPARSED, pass_grading_of
from annotations.estimates.rows import DrawnItem, HourCount, TrafficRows
from annotations.estimates.weigh import weigh
from reviewapp.stats.sampling.hash_numbers import hash_number

NOW = datetime(2026, 11, 27, 14, tzinfo=UTC)
GRADING = pass_grading_of({"key": "verdict", "kind": "choice", "positive": ["pass"]})
CODES = {"pass": PASS, "fail": FAIL, None: UNPARSED}


def plan(item):
    """π and the labels needed, by the demo's rules in this test's own words."""
    unsure = item.sent["confidence"] < 0.65
    if unsure or item.sent.get("feedback") == -1:
        return 1.0, 2 if unsure else 1
    return 0.8 if item.sent["metadata"]["language"] != "en" else 0.35, 1


def rates(salt, items, usual):
    """Return the shown rate of each version."""
    ends = {item.occurred_at.date(): item.occurred_at for item in items}

    def hour(item):
        arrived = ends[item.occurred_at.date()] + timedelta(minutes=1)
        return arrived.replace(minute=0, second=0, microsecond=0)

    queue = []
    for item in items:
        u, (pi, need) = hash_number(salt, item.sent["external_id"]), plan(item)
        if u < pi:
            queue.append((u / pi, item, pi, need, {}))
    queue.sort(key=lambda task: task[0])
    for _, person in shifts(NOW):
        for _, item, _, need, given in queue:
            if len(given) < need and person.username not in given:
                given[person.username] = say(person, item, usual)
                break
    hours = [HourCount(i.sent["system_version"], hour(i), CODES[judge_says(i)], 1, 1.0, 1.0) for i in items]
    drawn = [
        DrawnItem(
            item_id=0,
            hour=hour(item),
            probability=pi,
            upstream=1.0,
            session=item.sent["session_ref"],
            part=item.sent["system_version"],
            verdict=CODES[judge_says(item)],
            n_labels=len(given),
            outcome=GRADING.outcome([f'"{verdict}"' for verdict in given.values()]),
        )
        for _, item, pi, _, given in queue
    ]
    weighed = weigh(TrafficRows(hours, len(items), 0), drawn, GRADING)
    return dict(zip(usual, weighed.part_rates(list(usual), "process"), strict=True))


@pytest.mark.parametrize("n_salts", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_the_planted_truth_lies_within_the_intervals_for_nearly_every_salt(n_salts):
    items = list_items(NOW)
    usual = usual_rates(items)
    shown = [rates("harbour-bikes" if n == 0 else f"salt {n}", items, usual) for n in range(n_salts)]
    for version, truth in usual.items():
        covered = [found[version].low <= truth <= found[version].high for found in shown]
        assert covered[0]
        assert sum(covered) >= 0.93 * n_salts
        # People err on the same items whatever the salt, so a little stays.
        assert sum(found[version].value for found in shown) / n_salts == pytest.approx(truth, abs=0.035)
