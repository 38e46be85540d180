"""What is not reached within the project's horizon is given up: whole hours of arrival at once, and nobody's work."""

from datetime import UTC, datetime, timedelta

import pytest

from annotations.models import Label, Task
from annotations.models.queue import Lane
from annotations.queue import retire
from annotations.queue.invariants import list_violations
from annotations.queue.retire import retire_old_tasks
from annotations.queue.send import open_chosen
from reviewapp.accounts.models import Project
from reviewapp.audit.models import AuditEvent
from reviewapp.http.errors import ConflictError
from sampling.plans.horizon import Backlog, read_backlog
from sampling.plans.publish import parse_plan, publish_plan
from tests.queue.items import add_items, end_leases, store_items
from tests.queue.services import claim, claim_one, submit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def arrived(project):
    """The hour in which the items of a test arrive; the project is older."""
    Project.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    project.refresh_from_db()
    yield datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    assert list_violations(project.pk) == []


def test_a_whole_hour_of_arrival_is_given_up_at_once_with_the_reason_and_on_record(project, arrived):
    add_items(project, [0.1, 0.2, 0.3], need=2)
    end = arrived + HOUR + 7 * DAY
    assert retire_old_tasks(end - timedelta(microseconds=1)) == 0
    assert read_backlog(project, now=end - HOUR) == Backlog(open=6, next_day=3, given_up=0)
    assert retire_old_tasks(end) == 3
    assert set(Task.objects.values_list("closed_reason", flat=True)) == {"horizon"}
    event = AuditEvent.objects.get(action="tasks.given_up")
    assert event.detail == {"tasks": 3, "lane": "estimation", "until": (arrived + HOUR).isoformat()}
    assert retire_old_tasks(end + DAY) == 0
    assert read_backlog(project, now=end) == Backlog(open=0, next_day=0, given_up=3)


def test_many_are_given_up_in_batches(project, arrived, monkeypatch):
    monkeypatch.setattr(retire, "BATCH", 2)
    add_items(project, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert retire_old_tasks(arrived + HOUR + 7 * DAY) == 5
    assert [event.detail["tasks"] for event in AuditEvent.objects.filter(action="tasks.given_up").order_by("pk")] == [
        2,
        2,
        1,
    ]


def test_what_somebody_has_leased_is_not_cut_off_and_labels_stay(project, cast, arrived):
    add_items(project, [0.1, 0.2])
    late = arrived + HOUR + 7 * DAY
    leased = claim_one(cast.rui)
    assert retire_old_tasks(late) == 1
    assert submit(cast.rui, leased).label.surplus is False
    add_items(project, [0.3], need=2, prefix="second")
    submit(cast.rui, claim_one(cast.rui))
    other = claim_one(cast.bea)
    # New ids are looked at although the hour was dealt with: the first pass had to wait for a lease.
    assert retire_old_tasks(late) == 0
    end_leases()
    claim(cast.ada)  # frees what has run out, and takes it
    end_leases()
    assert claim(cast.rui).why in {"seen_by_you", "all_done"}
    assert retire_old_tasks(late + HOUR) == 1
    assert Label.objects.filter(surplus=False).count() == 2
    with pytest.raises(ConflictError):
        submit(cast.bea, other)
    assert Label.objects.get(surplus=True).reviewer_name == "bea"


def test_an_item_is_worked_on_at_least_as_long_as_its_window_is_open(project, arrived):
    plan = parse_plan({"base_rate": 1, "settle_hours": 240})
    publish_plan(project=project, plan=plan, actor=None, now=arrived)
    add_items(project, [0.1])
    assert retire_old_tasks(arrived + HOUR + 10 * DAY - timedelta(seconds=1)) == 0
    assert retire_old_tasks(arrived + HOUR + 10 * DAY) == 1


def test_what_was_sent_by_hand_counts_from_its_sending(project, arrived):
    (item,) = store_items(project, 1)
    sent = arrived + 30 * DAY
    open_chosen(project=project, item_ids=[item.pk], need=1, reason="odd", now=sent)
    assert retire_old_tasks(sent + 7 * DAY) == 0
    assert retire_old_tasks(sent + 7 * DAY + timedelta(seconds=1)) == 1
    task = Task.objects.get()
    assert (task.lane, task.closed_reason) == (Lane.CHOSEN, "horizon")
