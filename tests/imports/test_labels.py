"""Labels made elsewhere: what is stored, what is refused, and what they leave to do in the queue."""

import pytest
from django.utils import timezone

from annotations.models import Guard, Label, Task
from annotations.models.queue import GuardState, Lane
from annotations.queue.counters import count_queue
from annotations.queue.invariants import list_violations
from annotations.queue.sweep import free_expired_leases
from annotations.queue.watermarks import raise_watermark
from reviewapp.accounts.models import User
from reviewapp.accounts.people import remove_member
from reviewapp.audit.models import AuditEvent
from tests.queue.items import end_leases
from tests.queue.services import access_of
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/labels/import"
NDJSON = {"content_type": "application/x-ndjson"}


def label(external_id="a", reviewer="zoe", verdict="pass", **fields):
    return {"external_id": external_id, "reviewer": reviewer, "answers": {"verdict": verdict}, **fields}


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.post("/projects/helpdesk/items", {"items": [item("a"), item("b"), item("c")]})
    return client


def stored():
    return [
        (row.item.external_id, row.reviewer_name, row.answers["verdict"], row.superseded_by_id is None)
        for row in Label.objects.select_related("item").order_by("id")
    ]


def test_a_label_of_somebody_without_an_account_takes_a_seat(lea, project):
    result = lea.post(URL, ndjson(label(created_at="2026-01-02T03:04:05Z")), **NDJSON)
    assert result == {"accepted": 1, "duplicates": 0, "rejected": 0, "drawn": 0, "errors": []}
    (row,) = lea.get("/projects/helpdesk/labels")["results"]
    assert (row["external_id"], row["reviewer"], row["source"], row["surplus"]) == ("a", "zoe", "import", False)
    assert row["created_at"].startswith("2026-01-02T03:04:05")
    assert Task.objects.get(item__external_id="a").n_labels == 1
    assert count_queue(project.pk)[:3] == (2, 0, 1)
    assert list_violations(project.pk) == []


@pytest.mark.parametrize("shape", ["list", "items", "bare list", "one record"])
def test_json_comes_in_any_shape(lea, shape):
    lists = {"list": {"labels": [label()]}, "items": {"items": [label()]}, "bare list": [label()]}
    body = {**lists, "one record": label()}[shape]
    assert lea.post(URL, body)["accepted"] == 1


def test_the_same_again_is_a_duplicate_and_other_answers_supersede(lea, project):
    lea.post(URL, [label(), label()])
    assert lea.post(URL, [label()])["duplicates"] == 1
    result = lea.post(URL, [label(verdict="fail"), label(verdict="pass"), label(verdict="pass")])
    assert (result["accepted"], result["duplicates"]) == (2, 1)
    assert stored() == [
        ("a", "zoe", "pass", False),
        ("a", "zoe", "fail", False),
        ("a", "zoe", "pass", True),
    ]
    assert Label.objects.get(superseded_by=None).revision_reason
    assert Task.objects.get(item__external_id="a").n_labels == 1
    assert list_violations(project.pk) == []


def test_bad_lines_are_told_and_spoil_no_good_one(lea):
    lines = [
        label("nowhere"),
        label(verdict="maybe"),
        {"external_id": "a", "answers": {}},
        b"{nonsense",
        label("b"),
        {**label(), "colour": "red"},
        {**label(), "answers": {"verdict": "pass", "typo": 1}},
    ]
    result = lea.post(URL, ndjson(*lines), **NDJSON)
    assert (result["accepted"], result["rejected"]) == (1, 6)
    assert [(e["line"], e["code"], e["path"]) for e in result["errors"]] == [
        (3, "missing_field", "reviewer"),
        (4, "not_json", ""),
        (6, "unknown_field", "colour"),
        (1, "unknown_item", "external_id"),
        (2, "answers_invalid", "answers.verdict"),
        (7, "answers_invalid", "answers.typo"),
    ]


def test_more_labels_than_seats_stand_beside_the_task(lea, project):
    lea.post(URL, [label(reviewer=f"r{n}", verdict="pass" if n % 3 else "fail") for n in range(6)])
    assert Label.objects.filter(surplus=False, superseded_by=None).count() == 6
    assert Label.objects.filter(task=None).count() == 5
    (resolution,) = lea.get("/projects/helpdesk/resolutions?method=majority")["results"]
    assert (resolution["answers"], resolution["n_labels"]) == ({"verdict": "pass"}, 6)
    assert list_violations(project.pk) == []


def test_a_member_is_not_given_the_item_again(lea, cast, project, api_of):
    lea.post(URL, [label(reviewer="rui"), label("b", reviewer="rui")])
    rui = api_of(cast.rui)
    given = rui.post("/projects/helpdesk/tasks/claim", {"count": 5})["tasks"]
    assert [task["item"]["external_id"] for task in given] == ["c"]
    assert Label.objects.filter(reviewer=cast.rui).count() == 2
    assert list_violations(project.pk) == []


def test_a_member_who_holds_the_item_gives_its_seat_to_the_import(lea, cast, project, api_of):
    rui = api_of(cast.rui)
    (task,) = rui.post("/projects/helpdesk/tasks/claim", {})["tasks"]
    lea.post(URL, [label(task["item"]["external_id"], reviewer="rui")])
    assert count_queue(project.pk)[:3] == (2, 0, 1)
    body = {"lease": task["lease"]["token"], "answers": {"verdict": "fail"}, "submit_id": "s"}
    refused = rui.post(f"/tasks/{task['id']}/label", body, status=409)
    assert refused["error"]["code"] == "already_labelled"
    assert list_violations(project.pk) == []


@pytest.mark.parametrize("left", [False, True])
def test_who_comes_back_finishes_nothing_that_is_on_record_under_their_name(lea, cast, project, api_of, left):
    olga, rui = api_of(cast.olga), api_of(cast.rui)
    olga.patch("/projects/helpdesk", {"overlap": 2})
    lea.post("/projects/helpdesk/items", {"items": [item("d"), item("e")]})
    (task,) = rui.post("/projects/helpdesk/tasks/claim", {})["tasks"]
    if left:
        end_leases()
        free_expired_leases(timezone.now())
    remove_member(access_of(cast.olga), username="rui", now=timezone.now())
    lea.post(URL, [label(task["item"]["external_id"], reviewer="rui")])
    raise_watermark(project_id=project.pk, lane=Lane.ESTIMATION)
    olga.post("/projects/helpdesk/members", {"username": "rui", "role": "reviewer"}, status=201)
    body = {"lease": task["lease"]["token"], "answers": {"verdict": "fail"}, "submit_id": "s"}
    refused = rui.post(f"/tasks/{task['id']}/label", body, status=409)
    assert refused["error"]["code"] == "already_labelled"
    given = rui.post("/projects/helpdesk/tasks/claim", {"count": 9})["tasks"]
    assert len(given) == 4
    assert task["id"] not in {each["id"] for each in given}
    to_others = api_of(cast.bea).post("/projects/helpdesk/tasks/claim", {"count": 9})["tasks"]
    # Where the seat was free, the label took it; where a lease held it, it is free for others now.
    assert (task["id"] in {each["id"] for each in to_others}) == (not left)
    assert list_violations(project.pk) == []


def test_who_labelled_before_there_was_a_task_is_guarded_when_it_opens(lea, cast, project, api_of):
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": []})
    lea.post("/projects/helpdesk/items", {"items": [item("late")]})
    lea.post(URL, [label("late", reviewer="rui")])
    lea.post("/projects/helpdesk/tasks", {"external_ids": ["late"], "reason": "odd"}, status=201)
    task = Task.objects.get(item__external_id="late")
    assert Guard.objects.get(task=task, reviewer=cast.rui).state == GuardState.LABELLED
    assert list_violations(project.pk) == []


def test_a_reviewer_who_becomes_a_member_is_never_given_what_they_labelled(lea, cast, project, api_of):
    lea.put("/projects/helpdesk/plan", {"base_rate": 1, "rules": [], "overlap": 2})
    lea.post("/projects/helpdesk/items", {"items": [item("twice")]})
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": []})
    lea.post("/projects/helpdesk/items", {"items": [item("late")]})
    lea.post(URL, [label(name, reviewer="newcomer") for name in ("a", "twice", "late")])
    lea.post("/projects/helpdesk/members", {"username": "newcomer", "role": "reviewer"}, status=201)
    lea.post("/projects/helpdesk/tasks", {"external_ids": ["late"], "reason": "odd"}, status=201)
    newcomer = api_of(User.objects.get(username="newcomer"))
    given = newcomer.post("/projects/helpdesk/tasks/claim", {"count": 9})["tasks"]
    assert sorted(task["item"]["external_id"] for task in given) == ["b", "c"]
    lea.post(URL, [label(reviewer="newcomer", verdict="fail")])
    guards = Guard.objects.filter(reviewer__username="newcomer", state=GuardState.LABELLED)
    assert guards.count() == 3
    assert list_violations(project.pk) == []


def test_what_labels_export_is_taken_back_in_as_duplicates(lea):
    lea.post(URL, [label(comment="ok", duration_ms=900), label(reviewer="kim", comment=None, duration_ms=None)])
    exported = lea.get("/projects/helpdesk/labels?format=jsonl")
    assert lea.post(URL, exported, **NDJSON)["duplicates"] == 2


def test_an_import_without_a_rubric_says_what_to_do(cast, api_of):
    olga = api_of(cast.olga, site=True)
    cast.olga.is_superuser = True
    cast.olga.save()
    olga.post("/projects", {"slug": "bare", "name": "Bare"}, status=201)
    assert olga.post("/projects/bare/labels/import", [label()], status=409)["error"]["code"] == "no_rubric"


def test_the_audit_holds_numbers_and_digests_and_no_answers(lea):
    lea.post(URL, [label(), label("b")])
    event = AuditEvent.objects.get(action="labels.imported")
    assert event.detail["accepted"] == 2
    assert "pass" not in str(event.detail)
