"""Handing an item on to an adjudicator: with a note, once, and counted until somebody has decided."""

import json

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from annotations.models import Draft, Escalation, Task
from annotations.models.queue import Stage
from annotations.queue.escalate import count_open_escalations
from annotations.queue.sweep import free_expired_leases
from reviewapp.audit.models import AuditEvent
from tests.queue.desk import claim, claim_one, submit
from tests.queue.items import add_items, end_leases

pytestmark = pytest.mark.usefixtures("sound")


def escalate(client, task, note="Is a refund owed here?", status=200):
    return client.post(f"/tasks/{task['id']}/escalate", {"lease": task["lease"]["token"], "note": note}, status=status)


def test_an_escalated_item_waits_for_the_adjudicator_and_for_nobody_else(project, rui, bea):
    add_items(project, [0.1])
    escalate(rui, claim_one(rui))
    assert (claim(rui)["tasks"], claim(bea)["tasks"]) == ([], [])
    assert claim(bea)["queue"] == {"open": 0, "leased": 0, "done": 0, "next_free_at": None}
    asked = Task.objects.get(stage=Stage.ADJUDICATION)
    assert (asked.is_open, asked.need) == (True, 1)
    assert count_open_escalations(project.pk) == 1


def test_where_several_labels_were_planned_others_are_still_asked(project, rui, bea):
    add_items(project, [0.1], need=2)
    escalate(rui, claim_one(rui))
    assert claim(rui)["why"] == "seen_by_you"
    submit(bea, claim_one(bea))
    assert Task.objects.get(stage=Stage.REVIEW).is_open
    assert count_open_escalations(project.pk) == 1


def test_two_who_escalate_an_item_ask_for_one_decision(project, rui, bea):
    add_items(project, [0.1], need=2)
    escalate(rui, claim_one(rui))
    escalate(bea, claim_one(bea), note="I do not know either")
    assert Task.objects.filter(stage=Stage.ADJUDICATION).count() == 1
    assert sorted(Escalation.objects.values_list("reviewer_name", flat=True)) == ["bea", "rui"]
    assert count_open_escalations(project.pk) == 1


def test_what_was_answered_so_far_goes_along_with_the_note(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    body = {"lease": task["lease"]["token"], "answers": {"verdict": "fail"}, "comment": "unsure"}
    rui.put(f"/tasks/{task['id']}/draft", body)
    escalate(rui, task, note="  Policy?  ")
    row = Escalation.objects.get()
    assert (row.note, row.answers, row.comment) == ("Policy?", {"verdict": "fail"}, "unsure")
    assert not Draft.objects.exists()


def test_what_is_sent_with_the_note_is_newer_than_the_draft(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    lease = task["lease"]["token"]
    rui.put(f"/tasks/{task['id']}/draft", {"lease": lease, "answers": {"verdict": "fail"}, "comment": "unsure"})
    rui.post(f"/tasks/{task['id']}/escalate", {"lease": lease, "note": "Policy?", "answers": {"verdict": "pass"}})
    row = Escalation.objects.get()
    assert (row.answers, row.comment) == ({"verdict": "pass"}, "unsure")


def test_the_same_escalation_again_changes_nothing(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    for _ in range(2):
        escalate(rui, task)
    assert Escalation.objects.count() == 1


def test_work_that_ran_out_can_be_escalated_while_somebody_else_has_it(project, rui, bea):
    add_items(project, [0.1])
    late = claim_one(rui)
    end_leases()
    free_expired_leases(timezone.now())
    task = claim_one(bea)
    escalate(rui, late)
    assert submit(bea, task)["label"]["surplus"] is False
    assert count_open_escalations(project.pk) == 1


def test_what_was_handed_on_is_no_longer_ones_own(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    escalate(rui, task)
    assert submit(rui, task, status=409)["error"]["code"] == "lease_lost"
    refusal = rui.post(f"/tasks/{task['id']}/renew", {"lease": task["lease"]["token"]}, status=409)
    assert refusal["error"]["code"] == "lease_lost"


@pytest.mark.parametrize("note", ["", "   ", "x" * 2001])
def test_an_escalation_says_what_is_to_be_decided(project, rui, note):
    add_items(project, [0.1])
    refusal = escalate(rui, claim_one(rui), note=note, status=422)
    assert refusal["error"]["fields"][0]["path"] == "note"


def test_the_audit_trail_holds_no_words_of_the_note(project, rui):
    add_items(project, [0.1])
    escalate(rui, claim_one(rui), note="Mrs Jones again")
    event = AuditEvent.objects.get(action="task.escalated")
    assert "Jones" not in json.dumps(event.detail)
    assert event.actor_name == "rui"


def test_an_escalation_never_changes(project, rui):
    add_items(project, [0.1])
    escalate(rui, claim_one(rui))
    with pytest.raises(DatabaseError), transaction.atomic():
        Escalation.objects.update(note="other words")


def test_the_metrics_count_what_waits(project, rui, client):
    add_items(project, [0.1])
    escalate(rui, claim_one(rui))
    assert b'open_escalations{project="helpdesk"} 1.0' in client.get("/metrics").content
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotations_task SET closed_reason = 'decided' WHERE stage = 2")
    assert b"open_escalations{" not in client.get("/metrics").content


def test_the_overview_tells_those_who_see_all_labels(project, cast, rui, browser_of):
    add_items(project, [0.1])
    escalate(rui, claim_one(rui))
    assert b"1 item escalated by reviewers" in browser_of(cast.lea).get("/p/helpdesk/").content
    assert b"escalated by reviewers" not in browser_of(cast.bea).get("/p/helpdesk/").content
