"""Second thoughts over the API: undo within the window, and revision after it."""

import pytest

from annotations.models import Label, Task
from tests.queue.desk import PASS, claim, claim_one, submission, submit
from tests.queue.items import add_items

pytestmark = pytest.mark.usefixtures("sound")


def test_undo_brings_the_task_back_with_its_answers(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    body = submission(task, {"verdict": "fail"}, comment="oops")
    rui.post(f"/tasks/{task['id']}/label", body, status=201)
    again = rui.post("/labels/undo", {"submit_id": body["submit_id"]})
    assert again["id"] == task["id"]
    assert again["draft"] == {"answers": {"verdict": "fail"}, "comment": "oops"}
    assert claim(bea)["why"] == "leased_by_others"
    answer = submit(rui, again, {"verdict": "pass"})
    assert answer["label"]["answers"] == {"verdict": "pass"}
    assert Label.objects.filter(withdrawn_at__isnull=True).count() == 1


def test_an_undone_submit_that_arrives_again_is_refused(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    body = submission(task)
    rui.post(f"/tasks/{task['id']}/label", body, status=201)
    rui.post("/labels/undo", {"submit_id": body["submit_id"]})
    refusal = rui.post(f"/tasks/{task['id']}/label", body, status=409)
    assert refusal["error"]["code"] == "submit_voided"


def test_undo_overtakes_a_submit_that_has_not_arrived(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    body = submission(task)
    assert rui.post("/labels/undo", {"submit_id": body["submit_id"]}) == {"voided": True}
    refusal = rui.post(f"/tasks/{task['id']}/label", body, status=409)
    assert refusal["error"]["code"] == "submit_voided"
    submit(rui, task)  # the lease is still there for a new submit


def test_undo_twice_is_refused(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    body = submission(task)
    rui.post(f"/tasks/{task['id']}/label", body, status=201)
    rui.post("/labels/undo", {"submit_id": body["submit_id"]})
    assert rui.post("/labels/undo", {"submit_id": body["submit_id"]}, status=409)["error"]["code"] == "already_undone"


def test_undo_ends_with_its_window(project, rui):
    project.undo_seconds = 0
    project.save()
    add_items(project, [0.1])
    task = claim_one(rui)
    body = submission(task)
    rui.post(f"/tasks/{task['id']}/label", body, status=201)
    assert rui.post("/labels/undo", {"submit_id": body["submit_id"]}, status=409)["error"]["code"] == "undo_expired"


def test_a_revision_supersedes_with_a_reason(project, rui):
    add_items(project, [0.1])
    first = submit(rui, claim_one(rui))["label"]
    revised = rui.post(
        f"/labels/{first['id']}/revise", {"answers": {"verdict": "fail"}, "reason": "read it again"}, status=201
    )
    assert revised["answers"] == {"verdict": "fail"}
    assert Label.objects.get(pk=first["id"]).superseded_by_id == revised["id"]
    assert Task.objects.get().n_labels == 1
    refusal = rui.post(f"/labels/{first['id']}/revise", {"answers": PASS, "reason": "hm"}, status=409)
    assert refusal["error"]["code"] == "label_ended"


@pytest.mark.parametrize("reason", ["", "x" * 1001])
def test_a_revision_gives_its_reason(project, rui, reason):
    add_items(project, [0.1])
    label = submit(rui, claim_one(rui))["label"]
    refusal = rui.post(f"/labels/{label['id']}/revise", {"answers": PASS, "reason": reason}, status=422)
    assert refusal["error"]["fields"][0]["path"] == "reason"


def test_a_revised_label_cannot_be_undone(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    body = submission(task)
    label = rui.post(f"/tasks/{task['id']}/label", body, status=201)["label"]
    rui.post(f"/labels/{label['id']}/revise", {"answers": PASS, "reason": "hm"}, status=201)
    assert rui.post("/labels/undo", {"submit_id": body["submit_id"]}, status=409)["error"]["code"] == "not_undoable"


def test_only_its_reviewer_revises_a_label(project, rui, bea):
    add_items(project, [0.1])
    label = submit(rui, claim_one(rui))["label"]
    bea.post(f"/labels/{label['id']}/revise", {"answers": PASS, "reason": "no"}, status=404)
