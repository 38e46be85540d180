"""Labels and resolutions out: pages and streams, and every row traced to its item."""

import csv
import io
import uuid

import orjson
import pytest

from annotations.labels.resolve import Vote, resolve_votes
from annotations.models import RubricVersion
from tests.queue.items import add_items

FAIL_REASONS = {
    "questions": [
        {
            "key": "verdict",
            "kind": "choice",
            "title": "Verdict",
            "options": [{"value": "pass", "label": "Pass"}, {"value": "fail", "label": "Fail"}],
        },
        {
            "key": "reason",
            "kind": "choice",
            "title": "Reason",
            "options": [{"value": "tone", "label": "Tone"}, {"value": "fact", "label": "Fact"}],
            "show_if": {"question": "verdict", "in": ["fail"]},
        },
        {"key": "note", "kind": "text", "title": "Note", "required": False},
    ]
}


@pytest.fixture
def label(project, cast, api_of):
    """`label(person, answers)`: the person claims their next task and labels it."""

    def submit(person, answers, comment=""):
        client = api_of(person, "label")
        (task,) = client.post("/projects/helpdesk/tasks/claim", {})["tasks"]
        body = {
            "lease": task["lease"]["token"],
            "answers": answers,
            "comment": comment,
            "submit_id": str(uuid.uuid4()),
        }
        return client.post(f"/tasks/{task['id']}/label", body, status=201)["label"]

    return submit


def lines(content):
    return [orjson.loads(line) for line in content.splitlines()]


def test_labels_come_in_pages_that_meet_without_gap(project, cast, api_of, label):
    add_items(project, [0.1, 0.2, 0.3])
    ids = [label(cast.rui, {"verdict": "pass"})["id"] for _ in range(3)]
    vic = api_of(cast.vic, "read")
    first = vic.get("/projects/helpdesk/labels?limit=2")
    second = vic.get(f"/projects/helpdesk/labels?limit=2&cursor={first['next']}")
    assert [row["id"] for row in first["results"] + second["results"]] == ids
    assert second["next"] is None


def test_a_row_tells_everything_of_a_label(project, cast, api_of, label):
    (item,) = add_items(project, [0.1])
    label(cast.rui, {"verdict": "fail", "note": "=1+1"}, comment="hm")
    (row,) = lines(api_of(cast.vic, "read").get("/projects/helpdesk/labels?format=jsonl"))
    created_at, label_id = row.pop("created_at"), row.pop("id")
    assert created_at
    assert label_id
    assert row == {
        "external_id": item.external_id,
        "reviewer": "rui",
        "rubric_version": 1,
        "answers": {"verdict": "fail", "note": "=1+1"},
        "details": {},
        "comment": "hm",
        "duration_ms": None,
        "source": "queue",
        "surplus": False,
        "superseded_by": None,
    }


def test_csv_is_safe_in_a_spreadsheet_and_has_a_column_for_each_question(project, cast, api_of, label):
    add_items(project, [0.1])
    label(cast.rui, {"verdict": "fail", "note": "=1+1"}, comment="+cmd")
    content = api_of(cast.vic, "read").get("/projects/helpdesk/labels?format=csv").decode()
    (row,) = csv.DictReader(io.StringIO(content))
    assert (row["answers.verdict"], row["answers.note"], row["comment"]) == ("fail", "'=1+1", "'+cmd")
    assert orjson.loads(row["answers"]) == {"verdict": "fail", "note": "=1+1"}


def test_a_withdrawn_label_disappears_and_a_revised_one_names_its_heir(project, cast, api_of, label):
    add_items(project, [0.1, 0.2])
    rui = api_of(cast.rui, "label", "read")
    (task,) = rui.post("/projects/helpdesk/tasks/claim", {})["tasks"]
    body = {"lease": task["lease"]["token"], "answers": {"verdict": "pass"}, "submit_id": "s1"}
    rui.post(f"/tasks/{task['id']}/label", body, status=201)
    assert len(rui.get("/projects/helpdesk/labels")["results"]) == 1
    again = rui.post("/labels/undo", {"submit_id": "s1"})
    assert rui.get("/projects/helpdesk/labels")["results"] == []
    body = {"lease": again["lease"]["token"], "answers": {"verdict": "pass"}, "submit_id": "s2"}
    first = rui.post(f"/tasks/{task['id']}/label", body, status=201)["label"]
    revised = rui.post(f"/labels/{first['id']}/revise", {"answers": {"verdict": "fail"}, "reason": "x"}, status=201)
    rows = rui.get("/projects/helpdesk/labels")["results"]
    assert [(row["id"], row["superseded_by"]) for row in rows] == [(first["id"], revised["id"]), (revised["id"], None)]


def test_reviewers_see_their_own_labels_only(project, cast, api_of, label):
    add_items(project, [0.1], need=2)
    label(cast.rui, {"verdict": "pass"})
    label(cast.bea, {"verdict": "fail"})
    rui = api_of(cast.rui, "read")
    assert [row["reviewer"] for row in rui.get("/projects/helpdesk/labels")["results"]] == ["rui"]
    assert [row["reviewer"] for row in lines(rui.get("/projects/helpdesk/labels?format=jsonl"))] == ["rui"]
    rui.get("/projects/helpdesk/resolutions", status=403)


def test_resolutions_by_agreement_and_by_majority(project, cast, api_of, label):
    add_items(project, [0.1, 0.2], need=3)
    for person, answers in [(cast.rui, ["pass", "pass"]), (cast.bea, ["pass", "fail"]), (cast.ada, ["pass", "fail"])]:
        for answer in answers:
            label(person, {"verdict": answer})
    vic = api_of(cast.vic, "read")
    agreed = vic.get("/projects/helpdesk/resolutions")["results"]
    assert [(row["answers"], row["how"], row["n_labels"], row["unresolved"]) for row in agreed] == [
        ({"verdict": "pass"}, "agreed", 3, []),
        ({"verdict": None}, "agreed", 3, ["verdict"]),
    ]
    majority = vic.get("/projects/helpdesk/resolutions?method=majority")["results"]
    assert [(row["answers"], row["how"]) for row in majority] == [
        ({"verdict": "pass"}, "agreed"),
        ({"verdict": "fail"}, "majority"),
    ]
    assert lines(vic.get("/projects/helpdesk/resolutions?method=majority&format=jsonl")) == majority


def test_resolutions_come_in_pages_that_meet_without_gap(project, cast, api_of, label):
    items = add_items(project, [0.1, 0.2, 0.3])
    for _ in items:
        label(cast.rui, {"verdict": "pass"})
    vic = api_of(cast.vic, "read")
    seen, cursor = [], ""
    while True:
        page = vic.get(f"/projects/helpdesk/resolutions?limit=2&cursor={cursor}")
        seen += [row["external_id"] for row in page["results"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == [item.external_id for item in items]


def test_strangers_export_nothing(project, cast, api_of):
    stan = api_of(cast.stan, site=True)
    stan.get("/projects/helpdesk/labels?format=csv", status=404)
    stan.get("/projects/helpdesk/resolutions", status=404)


@pytest.fixture
def reasons(project):
    return RubricVersion.objects.create(
        project=project, version=2, questions=FAIL_REASONS["questions"], created_at=project.created_at
    ).pk


def votes(rubric_id, *answers):
    return [Vote(rubric_id, answer) for answer in answers]


def test_a_single_label_stands_alone(reasons):
    found = resolve_votes(votes(reasons, {"verdict": "fail", "reason": "tone"}), "agreed")
    assert found == ({"verdict": "fail", "reason": "tone"}, "single", [])


def test_a_tie_is_never_won_by_whoever_came_first(reasons):
    found = resolve_votes(votes(reasons, {"verdict": "pass"}, {"verdict": "fail", "reason": "tone"}), "majority")
    assert found == ({"verdict": None}, "majority", ["verdict"])


def test_what_the_majority_hides_is_left_out(reasons):
    found = resolve_votes(
        votes(reasons, {"verdict": "pass"}, {"verdict": "pass"}, {"verdict": "fail", "reason": "tone"}), "majority"
    )
    assert found == ({"verdict": "pass"}, "majority", [])


def test_only_those_who_were_asked_vote_on_a_conditional_question(reasons):
    given = votes(
        reasons,
        {"verdict": "fail", "reason": "tone"},
        {"verdict": "fail", "reason": "tone"},
        {"verdict": "pass", "note": "fine"},
    )
    answers, how, unresolved = resolve_votes(given, "majority")
    assert (answers, how, unresolved) == ({"verdict": "fail", "reason": "tone", "note": "fine"}, "majority", [])
