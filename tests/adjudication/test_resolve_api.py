"""Adjudication and second opinions: what the answer of record is, and how it came about."""

import pytest

from annotations.models import Adjudication, Label, Task
from annotations.models.queue import Stage
from annotations.queue.escalate import count_open_escalations
from annotations.queue.invariants import list_violations
from reviewapp.audit.models import AuditEvent
from tests.sampling.lines import item, ndjson

RESOLUTIONS = "/projects/helpdesk/resolutions"


@pytest.fixture
def ada(cast, project, api_of):
    lea = api_of(cast.lea)
    lea.post("/projects/helpdesk/items", {"items": [item("a"), item("b/ü?"), item("c")]})
    give(lea, a={"zoe": "pass", "yan": "fail"}, c={"zoe": "pass"})
    return api_of(cast.ada)


def give(client, **items):
    lines = [
        {"external_id": name, "reviewer": reviewer, "answers": {"verdict": answer}}
        for name, answers in items.items()
        for reviewer, answer in answers.items()
    ]
    client.post("/projects/helpdesk/labels/import", ndjson(*lines), content_type="application/x-ndjson")


def body(verdict="pass", **fields):
    return {"project": "helpdesk", "answers": {"verdict": verdict}, **fields}


def resolutions(client, query=""):
    return {row["external_id"]: row for row in client.get(RESOLUTIONS + query)["results"]}


def test_an_adjudicators_answer_is_of_record_in_every_method_and_labels_stay(ada):
    before = resolutions(ada)["a"]
    assert (before["answers"], before["unresolved"]) == ({"verdict": None}, ["verdict"])
    told = ada.post("/items/a/resolve", body("fail", note="The policy says no."))
    assert (told["how"], told["adjudicator"], told["answers"]) == ("adjudicated", "ada", {"verdict": "fail"})
    for method in ("agreed", "majority", "dawid_skene"):
        row = resolutions(ada, f"?method={method}")["a"]
        assert (row["answers"], row["how"], row["n_labels"], row["unresolved"]) == (
            {"verdict": "fail"},
            "adjudicated",
            2,
            [],
        )
    assert Label.objects.filter(withdrawn_at=None, superseded_by=None).count() == 3


def test_an_item_without_labels_and_with_any_name_can_be_resolved(ada):
    ada.post("/items/b%2F%C3%BC%3F/resolve", body())
    row = resolutions(ada)["b/ü?"]
    assert (row["how"], row["n_labels"], row["probability"]) == ("adjudicated", 0, 1)


def test_a_later_adjudication_supersedes_and_the_same_again_does_not(ada):
    ada.post("/items/a/resolve", body("fail"))
    ada.post("/items/a/resolve", body("fail"))
    ada.post("/items/a/resolve", body("pass", note="Asked again."))
    assert [(row.answers["verdict"], row.superseded_by_id is None) for row in Adjudication.objects.order_by("id")] == [
        ("fail", False),
        ("pass", True),
    ]
    assert resolutions(ada)["a"]["answers"] == {"verdict": "pass"}
    events = AuditEvent.objects.filter(action="item.resolved")
    assert events.count() == 2
    assert "Asked" not in str([event.detail for event in events])


def test_it_settles_the_pass_rate(ada):
    before = ada.get("/projects/helpdesk/pass-rate")["design"]
    assert (before["n_labelled"], before["n_unresolved"]) == (1, 1)
    ada.post("/items/a/resolve", body("fail"))
    after = ada.get("/projects/helpdesk/pass-rate")
    assert (after["design"]["n_labelled"], after["design"]["n_unresolved"]) == (2, 0)
    assert after["unweighted"]["value"] == 0.5


def test_an_escalation_ends_with_it(ada, cast, project, api_of):
    rui = api_of(cast.rui)
    (task,) = rui.post("/projects/helpdesk/tasks/claim", {})["tasks"]
    rui.post(f"/tasks/{task['id']}/escalate", {"lease": task["lease"]["token"], "note": "Which policy?"})
    assert count_open_escalations(project.pk) == 1
    ada.post(f"/items/{task['item']['external_id'].replace('/', '%2F').replace('?', '%3F')}/resolve", body())
    assert count_open_escalations(project.pk) == 0
    assert Task.objects.get(stage=Stage.ADJUDICATION).closed_reason == "adjudicated"
    assert list_violations(project.pk) == []


def test_bad_answers_unknown_items_and_other_roles_are_refused(ada, cast, api_of):
    refused = ada.post("/items/a/resolve", body("maybe"), status=422)["error"]
    assert (refused["code"], refused["fields"][0]["path"]) == ("answers_invalid", "answers.verdict")
    assert ada.post("/items/nowhere/resolve", body(), status=404)["error"]["code"] == "not_found"
    assert api_of(cast.rui).post("/items/a/resolve", body(), status=403)["error"]["code"] == "forbidden"
    assert api_of(cast.stan, site=True).post("/items/a/resolve", body(), status=404)


def test_dawid_skene_weighs_people_by_how_often_they_are_right(cast, project, api_of):
    """Four people agree on 20 items; on the last one two that are right elsewhere stand against two that answered the
    other way on half of everything: by majority it is a tie, the model sides with the reliable ones."""
    lea = api_of(cast.lea)
    names = [f"i{n}" for n in range(21)]
    lea.post("/projects/helpdesk/items", {"items": [item(name) for name in names]})
    truth = {name: "pass" if n % 2 else "fail" for n, name in enumerate(names)}
    wrong = {"pass": "fail", "fail": "pass"}
    rows = {}
    for n, name in enumerate(names[:20]):
        noisy = wrong[truth[name]] if n % 4 < 2 else truth[name]
        rows[name] = {"ann": truth[name], "bob": truth[name], "cem": noisy, "dee": truth[name] if n % 3 else noisy}
    rows["i20"] = {"ann": "pass", "bob": "pass", "cem": "fail", "dee": "fail"}
    give(lea, **rows)
    assert resolutions(lea, "?method=majority")["i20"]["answers"] == {"verdict": None}
    row = resolutions(lea, "?method=dawid_skene")["i20"]
    assert (row["answers"], row["how"]) == ({"verdict": "pass"}, "dawid_skene")
