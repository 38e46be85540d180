"""The reviewer's path over the API: claim, label, renew, release, skip, draft, undo, revise."""

import json
import uuid

import pytest
from django.utils import timezone

from annotations.models import Label, Lease, Task
from annotations.queue.invariants import list_violations
from reviewapp.audit.models import AuditEvent
from tests.queue.items import add_items, end_leases

PASS = {"verdict": "pass"}


@pytest.fixture
def rui(cast, api_of):
    return api_of(cast.rui, "label", "read")


@pytest.fixture
def bea(cast, api_of):
    return api_of(cast.bea, "label", "read")


def claim(client, count=1):
    return client.post("/projects/helpdesk/tasks/claim", {"count": count})


def claim_one(client):
    (task,) = claim(client)["tasks"]
    return task


def submission(task, answers=PASS, **more):
    return {"lease": task["lease"]["token"], "answers": answers, "submit_id": str(uuid.uuid4()), **more}


def submit(client, task, answers=PASS, status=201, **more):
    return client.post(f"/tasks/{task['id']}/label", submission(task, answers, **more), status=status)


@pytest.fixture(autouse=True)
def _queue_stays_sound(request, project):
    yield
    assert list_violations(project.pk) == []


def test_a_claim_hands_out_the_best_ranked_item_with_rubric_and_counts(project, rui):
    add_items(project, [0.5, 0.1, 0.9])
    answer = claim(rui)
    (task,) = answer["tasks"]
    assert task["item"]["external_id"] == "item-1"
    assert task["rubric"]["version"] == 1
    assert [question["key"] for question in task["rubric"]["questions"]] == ["verdict", "note"]
    assert answer["queue"] == {"open": 2, "leased": 1, "done": 0, "next_free_at": None}
    assert "why" not in answer


def test_a_blind_claim_holds_nothing_but_the_work(project, rui):
    add_items(project, [0.5])
    answer = claim(rui)
    text = json.dumps(answer)
    assert "SECRET" not in text
    assert "AI-DECISION" not in text
    assert "0.123456" not in text
    assert set(answer["tasks"][0]["item"]) == {
        "external_id",
        "input",
        "output",
        "context",
        "steps",
        "occurred_at",
    }


def test_a_page_that_asks_gets_items_as_html_of_the_same_fields_and_programs_pay_nothing(project, rui):
    add_items(project, [0.5, 0.6, 0.7])
    assert "view" not in claim_one(rui)
    answer = rui.post("/projects/helpdesk/tasks/claim", {"count": 1}, headers={"item-view": "html"})
    (task,) = answer["tasks"]
    assert "answer 1" in task["view"]
    assert f'id="t{task["id"]}' not in task["view"]  # nothing in it needs one
    assert "SECRET" not in task["view"]
    packed = rui.client.post(
        "/api/v1/projects/helpdesk/tasks/claim",
        {"count": 1},
        content_type="application/json",
        headers={"item-view": "html", "accept-encoding": "gzip"},
    )
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "AI-DECISION" not in task["view"]


def test_an_open_project_shows_the_ai_side_too(project, rui):
    project.blind = False
    project.save()
    add_items(project, [0.5])
    item = claim_one(rui)["item"]
    assert (item["decision"], item["model"], item["metadata"]) == (
        "AI-DECISION",
        "SECRET-MODEL",
        {"gold": "SECRET-GOLD"},
    )


def test_submit_stores_the_label_and_brings_the_next_task(project, rui):
    add_items(project, [0.1, 0.2])
    task = claim_one(rui)
    answer = submit(rui, task, {"verdict": "fail", "note": "wrong price"}, comment="hm", duration_ms=1234, next=1)
    assert answer["label"]["answers"] == {"verdict": "fail", "note": "wrong price"}
    assert (answer["label"]["external_id"], answer["label"]["reviewer"]) == ("item-0", "rui")
    assert (answer["label"]["source"], answer["label"]["surplus"]) == ("queue", False)
    assert [task["item"]["external_id"] for task in answer["tasks"]] == ["item-1"]
    assert AuditEvent.objects.filter(action="label.created", object_id=answer["label"]["id"]).count() == 1


def test_the_same_submit_again_gets_the_first_answer_and_the_same_leases(project, rui):
    add_items(project, [0.1, 0.2, 0.3])
    task = claim_one(rui)
    body = submission(task, next=1)
    first = rui.post(f"/tasks/{task['id']}/label", body, status=201)
    again = rui.post(f"/tasks/{task['id']}/label", body, status=201)
    assert again == first
    assert Label.objects.count() == 1


def test_a_submit_id_of_another_task_is_refused(project, rui):
    add_items(project, [0.1, 0.2])
    one, two = claim(rui, 2)["tasks"]
    body = submission(one)
    rui.post(f"/tasks/{one['id']}/label", body, status=201)
    refusal = rui.post(f"/tasks/{two['id']}/label", {**body, "lease": two["lease"]["token"]}, status=409)
    assert refusal["error"]["code"] == "submit_id_reused"


def test_a_reviewer_never_gets_an_item_twice(project, rui):
    add_items(project, [0.1], need=2)
    submit(rui, claim_one(rui))
    answer = claim(rui)
    assert (answer["tasks"], answer["why"]) == ([], "seen_by_you")


def test_two_labels_of_two_people_finish_an_item_with_overlap_2(project, rui, bea):
    add_items(project, [0.1], need=2)
    submit(rui, claim_one(rui))
    submit(bea, claim_one(bea))
    answer = claim(bea)
    assert answer["why"] == "all_done"
    assert answer["queue"] == {"open": 0, "leased": 0, "done": 2, "next_free_at": None}


def test_nothing_for_you_names_the_lease_of_another(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    answer = claim(bea)
    assert answer["why"] == "leased_by_others"
    assert answer["queue"]["next_free_at"] == task["lease"]["expires_at"]


def test_an_empty_project_is_all_done(project, rui):
    assert claim(rui)["why"] == "all_done"


def test_one_who_holds_the_last_task_in_another_tab_has_seen_it(project, rui):
    add_items(project, [0.1])
    claim_one(rui)
    assert claim(rui)["why"] == "seen_by_you"


def test_without_a_rubric_there_is_nothing_to_claim(cast, api_of, project):
    from annotations.projects import create_project
    from reviewapp.accounts.projects import ProjectSpec

    create_project(
        owner=cast.olga, spec=ProjectSpec(slug="bare", name="Bare"), rubric=None, actor=None, now=timezone.now()
    )
    client = api_of(cast.olga, "label", site=True)
    refusal = client.post("/projects/bare/tasks/claim", {}, status=409)
    assert refusal["error"]["code"] == "no_rubric"


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({}, "answers.verdict"),
        ({"verdict": "maybe"}, "answers.verdict"),
        ({"verdict": 1}, "answers.verdict"),
        ({"verdict": "pass", "note": "x" * 201}, "answers.note"),
        ({"verdict": "pass", "note": ["x"]}, "answers.note"),
        ({"verdict": "pass", "note": "a\x00b"}, "answers.note"),
        ({"verdict": "pass", "extra": "x"}, "answers.extra"),
    ],
)
def test_answers_against_the_rubric_are_refused_at_their_place(project, rui, answers, path):
    add_items(project, [0.1])
    task = claim_one(rui)
    refusal = submit(rui, task, answers, status=422)["error"]
    assert refusal["code"] == "answers_invalid"
    assert [field["path"] for field in refusal["fields"]] == [path]
    submit(rui, task)  # the lease is as it was


@pytest.mark.parametrize("token", ["", "nonsense", "34f33e1e-14bf-4262-bf32-5081d9541699"])
@pytest.mark.parametrize(
    ("method", "action", "more"),
    [
        ("post", "label", {"answers": PASS, "submit_id": "s"}),
        ("post", "renew", {}),
        ("post", "release", {}),
        ("post", "skip", {"reason": "unclear"}),
        ("post", "escalate", {"note": "unclear"}),
        ("put", "draft", {"answers": {}}),
    ],
)
def test_a_wrong_token_is_a_lost_lease_everywhere(project, rui, token, method, action, more):
    add_items(project, [0.1])
    task = claim_one(rui)
    refusal = getattr(rui, method)(f"/tasks/{task['id']}/{action}", {"lease": token, **more}, status=409)
    assert refusal["error"]["code"] == "lease_lost"


def test_another_reviewers_token_is_a_lost_lease(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    assert submit(bea, task, status=409)["error"]["code"] == "lease_lost"


def test_labelling_twice_is_refused(project, rui):
    add_items(project, [0.1], need=2)
    task = claim_one(rui)
    submit(rui, task)
    assert submit(rui, task, status=409)["error"]["code"] == "already_labelled"


def test_a_lease_past_its_time_still_counts_while_nobody_took_the_seat(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    assert submit(rui, task)["label"]["surplus"] is False


def test_a_swept_lease_whose_seat_is_free_is_accepted(project, rui):
    from annotations.queue.sweep import free_expired_leases

    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    assert free_expired_leases(timezone.now()) == 1
    assert submit(rui, task)["label"]["surplus"] is False


def test_a_taken_seat_keeps_the_late_answers_as_surplus(project, rui, bea):
    add_items(project, [0.1])
    late = claim_one(rui)
    end_leases()
    submit(bea, claim_one(bea), {"verdict": "fail"})
    body = submission(late)
    for _ in range(2):  # said again, answered again, stored once
        refusal = rui.post(f"/tasks/{late['id']}/label", body, status=409)
        assert refusal["error"]["code"] == "lease_lost"
    surplus = Label.objects.get(reviewer__username="rui")
    assert (surplus.surplus, surplus.answers) == (True, PASS)
    assert claim(rui)["why"] == "all_done"


def test_expired_work_is_offered_again_to_its_reviewer_with_the_draft(project, rui):
    add_items(project, [0.1, 0.2], need=2)
    task = claim_one(rui)
    rui.put(
        f"/tasks/{task['id']}/draft",
        {"lease": task["lease"]["token"], "answers": {"note": "half done"}, "comment": "c"},
    )
    end_leases()
    from annotations.queue.sweep import free_expired_leases

    free_expired_leases(timezone.now())
    again = claim_one(rui)
    assert again["id"] == task["id"]
    assert again["lease"]["token"] != task["lease"]["token"]
    assert again["draft"] == {"answers": {"note": "half done"}, "comment": "c"}


def test_a_prefetched_task_given_back_leaves_no_trace(project, rui):
    add_items(project, [0.1, 0.2])
    _, ahead = claim(rui, 2)["tasks"]
    rui.post(f"/tasks/{ahead['id']}/release", {"lease": ahead["lease"]["token"]})
    assert claim_one(rui)["id"] == ahead["id"]


def test_a_shown_task_given_back_comes_again_to_its_reviewer_first(project, rui):
    add_items(project, [0.1, 0.2])
    task = claim_one(rui)
    rui.post(f"/tasks/{task['id']}/release", {"lease": task["lease"]["token"]})
    assert claim_one(rui)["id"] == task["id"]


def test_renewing_marks_a_prefetched_task_as_shown_and_lengthens_its_lease(project, rui):
    add_items(project, [0.1, 0.2])
    first, ahead = claim(rui, 2)["tasks"]
    assert ahead["lease"]["expires_at"] < first["lease"]["expires_at"]
    renewed = rui.post(f"/tasks/{ahead['id']}/renew", {"lease": ahead["lease"]["token"]})
    assert renewed["expires_at"] >= first["lease"]["expires_at"]
    assert Lease.objects.get(task_id=ahead["id"]).shown_at is not None


def test_a_swept_lease_is_regained_by_renewing_while_the_seat_is_free(project, rui, bea):
    from annotations.queue.sweep import free_expired_leases

    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    free_expired_leases(timezone.now())
    rui.post(f"/tasks/{task['id']}/renew", {"lease": task["lease"]["token"]})
    assert claim(bea)["why"] == "leased_by_others"


def test_a_swept_lease_whose_seat_is_taken_is_not_regained(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    claim_one(bea)
    refusal = rui.post(f"/tasks/{task['id']}/renew", {"lease": task["lease"]["token"]}, status=409)
    assert refusal["error"]["code"] == "lease_lost"


def test_a_skipped_task_goes_to_others_and_never_comes_back(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    rui.post(f"/tasks/{task['id']}/skip", {"lease": task["lease"]["token"], "reason": "not my language"})
    assert claim(rui)["why"] == "seen_by_you"
    assert claim_one(bea)["id"] == task["id"]
    assert submit(rui, task, status=409)["error"]["code"] == "lease_lost"


def test_expired_work_can_be_skipped(project, rui):
    from annotations.queue.sweep import free_expired_leases

    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    free_expired_leases(timezone.now())
    rui.post(f"/tasks/{task['id']}/skip", {"lease": task["lease"]["token"], "reason": "unclear"})
    assert claim(rui)["why"] == "seen_by_you"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_skip_says_why_in_a_few_words(project, rui, reason):
    add_items(project, [0.1])
    task = claim_one(rui)
    refusal = rui.post(f"/tasks/{task['id']}/skip", {"lease": task["lease"]["token"], "reason": reason}, status=422)
    assert refusal["error"]["fields"][0]["path"] == "reason"


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


def test_a_label_speaks_of_the_rubric_that_was_shown(project, rui, cast):
    from annotations.rubrics.publish import publish_rubric
    from tests.conftest import RUBRIC

    add_items(project, [0.1])
    task = claim_one(rui)
    newer = {**RUBRIC, "questions": [{**RUBRIC["questions"][0], "key": "renamed"}]}
    publish_rubric(project=project, body=newer, actor=None, now=timezone.now())
    assert submit(rui, task)["label"]["rubric_version"] == 1


@pytest.mark.parametrize("count", [0, 51, "many"])
def test_a_claim_asks_for_a_sane_number(project, rui, count):
    assert rui.call("post", "/projects/helpdesk/tasks/claim", b"")["why"] == "all_done"  # nothing said: one
    refusal = rui.post("/projects/helpdesk/tasks/claim", {"count": count}, status=422)
    assert refusal["error"]["fields"][0]["path"] == "count"


def test_strangers_find_no_task_and_no_label(project, rui, cast, api_of):
    add_items(project, [0.1])
    task = claim_one(rui)
    label = submit(rui, task)["label"]
    stan = api_of(cast.stan, site=True)
    stan.post("/projects/helpdesk/tasks/claim", {}, status=404)
    for action in ("label", "renew", "release", "skip"):
        body = {"label": submission(task), "skip": {"lease": "x", "reason": "x"}}.get(action, {"lease": "x"})
        stan.post(f"/tasks/{task['id']}/{action}", body, status=404)
    stan.put(f"/tasks/{task['id']}/draft", {"lease": "x"}, status=404)
    stan.post(f"/labels/{label['id']}/revise", {"answers": PASS, "reason": "x"}, status=404)
    stan.post("/labels/undo", {"submit_id": "x"}, status=404)


def test_an_unknown_task_is_not_found(project, rui):
    rui.post("/tasks/999999999/renew", {"lease": "x"}, status=404)
    rui.post("/labels/999999999/revise", {"answers": {}, "reason": "x"}, status=404)


@pytest.mark.parametrize("name", ["pat", "vic"])
def test_roles_that_do_not_label_are_told_so(project, cast, api_of, name):
    client = api_of(getattr(cast, name), "label")
    client.post("/projects/helpdesk/tasks/claim", {}, status=403)
    client.post("/labels/undo", {"submit_id": "x"}, status=403)


def test_a_token_without_the_label_scope_is_told_so(project, cast, api_of):
    refusal = api_of(cast.rui, "read").post("/projects/helpdesk/tasks/claim", {}, status=403)
    assert refusal["error"]["code"] == "missing_scope"


def test_metrics_tell_the_seats_of_each_project(project, rui, client):
    add_items(project, [0.1, 0.2], need=2)
    submit(rui, claim_one(rui))
    text = client.get("/metrics").content.decode()
    assert 'queue_seats{project="helpdesk",state="open"} 3.0' in text
    assert 'queue_seats{project="helpdesk",state="done"} 1.0' in text
