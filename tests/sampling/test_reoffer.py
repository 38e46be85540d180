"""Facts that come later raise an item's probability while its window is open: never lower it, with the same number."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import Task
from annotations.models.queue import Lane
from annotations.queue.invariants import list_violations
from annotations.queue.send import open_chosen
from reviewapp.http.lines import Line
from reviewapp.stats.sampling.hash_numbers import hash_numbers
from sampling.draws.reoffer import Reoffered, reoffer_items
from sampling.draws.window import window_closes
from sampling.ingest.add import add_items
from sampling.ingest.facts import NewFact, record_late_facts
from sampling.models import Draw, ItemKey
from sampling.plans.publish import parse_plan, publish_plan
from tests.conftest import NOW
from tests.queue.items import store_items
from tests.queue.services import claim_one, submit
from tests.sampling.lines import item

RULES = [
    {"name": "complaint", "when": {"feedback": {"lt": 0}}, "rate": 0.5},
    {"name": "doubt", "when": {"hint.doubt": {"gt": 0.5}}, "rate": 0.8, "overlap": 2},
    {"name": "broken", "when": {"checks.json": {"eq": "fail"}, "hint.doubt": {"exists": True}}, "rate": 1},
]
CLOSES = datetime(2026, 11, 22, 13, tzinfo=NOW.tzinfo)  # 24 hours after the hour of NOW has ended
JUST_BEFORE, JUST_AFTER = CLOSES - timedelta(microseconds=1), CLOSES


@pytest.fixture
def plan(project):
    body = parse_plan({"base_rate": 0.1, "rules": RULES})
    return publish_plan(project=project, plan=body, actor=None, now=NOW)


def name_between(low, high, *, salt="salt"):
    """An external id whose random number lies in [low, high)."""
    names = [f"i{number}" for number in range(2000)]
    return next(name for name, u in zip(names, hash_numbers(salt, names), strict=True) if low <= u < high)


def store(project, *names, now=NOW, **fields):
    add_items(project=project, lines=[Line(1, item(name, **fields)) for name in names], actor=None, now=now)
    return [ItemKey.objects.get(project=project, external_id=name).item_id for name in names]


def tell(project, item_id, name, value, *, now=NOW + timedelta(hours=1), reason=None, **more):
    facts = [NewFact(item_id, name, value, **more)]
    return record_late_facts(project=project, facts=facts, late_reason=reason, now=now)


def draws(item_id):
    return list(Draw.objects.filter(item_id=item_id).order_by("pk"))


def test_a_window_ends_the_settle_time_after_the_hour_of_arrival():
    assert window_closes(NOW, 24) == window_closes(NOW + timedelta(minutes=59), 24) == CLOSES
    assert window_closes(NOW, 0) == NOW + timedelta(hours=1)


def test_a_fact_raises_the_probability_by_a_further_draw_with_the_same_number_and_opens_a_task(project, plan):
    (item_id,) = store(project, name_between(0.2, 0.4))
    assert not Task.objects.exists()
    assert tell(project, item_id, "feedback", -1) == Reoffered(frozenset({item_id}), frozenset({item_id}), 0)
    first, second = draws(item_id)
    assert (first.probability, first.selected, first.raised_from) == (0.1, False, None)
    assert (second.probability, second.selected, second.raised_from) == (0.5, True, 0.1)
    assert (second.u, second.plan_version, second.reasons) == (first.u, plan, ["complaint"])
    task = Task.objects.get()
    assert (task.rank, task.lane, task.need) == (first.u / 0.5, Lane.ESTIMATION, 1)


def test_a_fact_may_raise_it_without_selecting(project, plan):
    (item_id,) = store(project, name_between(0.6, 0.7))
    assert tell(project, item_id, "feedback", -1) == Reoffered(frozenset({item_id}), frozenset(), 0)
    assert [(draw.probability, draw.selected) for draw in draws(item_id)] == [(0.1, False), (0.5, False)]
    assert not Task.objects.exists()


def test_it_never_falls(project, plan):
    (item_id,) = store(project, name_between(0.6, 0.7))
    tell(project, item_id, "hint.doubt", 0.9)
    assert tell(project, item_id, "hint.doubt", None) == Reoffered()
    assert tell(project, item_id, "feedback", -1) == Reoffered()
    assert [draw.probability for draw in draws(item_id)] == [0.1, 0.8]


def test_of_what_has_a_task_the_rank_falls_and_the_need_rises(project, cast, plan):
    (item_id,) = store(project, name_between(0.02, 0.1))
    submit(cast.rui, claim_one(cast.rui))
    u = draws(item_id)[0].u
    assert tell(project, item_id, "hint.doubt", 0.9).selected == frozenset()
    task = Task.objects.get()
    assert (task.rank, task.need, task.n_labels, task.is_open) == (u / 0.8, 2, 1, True)
    assert claim_one(cast.bea).id == task.pk
    assert list_violations(project.pk) == []


def test_what_was_chosen_by_hand_and_is_drawn_by_now_moves_to_the_estimation_lane(project, plan):
    (item_id,) = store(project, name_between(0.2, 0.4))
    with transaction.atomic():
        open_chosen(project=project, item_ids=[item_id], need=3, reason="odd", now=NOW)
    tell(project, item_id, "feedback", -1)
    task = Task.objects.get()
    assert (task.lane, task.rank, task.need, task.reason) == (Lane.ESTIMATION, draws(item_id)[0].u / 0.5, 3, "odd")
    assert list_violations(project.pk) == []


def test_a_closed_task_stays_closed(project, plan):
    (item_id,) = store(project, name_between(0.02, 0.1))
    Task.objects.update(closed_reason="escalated")
    tell(project, item_id, "hint.doubt", 0.9)
    assert (Task.objects.get().closed_reason, Task.objects.get().need) == ("escalated", 1)


@pytest.mark.parametrize(("now", "n_draws"), [(JUST_BEFORE, 2), (JUST_AFTER, 1)])
def test_the_last_probability_before_the_window_closed_is_the_one_that_counts(project, plan, now, n_draws):
    (item_id,) = store(project, name_between(0.2, 0.4))
    tell(project, item_id, "feedback", -1, now=now)
    assert len(draws(item_id)) == n_draws


def test_after_the_window_a_fact_may_open_a_task_without_a_probability(project, plan):
    drawn, chosen, above = store(project, name_between(0, 0.1), name_between(0.2, 0.4), name_between(0.6, 0.7))
    for item_id, late in ((drawn, 0), (chosen, 1), (above, 0)):
        assert tell(project, item_id, "feedback", -1, now=JUST_AFTER, reason="too late") == Reoffered(late=late)
        assert len(draws(item_id)) == 1
    assert tell(project, chosen, "hint.doubt", 1, now=JUST_AFTER, reason="again") == Reoffered()
    task = Task.objects.get(item_id=chosen)
    assert (task.lane, task.reason) == (Lane.CHOSEN, "too late")
    assert not Task.objects.filter(item_id=above).exists()
    assert list_violations(project.pk) == []


def test_the_plan_by_which_the_item_was_drawn_is_asked_and_not_a_newer_one(project, plan):
    (item_id,) = store(project, name_between(0.2, 0.4))
    newer = parse_plan({"base_rate": 1, "rules": [{"name": "all", "when": {}, "rate": 1}], "settle_hours": 0})
    publish_plan(project=project, plan=newer, actor=None, now=NOW)
    (of_newer,) = store(project, name_between(0.4, 0.5))
    tell(project, item_id, "feedback", -1)
    assert [draw.plan_version for draw in draws(item_id)] == [plan, plan]
    assert tell(project, of_newer, "feedback", -1) == Reoffered()


def test_what_is_known_only_because_of_the_draw_enters_no_probability(project, plan):
    (item_id,) = store(project, name_between(0.2, 0.4))
    assert tell(project, item_id, "hint.doubt", 0.9, caused_by_draw=True) == Reoffered()
    assert tell(project, item_id, "feedback", -1).raised == {item_id}
    assert [draw.probability for draw in draws(item_id)] == [0.1, 0.5]
    assert tell(project, item_id, "hint.doubt", 0.9).raised == {item_id}


def test_what_checks_found_on_arrival_counts_again(project, plan):
    (item_id,) = store(project, name_between(0.2, 0.4))
    tell(project, item_id, "checks.json", "fail")
    tell(project, item_id, "hint.doubt", 0.1)
    assert draws(item_id)[-1].reasons == ["broken"]


def test_an_item_that_no_plan_was_offered_is_left_alone(project, plan):
    (bare,) = store_items(project, 1)
    assert tell(project, bare.pk, "feedback", 1, now=bare.received_at) == Reoffered()


def test_another_projects_items_are_left_alone(project, plan, cast):
    (item_id,) = store(project, name_between(0.2, 0.4))
    project.pk += 1
    with transaction.atomic():
        assert reoffer_items(project=project, item_ids=[item_id], late_reason=None, now=NOW) == Reoffered()


def test_the_database_refuses_a_draw_that_lowers_and_one_that_is_raised_twice(project, plan):
    (item_id,) = store(project, name_between(0.6, 0.7))
    tell(project, item_id, "feedback", -1)
    first = draws(item_id)[0]
    for raised_from, probability, rule in ((0.5, 0.4, "draw_only_ever_raises"), (0.1, 0.55, "draw_raised_once")):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Draw.objects.create(
                item_id=item_id, plan_version=plan, u=first.u, probability=probability, selected=False,
                reasons=[], at=NOW, raised_from=raised_from,
            )  # fmt: skip


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["feedback", "hint.doubt", "checks.json"]),
        st.sampled_from([-1, 0, 1]),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, at=st.integers(0, 30))
def test_in_whatever_order_things_become_known_the_highest_probability_in_time_decides(project, plan, steps, at):
    with transaction.atomic():
        (item_id,) = store(project, f"i{at}")
        u = draws(item_id)[0].u
        highest, known = 0.1, {}
        for name, value, hours, caused in sorted(steps, key=lambda step: step[2]):
            now = NOW + timedelta(hours=hours)
            said = {"feedback": value, "hint.doubt": value, "checks.json": "fail" if value < 0 else "pass"}[name]
            tell(project, item_id, name, said, now=now, caused_by_draw=caused)
            known[name] = None if caused else said
            if now < CLOSES and not caused:
                rates = [
                    0.1,
                    0.5 if (known.get("feedback") or 0) < 0 else 0,
                    0.8 if known.get("hint.doubt") == 1 else 0,
                ]
                broken = known.get("checks.json") == "fail" and known.get("hint.doubt") is not None
                highest = max(highest, *rates, 1 if broken else 0)
        rows = draws(item_id)
        assert rows[-1].probability == highest
        assert [row.probability for row in rows] == sorted({row.probability for row in rows})
        assert {row.u for row in rows} == {u}
        assert all(row.selected == (u < row.probability) for row in rows)
        assert all(row.at < CLOSES for row in rows)
        tasks = list(Task.objects.filter(item_id=item_id))
        assert len(tasks) == (u < highest)
        assert all((task.lane, task.rank) == (Lane.ESTIMATION, u / highest) for task in tasks)
        assert list_violations(project.pk) == []
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_of_facts_that_arrive_together_the_last_is_offered_with_both(project, plan):
    ids = store(project, *(f"i{number}" for number in range(30)))

    def run(name, value):
        try:
            for item_id in ids if name == "checks.json" else reversed(ids):
                tell(project, item_id, name, value)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as stages:
        list(stages.map(lambda fact: run(*fact), [("checks.json", "fail"), ("hint.doubt", 0.1)]))
    assert {draws(item_id)[-1].probability for item_id in ids} == {1.0}
    assert Task.objects.count() == len(ids)
    assert list_violations(project.pk) == []
