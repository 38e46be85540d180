"""The reviewer's path over the API: what a claim hands out, what a submit stores, and who may do neither."""

import json

import pytest
from django.utils import timezone

from annotations.models import Label
from reviewapp.audit.models import AuditEvent
from tests.queue.desk import PASS, claim, claim_one, submission, submit
from tests.queue.items import add_items

pytestmark = pytest.mark.usefixtures("sound")


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
    body = {**submission(task, next=1), "comment": None, "duration_ms": None}  # as clients say nothing
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
