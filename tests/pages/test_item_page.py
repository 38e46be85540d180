"""The page of one item: what is known of it, why it was drawn, what people made of it, and who may see what."""

import re
from html import unescape
from urllib.parse import quote

import orjson
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import Label, RubricVersion, Task
from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from sampling.ingest.facts import NewFact, record_facts
from sampling.models import Draw, Item, ItemKey, PlanVersion
from sampling.plans.publish import parse_plan, publish_plan
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/p/helpdesk/items"


@pytest.fixture
def store(project):
    return lambda *items: add_items(project=project, lines=cut_lines([ndjson(*items)]), actor=None, now=NOW)


@pytest.fixture
def get(cast, browser_of):
    """`get("a")`: the page of an item, for Vic."""
    browsers = {}

    def ask(name, query="", *, person=cast.vic, status=200):
        browser = browsers.get(person) or browsers.setdefault(person, browser_of(person))
        response = browser.get(f"{URL}/{quote(name, safe='')}{query}")
        assert response.status_code == status
        return unescape(response.content.decode())

    return ask


@pytest.fixture
def label(cast, api_of):
    """`label(person, verdict)`: the person claims the next task and labels it."""

    def do(person, verdict="pass", **more):
        client = api_of(person, "label")
        (task,) = client.post("/projects/helpdesk/tasks/claim", {})["tasks"]
        body = {"lease": task["lease"]["token"], "answers": {"verdict": verdict}, "submit_id": f"s{task['id']}", **more}
        return client.post(f"/tasks/{task['id']}/label", body, status=201)["label"]

    return do


def plan(project, **body):
    return publish_plan(project=project, plan=parse_plan(body), actor=None, now=NOW)


@pytest.mark.parametrize(("name", "status"), [("olga", 200), ("ada", 200), ("pat", 200), ("rui", 403), ("stan", 404)])
def test_who_may_see_an_item(store, cast, get, name, status):
    store(item("a"))
    get("a", person=getattr(cast, name), status=status)


def test_an_item_that_is_not_there_is_not_found(project, get):
    get("a", status=404)


@pytest.mark.parametrize(
    "name", ["a/b", "/", "a//b", "../x", "a b", "50%", "%2F", "é", "?q=1#x", "line\nend", "\\", '"<b>']
)
def test_an_id_may_hold_any_characters_and_the_list_leads_to_it(store, get, cast, browser_of, name):
    store(item(name))
    listed = browser_of(cast.vic).get(URL).content.decode()
    (link,) = re.findall(r'class="item-link" href="([^"]*)"', listed)
    assert unescape(link) == f"{URL}/{quote(name, safe='')}"
    assert "Where is my parcel?" in get(name)


@pytest.mark.parametrize("name", [".", ".."])
def test_ids_that_browsers_take_for_steps_in_a_path_have_another_address(store, cast, browser_of, name):
    store(item(name))
    listed = browser_of(cast.vic).get(URL).content.decode()
    (link,) = re.findall(r'class="item-link" href="([^"]*)"', listed)
    assert link == f"/p/helpdesk/item?external_id={name}"
    assert b"Where is my parcel?" in browser_of(cast.vic).get(unescape(link)).content


def test_everything_that_came_in_is_there(store, get):
    store(
        item(
            "a",
            context="The parcel policy",
            system_version="v7",
            latency_ms=1234,
            occurred_at="2026-11-20T10:00:00Z",
            decision={"refund": True},
            user_ref="u1",
            feedback=1,
            steps=[
                {"name": "search", "kind": "tool", "output": "two hits", "latency_ms": 40},
                {"name": "charge", "kind": "tool", "error": "card declined"},
            ],
            metadata={"tier": "gold", "deep": {"er": [1, 2]}},
        )
    )
    text = get("a")
    for part in (
        "Where is my parcel?", "On its way.", "The parcel policy", "v7", "1,234", "decision.refund", "two hits",
        "card declined", "step 2, charge", "1 (thumbs up)", "metadata.deep.er", "Happened in production", "Came in",
    ):  # fmt: skip
        assert part in text
    assert f"{URL}?where={quote(orjson.dumps({'metadata.tier': {'eq': 'gold'}}).decode(), safe='')}" in text.replace(
        "+", "%20"
    )


class TestDraws:
    def test_without_a_plan_everything_is_drawn(self, store, get):
        store(item("a"))
        assert re.search(r"Drawn because u = 0\.\d+ < π = 1 \(base rate, no plan yet\)", get("a"))

    def test_the_rule_that_decided_is_named_with_its_condition(self, store, project, get):
        slow = {"name": "slow", "when": {"latency_ms": {"gt": 5}}, "rate": 1.0}
        plan(project, base_rate=0, rules=[slow, {"name": "all", "when": {}, "rate": 0.5}])
        store(item("a", latency_ms=9))
        text = get("a")
        assert "π = 1 (rule “slow”, plan 1)" in text
        assert "rule “slow” (latency_ms > 5; rate 1)" in text
        assert "rule “all” (everything; rate 0.5)" in text

    def test_what_was_not_drawn_says_so(self, store, project, get):
        plan(project, base_rate=0, rules=[])
        store(item("a", sampling_probability=0.1))
        text = get("a")
        assert re.search(r"Not drawn because u = 0\.\d+ ≥ π = 0 \(base rate, plan 1\)", text)
        assert "Why it was not drawn" in text
        assert "let it through with probability 0.1" in text
        assert "Opened for review" not in text

    def test_numbers_that_nearly_agree_are_told_apart(self, store, project, get):
        Item.objects.create(pk=1, project=project, external_id="x", input="x", received_at=NOW)
        first = PlanVersion.objects.get(project=project)
        Draw.objects.create(
            item_id=1, plan_version=first, u=0.04999999, probability=0.05, selected=True, reasons=["base"], at=NOW
        )
        ItemKey.objects.create(project=project, external_id="x", item_id=1)
        text = get("x")
        assert "u = 0.04999999 < π = 0.05" in text
        assert "is not known: estimates speak of traffic received" in text

    def test_a_probability_that_rose_later_is_told(self, store, project, get, cast, api_of):
        plan(project, base_rate=0, rules=[{"name": "angry", "when": {"feedback": {"lt": 0}}, "rate": 1.0}])
        store(item("a"))
        with time_machine.travel(NOW, tick=False):
            api_of(cast.lea, "ingest").post(
                "/projects/helpdesk/feedback", {"external_id": "a", "value": -1}, status=201
            )
            text = get("a")
        assert "π = 1 (rule “angry”, plan 1)" in text
        assert "Offered again, when more was known" in text
        assert "π rose from 0 to 1, drawn" in text


class TestReview:
    def test_labels_stand_beside_each_other_with_what_they_come_to(self, store, project, cast, get, label):
        plan(project, base_rate=1, rules=[], overlap=2)
        store(item("a"))
        assert "0 of 2 labels" in get("a")
        label(cast.rui, "pass", comment="Clear to me")
        label(cast.bea, "fail")
        text = get("a")
        assert "2 of 2 labels" in text
        assert [re.search(rf"<th scope=\"col\">{name}", text) is not None for name in ("rui", "bea")] == [True, True]
        assert re.search(
            r"Would you send it\?</th><td[^>]*>Pass</td><td[^>]*>Fail</td><td><span[^>]*>they differ", text
        )
        assert "Clear to me" in text

    def test_one_label_needs_no_resolution(self, store, cast, get, label):
        store(item("a"))
        label(cast.rui)
        assert "Resolution" not in get("a")

    def test_who_is_reviewing_it_sees_no_label_of_others(self, store, project, cast, get, label, api_of):
        plan(project, base_rate=1, rules=[], overlap=3)
        store(item("a"))
        label(cast.rui, comment="Clear to me")
        api_of(cast.ada, "label").post("/projects/helpdesk/tasks/claim", {})
        text = get("a", person=cast.ada)
        assert "You are reviewing this item yourself" in text
        for hidden in ("Clear to me", "Would you send it?", "Labelled", "rui"):
            assert hidden not in text
        seen = get("a")
        assert "Clear to me" in seen
        assert "in review by ada" in seen

    def test_what_happened_is_told_in_order(self, store, project, cast, get, label, api_of):
        plan(project, base_rate=1, rules=[], overlap=3)
        store(item("a"))
        made = label(cast.rui)
        rui, bea, ada = (api_of(person, "label") for person in (cast.rui, cast.bea, cast.ada))
        rui.post(f"/labels/{made['id']}/revise", {"answers": {"verdict": "fail"}, "reason": "Misread it"}, status=201)
        (task,) = bea.post("/projects/helpdesk/tasks/claim", {})["tasks"]
        bea.post(f"/tasks/{task['id']}/skip", {"lease": task["lease"]["token"], "reason": "Too technical"})
        (task,) = ada.post("/projects/helpdesk/tasks/claim", {})["tasks"]
        ada.post(f"/tasks/{task['id']}/escalate", {"lease": task["lease"]["token"], "note": "Ask legal"})
        api_of(cast.lea, "ingest").post(
            "/projects/helpdesk/feedback", {"external_id": "a", "value": -1, "comment": "It never came"}, status=201
        )
        record_facts([NewFact(Item.objects.get().pk, "checks.json", "fail")], now=NOW)
        text = get("a").partition('id="history"')[2]
        told = [
            "Came in",
            "Drawn by plan 1",
            "Labelled",
            "Revised their label",
            "Misread it",
            "Skipped",
            "Too technical",
        ]
        places = [text.index(part) for part in told]
        assert places == sorted(places)
        for part in (
            "Escalated",
            "Ask legal",
            "Handed to adjudication",
            "Feedback: thumbs down",
            "Check json asked again",
        ):
            assert part in text
        page = get("a")
        assert "to adjudicate" in page
        assert '>failed</span> <a class="like"' in page

    def test_the_adjudicators_answer_is_the_one_of_record(self, store, project, cast, get, label, api_of):
        plan(project, base_rate=1, rules=[], overlap=2)
        store(item("a"))
        label(cast.rui, "pass")
        label(cast.bea, "pass")
        store(item("b"))
        body = {"project": "helpdesk", "answers": {"verdict": "fail"}, "note": "Policy changed"}
        for name in ("a", "b"):
            api_of(cast.ada, "label").post(f"/items/{name}/resolve", body)
        text = get("a")
        assert re.search(r"Resolution<span class=\"when\">by ada", text)
        assert re.search(r"<td[^>]*>Pass</td><td[^>]*>Pass</td><td>Fail</td>", text)
        assert "Policy changed" in text
        Task.objects.filter(item__external_id="b").delete()
        assert re.search(r"Would you send it\?</th><td>Fail</td>", get("b"))

    def test_verdicts_and_decisions_are_told_but_not_to_its_reviewer(self, store, project, cast, get, api_of):
        store(item("a", decision="refund"))
        lea = api_of(cast.lea)
        verdict = {"external_id": "a", "judge": "tone", "judge_version": "v3", "answers": {"verdict": "fail"}}
        lea.post("/projects/helpdesk/verdicts/import", [{**verdict, "score": 0.25, "rationale": "Too blunt"}])
        lea.post("/projects/helpdesk/verdicts/import", [{**verdict, "judge": "facts", "answers": None}])
        decided = {"external_id": "a", "decider": "Kim", "duration_ms": 9000, "assisted": True}
        lea.post("/projects/helpdesk/decisions?feed=desk", [{**decided, "decision": "refund"}])
        lea.post("/projects/helpdesk/decisions?feed=audit", [{**decided, "decision": {"amount": 3}}])
        told = (
            "Verdicts of judges",
            "Too blunt",
            "0.25",
            "not readable",
            "as the AI",
            "not as the AI",
            "desk, Kim",
            "9 s",
        )
        text = get("a")
        for part in (*told, "Judged", "tone v3", "Decided: refund", "Kim (desk)"):
            assert part in text
        api_of(cast.ada, "label").post("/projects/helpdesk/tasks/claim", {})
        hidden = get("a", person=cast.ada)
        for part in ("Verdicts of judges", "Too blunt", "desk, Kim", "Decided: refund"):
            assert part not in hidden

    def test_a_label_that_was_imported_or_taken_back_is_told(self, store, project, cast, get):
        store(item("a"))
        stored = Item.objects.get()
        Task.objects.all().delete()
        rubric = RubricVersion.objects.get(project=project)
        given = {"project": project, "item": stored, "rubric": rubric, "created_at": NOW}
        Label.objects.create(**given, reviewer_name="old", answers={"verdict": "pass", "note": "x"}, source="import")
        Label.objects.create(**given, reviewer_name="back", answers={"verdict": "fail"}, withdrawn_at=NOW)
        Label.objects.create(**given, reviewer_name="gold", answers={"verdict": "fail"}, source="gold", surplus=True)
        text = get("a")
        assert "the labels were imported" in text
        assert "Took the label back" in text
        assert '<span class="tag">import</span>' in text
        assert "surplus" in text


def test_the_neighbours_are_those_of_the_list(store, get):
    store(*(item(f"i{n}", latency_ms=n) for n in range(6)))
    where = quote(orjson.dumps({"latency_ms": {"in": [0, 2, 5]}}).decode())
    text = get("i2", f"?where={where}&q=parcel")
    assert re.search(rf'href="{URL}/i5\?[^"]*" rel="prev"', text)
    assert re.search(rf'href="{URL}/i0\?[^"]*" rel="next"', text)
    assert "Back to the list" in text
    assert 'rel="next"' not in get("i0")
    assert 'rel="prev"' not in get("i5")
    assert 'rel="' not in get("i2", "?where=broken").partition("item-columns")[0].partition("item-bar")[2]


def test_it_takes_as_many_statements_in_a_long_list_as_in_a_short_one(store, project, get, label, cast):
    counts = []
    plan(project, base_rate=1, rules=[])
    for many in (3, 300):
        store(*(item(f"{many}-{n}") for n in range(many)))
        get("3-1")
        with CaptureQueriesContext(connection) as queries:
            get("3-1")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24
