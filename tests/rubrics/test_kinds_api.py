"""Every kind of answer through the API: claimed, labelled, revised, undone, read and exported."""

import csv
import io

import pytest

from annotations.rubrics.publish import publish_rubric
from tests.conftest import NOW

AB = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}, {"value": "c", "label": "C"}]
SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}, "tags": {"type": "array"}}}
OUTPUT = {"x": {"text": "one", "model": "SECRET-1"}, "y": {"text": "two", "system": "SECRET-2"}, "by": "SECRET-3"}
COMPARING = [
    {"key": "better", "kind": "pairwise", "title": "?", "candidates": ["x", "y"]},
    {"key": "order", "kind": "ranking", "title": "?", "candidates": ["y", "x"]},
]
QUESTIONS = [
    {"key": "many", "kind": "multi_choice", "title": "?", "options": AB},
    {"key": "stars", "kind": "rating", "title": "?", "min": 1, "max": 5, "positive_from": 4},
    {"key": "facts", "kind": "spans", "title": "?", "target": "output", "tags": AB},
    {"key": "fixed", "kind": "correction", "title": "?", "target": "output"},
    {"key": "data", "kind": "json", "title": "?", "schema": SCHEMA},
]
ANSWERS = {
    "many": ["b", "a"],
    "stars": 4,
    "facts": [{"start": 4, "end": 6, "tag": "a"}, {"start": 0, "end": 1, "tag": "b"}],
    "fixed": "Die 🐕 bellt",
    "data": {"total": 2.5, "tags": ["p", "q"]},
}


@pytest.fixture
def ask(project):
    """`ask(questions)`: publish them."""

    def publish(questions):
        publish_rubric(project=project, body={"questions": questions}, actor=None, now=NOW)

    return publish


@pytest.fixture
def send(api_of, cast):
    """`send(output)`: one item in, and its id."""

    def ingest(output, external_id="item-1"):
        body = {"items": [{"external_id": external_id, "input": "in", "output": output}]}
        assert api_of(cast.olga).post("/projects/helpdesk/items", body)["drawn"] == 1

    return ingest


def claim(client):
    (task,) = client.post("/projects/helpdesk/tasks/claim")["tasks"]
    return task


def answer(client, task, answers, status=201):
    body = {"lease": task["lease"]["token"], "answers": answers, "submit_id": f"s-{task['id']}"}
    return client.post(f"/tasks/{task['id']}/label", body, status=status)


def test_every_kind_is_stored_read_and_exported(ask, send, cast, api_of):
    ask(QUESTIONS)
    send("Der 🐕 bellt")
    rui, vic = api_of(cast.rui), api_of(cast.vic, "read")
    label = answer(rui, claim(rui), ANSWERS)["label"]
    kept = {**ANSWERS, "facts": ANSWERS["facts"][::-1]}
    details = {
        "facts": {"quotes": ["D", "🐕 "]},
        "fixed": {"removed": 1, "added": 1, "changed": 0.3333},
    }
    assert (label["answers"], label["details"]) == (kept, details)
    (row,) = vic.get("/projects/helpdesk/labels")["results"]
    assert row == label
    (found,) = vic.get("/projects/helpdesk/resolutions")["results"]
    assert (found["answers"], found["how"]) == (kept, "single")


def test_a_table_has_columns_for_structured_answers(ask, send, cast, api_of):
    ask(QUESTIONS)
    send("Der 🐕 bellt")
    rui = api_of(cast.rui)
    answer(rui, claim(rui), ANSWERS)
    content = api_of(cast.vic, "read").get("/projects/helpdesk/labels?format=csv").decode()
    (row,) = csv.DictReader(io.StringIO(content))
    assert row["answers.many"] == "b;a"
    assert row["answers.stars"] == "4"
    assert row["answers.data.total"] == "2.5"
    assert row["answers.data.tags"] == "p;q"
    assert row["answers.data"] == '{"tags":["p","q"],"total":2.5}'
    assert row["answers.facts"].startswith('[{"end":1,')
    assert '"quotes"' in row["details"]


def test_mistakes_in_every_kind_are_named_by_their_place(ask, send, cast, api_of):
    ask(QUESTIONS)
    send("short")
    rui = api_of(cast.rui)
    wrong = {
        "many": ["a", "z"],
        "stars": 9,
        "facts": [{"start": 0, "end": 99, "tag": "a"}],
        "fixed": {"an": "object"},
        "data": {"total": "much"},
    }
    refusal = answer(rui, claim(rui), wrong, status=422)["error"]
    assert refusal["code"] == "answers_invalid"
    paths = [field["path"] for field in refusal["fields"]]
    assert paths == ["answers.many.1", "answers.stars", "answers.facts.0", "answers.fixed", "answers.data.total"]


def test_what_an_older_version_asked_in_another_form_is_no_answer(ask, send, cast, api_of, browser_of, project):
    """A key may get another kind. Whoever answered before is not made to say what they were never asked."""
    project.overlap = 2
    project.save()
    ask([
        {"key": "good", "kind": "choice", "title": "?", "options": AB, "positive": ["a"]},
        {"key": "many", "kind": "rating", "title": "?", "min": 1, "max": 5},
        {"key": "facts", "kind": "text", "title": "?"},
        {**COMPARING[1], "candidates": ["x", "y", "by"]},
    ])  # fmt: skip
    send(OUTPUT)
    rui, bea, lea = (api_of(person) for person in (cast.rui, cast.bea, cast.lea))
    answer(rui, claim(rui), {"good": "a", "many": 4, "facts": "none", "order": ["by", "x", "y"]})
    ask([{**QUESTIONS[1], "key": "good"}, QUESTIONS[0], QUESTIONS[2], COMPARING[1]])
    given = {"good": 5, "many": ["b"], "facts": [{"start": 0, "end": 1, "tag": "b"}], "order": ["y", "x"]}
    answer(bea, claim(bea), given)
    for method in ("majority", "dawid_skene"):
        (row,) = lea.get(f"/projects/helpdesk/resolutions?method={method}")["results"]
        assert (row["answers"], row["n_labels"]) == ({**given, "order": ["y", "x"]}, 2)
    for key, labels in (("good", 1), ("many", 1), ("facts", 1), ("order", 2)):
        assert lea.get(f"/projects/helpdesk/agreement?question={key}")["n_labels"] == labels
        assert len(lea.get(f"/projects/helpdesk/reviewers?question={key}")["results"]) == 2
    assert lea.get("/projects/helpdesk/pass-rate")["labels_only"]["value"] == 1
    ada = browser_of(cast.ada)
    found = ada.post("/p/helpdesk/adjudicate/next", {"item": "item-1"}, content_type="application/json").json()["case"]
    assert sorted(sorted(one["answers"]) for one in found["opinions"]) == [sorted(given), ["order"]]
    assert found["prefill"] == {}
    body = {"project": "helpdesk", "answers": given}
    api_of(cast.ada).post("/items/item-1/resolve", body)
    for person, page in ((cast.rui, "review/outcomes"), (cast.lea, "items/item-1"), (cast.lea, "quality")):
        assert browser_of(person).get(f"/p/helpdesk/{page}").status_code == 200


def test_candidates_come_in_an_order_of_the_reviewers_own_which_is_kept(ask, send, cast, api_of, project):
    project.overlap = 2
    project.save()
    ask(COMPARING)
    for number in range(12):
        send(OUTPUT, f"item-{number}")
    orders = []
    for person in (cast.rui, cast.bea):
        client = api_of(person)
        for task in client.post("/projects/helpdesk/tasks/claim", {"count": 12})["tasks"]:
            order = task["orders"]["better"]
            assert order == task["orders"]["order"] == task["candidates"]
            assert list(task["item"]["output"]) == order
            label = answer(client, task, {"better": order[0], "order": order})["label"]
            assert label["details"] == {"better": {"order": order}, "order": {"order": order}}
            orders.append((task["id"], order))
    assert len(orders) == 24
    firsts = [order[0] for _, order in orders]
    assert {firsts.count("x"), firsts.count("y")} != {0, 24}
    by_task = [[order for task, order in orders if task == wanted] for wanted, _ in orders]
    assert any(one != other for one, other in by_task)


def test_a_blind_reviewer_gets_the_candidates_and_nothing_about_who_made_them(ask, send, cast, api_of):
    ask(COMPARING)
    send(OUTPUT)
    task = claim(api_of(cast.rui))
    assert task["item"]["output"] == {"x": {"text": "one"}, "y": {"text": "two"}}
    assert "SECRET" not in str(task)


def test_a_project_that_is_not_blind_shows_the_output_as_it_is(ask, send, cast, api_of, project):
    project.blind = False
    project.save()
    ask(COMPARING)
    send(OUTPUT)
    assert claim(api_of(cast.rui))["item"]["output"] == OUTPUT


def test_an_output_that_is_marked_or_corrected_is_shown_whole(ask, send, cast, api_of):
    ask([*COMPARING, QUESTIONS[3]])
    send(OUTPUT)
    assert claim(api_of(cast.rui))["item"]["output"] == OUTPUT


def test_an_item_without_candidates_cannot_be_compared(ask, send, cast, api_of):
    ask(COMPARING)
    send("one text only")
    rui = api_of(cast.rui)
    task = claim(rui)
    assert task["item"]["output"] == "one text only"
    refusal = answer(rui, task, {"better": "x", "order": ["x", "y"]}, status=422)["error"]
    assert [field["path"] for field in refusal["fields"]] == ["answers.better", "answers.order"]


def test_a_revision_keeps_what_belongs_beside_the_new_answers(ask, send, cast, api_of):
    ask([QUESTIONS[2], {**COMPARING[0], "required": False}])
    send({"x": "one", "y": "two"})
    rui = api_of(cast.rui)
    task = claim(rui)
    label = answer(rui, task, {"facts": [], "better": "x"})["label"]
    body = {"answers": {"facts": [{"start": 5, "end": 6, "tag": "a"}], "better": "y"}, "reason": "Looked again"}
    revised = rui.post(f"/labels/{label['id']}/revise", body, status=201)
    assert revised["details"] == {"facts": {"quotes": ["x"]}, "better": label["details"]["better"]}


def test_undo_brings_every_kind_back_as_it_was_answered(ask, send, cast, api_of):
    ask(QUESTIONS)
    send("Der 🐕 bellt")
    rui = api_of(cast.rui)
    task = claim(rui)
    answer(rui, task, ANSWERS)
    again = rui.post("/labels/undo", {"submit_id": f"s-{task['id']}"})
    assert again["draft"]["answers"] == {**ANSWERS, "facts": ANSWERS["facts"][::-1]}


def test_the_item_is_read_only_where_a_question_is_about_it(ask, send, cast, api_of, django_assert_max_num_queries):
    counts = []
    for number, questions in enumerate([QUESTIONS[:2], QUESTIONS[:3]]):
        ask(questions)
        send("text", f"item-{number}")
        rui = api_of(cast.rui)
        task = claim(rui)
        given = {"many": ["a"], "stars": 1, **({"facts": []} if number else {})}
        with django_assert_max_num_queries(20) as queries:
            answer(rui, task, given)
        counts.append(sum("input, output, context, steps" in query["sql"] for query in queries.captured_queries))
    assert counts == [0, 1]


def test_a_schema_keeps_the_order_in_which_it_was_written(ask, cast, api_of):
    names = ["zebra", "a", "middle", "b"]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    ask([{**QUESTIONS[4], "schema": schema}])
    (question,) = api_of(cast.vic, "read").get("/projects/helpdesk/rubric")["questions"]
    assert list(question["schema"]["properties"]) == names


def test_candidates_are_shown_beside_each_other_by_number_and_not_by_name(ask, send, cast, api_of):
    ask([*COMPARING, QUESTIONS[2]])
    send({"x": "**one**", "y": {"text": "two"}, "secret-by": "SECRET"})
    rui = api_of(cast.rui)
    (task,) = rui.post("/projects/helpdesk/tasks/claim", {}, headers={"Item-View": "html"})["tasks"]
    view = task["view"]
    places = [view.index("<strong>one</strong>"), view.index("two")]
    assert (places[0] < places[1]) == (task["candidates"] == ["x", "y"])
    assert view.index("Answer 1") < min(places)
    assert 'data-target="output"' in view  # its text is marked, so it is shown whole, too


def test_a_blind_view_of_candidates_holds_no_name(ask, send, cast, api_of):
    ask([{**COMPARING[0], "candidates": ["gpt-x", "claude-y"]}])
    send({"gpt-x": "one", "claude-y": "two", "by": "SECRET"})
    (task,) = api_of(cast.rui).post("/projects/helpdesk/tasks/claim", {}, headers={"Item-View": "html"})["tasks"]
    assert not any(name in task["view"] for name in ("gpt-x", "claude-y", "SECRET"))
