"""Cases: which come first, who is given them, what an adjudicator sees, and what becomes of a decision."""

import json

import pytest
from django.utils import timezone

from annotations.adjudication.agreed import agreed_part
from annotations.adjudication.cases import find_all_cases
from annotations.labels.revise import revise_label
from annotations.models import Adjudication, AdjudicationHold, GuidelineTodo, Label, Task
from annotations.models.queue import Stage
from annotations.queue.escalate import escalate_task
from annotations.queue.invariants import list_violations
from annotations.rubrics.publish import publish_rubric
from reviewapp.audit.models import AuditEvent
from tests.conftest import NOW, RUBRIC
from tests.queue.items import add_items
from tests.queue.services import access_of, claim_one, submit

BASE = "/p/helpdesk/adjudicate"
GRADE = {"key": "grade", "kind": "rating", "title": "How good?", "min": 1, "max": 3}


class Desk:
    """A person's browser at the adjudicator's page."""

    def __init__(self, client):
        self.client = client

    def post(self, path, body=None, *, status=200):
        response = self.client.post(f"{BASE}/{path}", json.dumps(body or {}), content_type="application/json")
        assert response.status_code == status, response.content
        return response.json()

    def next(self, **body):
        return self.post("next", body)["case"]

    def decide(self, case, verdict="pass", *, status=200, **more):
        body = {"external_id": case["external_id"], "task": case["task"], "answers": {"verdict": verdict, "grade": 2}}
        return self.post("decide", {**body, **more}, status=status)


@pytest.fixture
def ada(project, cast, browser_of):
    return Desk(browser_of(cast.ada))


def escalate(person, items):
    """Hand the person's next task on, and return the case that it makes."""
    task = claim_one(person)
    escalate_task(
        access=access_of(person),
        task_id=task.id,
        token=task.token,
        note="Which policy?",
        answers={"verdict": "fail"},
        now=NOW,
    )
    return Task.objects.get(stage=Stage.ADJUDICATION, item=items[0]).pk


@pytest.fixture
def items(project, cast):
    """Four items with two labels each: the first agrees, two differ in one question, the last in both."""
    publish_rubric(project=project, body={**RUBRIC, "questions": [*RUBRIC["questions"], GRADE]}, actor=None, now=NOW)
    add_items(project, [0.1, 0.2, 0.3, 0.4], need=2)
    for person, given in (
        (cast.rui, [("pass", 1), ("pass", 1), ("pass", 1), ("pass", 1)]),
        (cast.bea, [("pass", 1), ("fail", 1), ("pass", 2), ("fail", 2)]),
    ):
        for verdict, grade in given:
            submit(person, claim_one(person), answers={"verdict": verdict, "grade": grade, "note": person.username})


def test_costly_cases_come_first_and_no_two_people_get_one(project, cast, items, ada, browser_of, api_of):
    lea = Desk(browser_of(cast.lea))
    first, second = ada.next(), lea.next()
    assert (first["external_id"], first["cost"], first["differing"]) == ("item-3", 2, ["verdict", "grade"])
    assert second["external_id"] == "item-1"
    assert ada.next()["external_id"] == "item-3"  # a reload brings back what one holds
    assert ada.post("next")["waiting"] == {"escalations": 0, "disagreements": 3}
    assert ada.post(f"{second['task']}/keep", status=409)["error"]["code"] == "case_taken"
    assert ada.decide(second, status=409)["error"]["code"] == "case_taken"
    lea.post(f"{second['task']}/keep")
    AdjudicationHold.objects.filter(task=second["task"]).update(expires_at=NOW)
    assert ada.next(later=[first["task"]])["external_id"] == "item-1"  # its time was over
    assert lea.decide(second, status=409)["error"]["code"] == "case_taken"
    lea.post(f"{first['task']}/leave")  # not hers: nothing happens
    assert lea.next()["external_id"] == "item-2"
    costs = [{"question": "grade", "a": 2, "b": 1, "cost": 9}]
    api_of(cast.lea).patch("/projects/helpdesk", {"disagreement_costs": costs})
    bad = [{**costs[0], "cost": -1}]
    assert api_of(cast.lea).patch("/projects/helpdesk", {"disagreement_costs": bad}, status=422)
    AdjudicationHold.objects.all().delete()
    cases = [ada.next(), ada.next(later=[first["task"]])]
    assert [(case["external_id"], case["cost"]) for case in cases] == [("item-3", 10), ("item-2", 9)]
    assert find_all_cases(timezone.now()) >= 0
    assert list_violations(project.pk) == []


def test_names_are_hidden_until_it_is_decided_and_what_is_agreed_is_filled_in(
    project, cast, items, ada, api_of, browser_of
):
    case = ada.next()
    assert case["prefill"] == {}
    case = ada.next(later=[case["task"]])
    assert (case["external_id"], case["prefill"], case["agreed"]) == ("item-1", {"grade": 1}, ["grade"])
    for word in ("rui", "bea"):
        case["opinions"] = [{**one, "answers": {**one["answers"], "note": ""}} for one in case["opinions"]]
        assert word not in json.dumps(case)
    assert sorted(one["answers"]["verdict"] for one in case["opinions"]) == ["fail", "pass"]
    told = ada.decide(case, "fail", note="The policy says no.")
    assert sorted(one["name"] for one in told["people"]) == ["bea", "rui"]
    assert {one["who"] for one in told["people"]} == {"Reviewer 1", "Reviewer 2"}
    assert Label.objects.filter(superseded_by=None, withdrawn_at=None).count() == 8
    # The answer was cut off on its way, and the same is sent again; anything else comes too late.
    assert ada.decide(case, "fail", note="The policy says no.") == told
    assert Desk(browser_of(cast.lea)).decide(case, "fail", note="The policy says no.", status=409)
    assert ada.decide(case, status=409)["error"]["code"] == "case_decided"
    again = ada.next(item="item-1")
    assert (again["task"], again["former"]["note"], again["prefill"]["verdict"]) == (
        None,
        "The policy says no.",
        "fail",
    )
    ada.decide(again, "pass")
    assert Adjudication.objects.count() == 2
    ada.post("next", {"item": "nowhere"}, status=404)
    ada.post("next", {"later": "x"}, status=422)
    ada.decide(again, status=422, error_type="whim")
    api_of(cast.lea).patch("/projects/helpdesk", {"adjudication_names_hidden": False})
    assert {one["who"] for one in ada.next()["opinions"]} == {"rui", "bea"}


def test_an_undo_or_revision_settles_a_case_and_ones_own_comes_last(project, cast, items, ada, browser_of):
    ada.next()
    label = Label.objects.get(reviewer=cast.bea, item__external_id="item-3")
    answers = {"verdict": "pass", "grade": 1}
    revise_label(access=access_of(cast.bea), label_id=label.pk, answers=answers, reason="a slip", now=timezone.now())
    assert ada.next()["external_id"] == "item-1"
    assert Task.objects.get(stage=Stage.ADJUDICATION, item__external_id="item-3").closed_reason == "settled"
    AdjudicationHold.objects.all().delete()
    cast.rui.memberships.update(role="lead")
    rui = Desk(browser_of(cast.rui))
    task = escalate(cast.lea, add_items(project, [0.5], need=2, prefix="hard"))
    assert rui.next()["external_id"] == "hard-0"
    assert rui.next(later=[task])["own"] is True  # there is nothing else


def test_escalations_come_before_all_and_again_after_a_decision(project, cast, items, ada):
    hard = add_items(project, [0.5], need=2, prefix="hard")
    escalate(cast.rui, hard)
    case = ada.next()
    assert (case["external_id"], case["escalated"]) == ("hard-0", True)
    assert [(one["note"], one["answers"]) for one in case["opinions"]] == [("Which policy?", {"verdict": "fail"})]
    ada.decide(case)
    assert ada.next()["external_id"] == "item-3"
    escalate(cast.bea, hard)
    assert ada.next()["external_id"] == "hard-0"
    ada.decide(case)
    assert ada.next()["external_id"] == "item-3"
    assert Adjudication.objects.count() == 1  # decided the same way


def test_what_is_unclear_is_a_to_do_of_the_rubric_and_reviewers_see_the_outcome(project, cast, items, ada, browser_of):
    case = ada.next()
    refused = ada.decide(case, error_type="guideline_unclear", status=422)
    assert refused["error"]["fields"][0]["path"] == "unclear"
    unclear = "Does an apology <b>count</b>?"
    ada.decide(case, "fail", error_type="guideline_unclear", unclear=unclear, note="It does not.")
    lea = browser_of(cast.lea)
    page = lea.get("/p/helpdesk/settings/rubric").content.decode()
    assert "Does an apology &lt;b&gt;count&lt;/b&gt;?" in page
    todo = GuidelineTodo.objects.get()
    assert browser_of(cast.rui).post(f"/p/helpdesk/settings/rubric/unclear/{todo.pk}").status_code == 403
    assert lea.post(f"/p/helpdesk/settings/rubric/unclear/{todo.pk + 1}").status_code == 404
    for _ in range(2):
        lea.post(f"/p/helpdesk/settings/rubric/unclear/{todo.pk}")
    assert "All of it is dealt with" in lea.get("/p/helpdesk/settings/rubric").content.decode()
    assert AuditEvent.objects.filter(action="guidelines.todo_closed").count() == 1
    assert "apology" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    outcomes = browser_of(cast.rui).get("/p/helpdesk/review/outcomes").content.decode()
    for words in ("item-3", "It does not.", "<mark>Fail</mark>", "decided otherwise"):
        assert words in outcomes
    assert "item-1" not in outcomes
    assert "bea" not in outcomes
    assert "No outcomes yet" in browser_of(cast.ada).get("/p/helpdesk/review/outcomes").content.decode()
    assert lea.get("/p/helpdesk/review/outcomes?before=x").status_code == 404
    assert "That was all" in browser_of(cast.rui).get("/p/helpdesk/review/outcomes?before=1").content.decode()


def test_only_adjudicators_reach_the_page_and_strangers_find_nothing(project, cast, browser_of):
    for person, status in ((cast.ada, 200), (cast.lea, 200), (cast.rui, 403), (cast.vic, 403), (cast.stan, 404)):
        assert browser_of(person).get(BASE).status_code == status
        for door, body in (("next", {}), ("decide", {}), ("1/keep", {}), ("1/leave", {})):
            got = browser_of(person).post(f"{BASE}/{door}", json.dumps(body), content_type="application/json")
            assert (got.status_code in {403, 404}) == (status != 200 or door == "1/keep"), (door, got.content)
    assert browser_of(cast.stan).get("/p/helpdesk/review/outcomes").status_code == 404
    assert Desk(browser_of(cast.ada)).next() is None


@pytest.mark.parametrize(
    ("kind", "given", "part"),
    [
        ("choice", ["a", "b"], None),
        ("multi_choice", [["a", "b"], ["b", "c"]], ["b"]),
        ("multi_choice", [["a"], ["b"]], None),
        ("ranking", [["a", "b", "c"], ["a", "c", "b"]], ["a"]),
        ("json", [{"x": 1, "y": {"z": 1, "w": 2}, "v": 3}, {"x": 1, "y": {"z": 1, "w": 3}}], {"x": 1, "y": {"z": 1}}),
        ("json", [[1], [2]], None),
        ("correction", ["Open from 9 to 6, sir.", "Open 9 to 6, sir."], "Open 9 to 6, sir."),
        ("correction", ["Open 9 to 5, sir.", "Open 9 to 5, Sir."], None),
        ("correction", [{"a": 1}, {"a": 2}], None),
    ],
)
def test_what_all_have_in_common_is_begun_with(kind, given, part):
    assert agreed_part({"kind": kind}, given, "Open 9 to 5, sir.") == part
    span, other = {"start": 1, "end": 2, "tag": "t"}, {"start": 1, "end": 3, "tag": "t"}
    assert agreed_part({"kind": "spans"}, [[span, other], [span]]) == [span]
