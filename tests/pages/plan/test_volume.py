"""What steers how much is drawn, on the plan's page: urgent rules, targets, doubt, and stored items topped up."""

from datetime import UTC, datetime

import pytest

from reviewapp.jobs.models import Intent
from sampling.draws.top_up import KIND, end_given_up, top_up_slice
from sampling.models import PlanVersion, TopUp
from tests.pages.plan.plans import SLOW, publish, send
from tests.sampling.lines import item


def test_an_urgent_rule_is_a_tick_and_comes_back_as_one(project, cast, get, post):
    send(project, *(item(f"i{number}", latency_ms=3000 if number < 4 else 10) for number in range(10)), days=2)
    ticked = 'name="rules-0-urgent" value="1" aria-describedby="urgent-help" checked'
    status, page = post(cast.lea, "preview", **{"rules-0-urgent": "1"})
    assert (status, "Urgent a day" in page, ticked in page) == (200, True, True)
    assert post(cast.lea, "publish", **{"rules-0-urgent": "1"})[0] == 200
    assert PlanVersion.objects.get(project=project, version=1).rules == [{**SLOW, "urgent": True}]
    assert ticked in get(cast.lea)[1]
    assert '<span class="muted">urgent</span>' in get(cast.vic)[1]
    page = post(cast.lea, "preview", based_on="1")[1]
    assert "Rule “slow”, asked first" in page
    assert ticked not in page


def test_targets_and_doubt_are_typed_tried_and_published_and_what_they_came_to_is_shown(project, cast, post, get):
    send(project, *(item(f"a{n}", metadata={"language": "de" if n % 4 else "en"}) for n in range(40)))
    typed = {
        "targets-0-by": "metadata.language",
        "targets-0-labels": "21",
        "targets-1-by": "",
        "uncertainty_fact": "hint.judge",
        "uncertainty_labels": "4",
        "uncertainty_floor": "25",
    }
    fragment = post(cast.lea, door="preview", **typed)[1]
    assert '<th scope="row">en</th><td class="number">70</td><td class="number">21</td>' in fragment
    assert "From the next midnight (UTC) on" in fragment
    assert "Where hint.judge is sure, 10 % are drawn for it" in fragment
    assert "Target by metadata.language:</span> <ins>at least 21 labels a week of each" in fragment
    assert 'name="targets-1-by"' in post(cast.lea, "add_target", **typed)[1]
    post(cast.lea, "publish", **typed)
    row = PlanVersion.objects.get(version=1)
    assert row.targets == [{"by": "metadata.language", "labels_per_week": 21}]
    assert row.uncertainty == {"fact": "hint.judge", "labels_per_day": 4, "floor": 0.25}
    page = get(cast.lea)[1]
    for shown in (
        "Rates that hold now",
        '<td class="number">30 %</td>',
        'value="metadata.language"',
        "Count what it",
    ):
        assert shown in page
    assert "Rates that hold now" in get(cast.vic)[1]
    assert "Count what it" not in get(cast.vic)[1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"targets-0-by": " ", "targets-0-labels": "5"}, 'id="targets-0-by-problem">Name the fact'),
        ({"targets-0-by": "latency_ms", "targets-0-labels": "5"}, 'id="targets-0-by-problem">Split by a fact'),
        ({"targets-0-by": "metadata.x", "targets-0-labels": "few"}, 'id="targets-0-labels-problem">Write a whole'),
        ({"uncertainty_fact": "hint.j"}, 'id="uncertainty-labels-problem">Write a whole'),
        (
            {"uncertainty_fact": "hint.j", "uncertainty_labels": "1", "uncertainty_floor": "5"},
            "uncertainty-floor-problem",
        ),
    ],
)
def test_each_mistake_in_them_stands_at_its_field(project, cast, post, fields, said):
    status, page = post(cast.lea, "publish", **fields)
    assert status == 422
    assert said in page


def test_stored_items_are_topped_up_after_a_look_at_what_that_would_draw(project, cast, post, get):
    publish(project, cast.lea, base_rate=0, rules=[])
    send(project, *(item(f"a{n}") for n in range(12)))
    publish(project, cast.lea, base_rate=1, rules=[])  # a plan that asks nothing about an item
    page = post(cast.lea, door="top-up", what="count")[1]
    assert "<strong>12</strong> of these would be drawn that were not: 12 labels more." in page
    assert "12 of 12 items asked" not in post(cast.lea, door="top-up", what="start")[1]
    assert TopUp.objects.get().total == 12
    assert "topped up already" in post(cast.lea, door="top-up", what="start")[1]
    assert post(cast.vic, door="top-up", what="start")[0] == 403
    end_given_up(datetime.now(UTC))
    assert "Topping up by version 2" in get(cast.lea)[1]
    Intent.objects.filter(kind=KIND).update(failed_at=datetime.now(UTC))
    end_given_up(datetime.now(UTC))
    assert "0 items asked, 0 raised, 0 drawn. It broke off" in get(cast.lea)[1]
    post(cast.lea, door="top-up", what="start")
    top_up_slice({"run_id": TopUp.objects.latest("pk").pk}, datetime.now(UTC))
    assert "12 items asked, 12 raised, 12 drawn.</p>" in get(cast.lea)[1]
    assert "There is nothing to top up." in post(cast.lea, door="top-up", what="count")[1]
    assert "<dt>Labels that wait</dt><dd>12</dd>" in get(cast.vic)[1]
