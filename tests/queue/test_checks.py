"""The nightly check, and the edges of filling the queue."""

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Task
from annotations.queue.fill import open_tasks
from annotations.queue.invariants import RULES, Violation, check_queue, list_violations
from annotations.queue.sweep import plan_queue_checks
from reviewapp.jobs.models import Intent
from sampling.draws.selected import Selected
from tests.conftest import NOW
from tests.queue.items import add_items
from tests.queue.services import claim_one, submit

_GOLD = """
    INSERT INTO annotations_gold
        (project_id, item_id, task_id, added_by_id, added_at, counts_from, retired_at, retired_reason)
    SELECT project_id, item_id, id, (SELECT min(id) FROM accounts_user), now(), now(), {retired}
    FROM annotations_task WHERE is_open LIMIT 1
"""
# One way to break each rule behind the services' back.
BREAKS = {
    "a task's leases are counted": "UPDATE annotations_task SET n_leases = 0 WHERE n_leases = 1",
    "a task's labels are counted": "UPDATE annotations_task SET n_labels = 0 WHERE n_labels = 1",
    "an output's grades are counted": """
        INSERT INTO annotations_task (project_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
        SELECT project_id, 4, 2, 0, 1, 0, 1, '', now() FROM annotations_task LIMIT 1
    """,
    "a task has at most the labels that were planned, and those that were asked for besides": (
        "INSERT INTO annotations_extralabel (label_id) SELECT id FROM annotations_label"
    ),
    "every lease has a leased guard with its token": "UPDATE annotations_lease SET token = gen_random_uuid()",
    "every leased guard has a lease": "DELETE FROM annotations_lease",
    "every active label of a person at a task has a guard that says so": (
        "UPDATE annotations_guard SET state = 3 WHERE state = 2"
    ),
    "golds are labelled as such, and nothing else is": "UPDATE annotations_task SET stage = 3 WHERE n_labels = 1",
    "a gold's item is asked of nobody in review": _GOLD.format(retired="NULL, ''"),
    "a gold is open exactly while it is live": _GOLD.format(retired="now(), 'wrong'"),
    "no lane's watermark is above an open task": "UPDATE annotations_watermark SET rank = 0.95",
    "the counters are the sums": "UPDATE annotations_queuecounter SET done = done + 1 WHERE shard = 0",
}


@pytest.fixture
def busy_queue(project, cast):
    """One task labelled, one leased, one open."""
    add_items(project, [0.1, 0.2, 0.9])
    submit(cast.rui, claim_one(cast.rui))
    claim_one(cast.bea)


def test_every_rule_has_a_way_to_break_it():
    assert BREAKS.keys() == RULES.keys()


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_found_by_its_name(project, busy_queue, rule):
    with connection.cursor() as cursor:
        cursor.execute(BREAKS[rule])
    assert rule in {violation.rule for violation in list_violations(project.pk)}


def test_a_broken_rule_is_logged_as_an_error(project, busy_queue, monkeypatch):
    told = []
    monkeypatch.setattr("annotations.queue.invariants.log.error", lambda event, **more: told.append((event, more)))
    with connection.cursor() as cursor:
        cursor.execute(BREAKS["the counters are the sums"])
    check_queue({"project_id": project.pk}, NOW)
    broken = Violation("the counters are the sums", 1)
    assert told == [("queue_invariant_broken", {"project_id": project.pk, **broken._asdict()})]


def test_each_projects_queue_is_checked_once_a_day(project):
    assert plan_queue_checks(NOW) == 1
    assert plan_queue_checks(NOW) == 0
    assert Intent.objects.filter(kind="check_queue").count() == 1


def test_nothing_selected_opens_nothing(project):
    assert open_tasks(project=project, selected=[], now=timezone.now()) == 0


def test_an_item_has_one_review_task_however_often_it_is_selected(project):
    (item,) = add_items(project, [0.5])
    assert open_tasks(project=project, selected=[Selected(item.pk, 0.1, 3)], now=timezone.now()) == 0
    assert Task.objects.get().need == 1
