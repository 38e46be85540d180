"""Checks over HTTP: defined with the project, asked of what arrives, seen by plans, lists and people."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from reviewapp.audit.models import AuditEvent
from sampling.checks import compile as compiling
from sampling.ingest.facts import NewFact, record_fact
from sampling.models import ChecksVersion, Draw, Item
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk"
NDJSON = {"content_type": "application/x-ndjson"}
CHECKS = [
    {"name": "valid_json", "kind": "json"},
    {"name": "short", "kind": "length", "max": 20},
    {"name": "priced", "kind": "numeric_range", "target": "output.price", "min": 0},
]


@pytest.fixture
def lea(cast, api_of):
    return api_of(cast.lea)


def send(client, *items):
    return client.post(f"{URL}/items", ndjson(*items), **NDJSON)


def checks_of(client, external_id):
    return client.get(f"{URL}/items/{external_id}")["checks"]


def test_what_arrives_is_checked_and_the_outcome_is_seen_and_found(lea):
    send(lea, item("before", output="no JSON"))
    assert lea.patch(URL, {"checks": CHECKS})["checks"] == CHECKS
    send(lea, item("good", output='{"price": 3}'), item("bad", output="no JSON, and a long text"))
    assert checks_of(lea, "before") == {}
    assert checks_of(lea, "good") == {"valid_json": "pass", "short": "pass", "priced": "pass"}
    assert checks_of(lea, "bad") == {"valid_json": "fail", "short": "fail", "priced": "not_applicable"}
    failing = lea.get(f'{URL}/items?where={{"checks.valid_json": {{"eq": "fail"}}}}')["results"]
    assert [(row["external_id"], row["checks"]["short"]) for row in failing] == [("bad", "fail")]
    unchecked = lea.get(f'{URL}/items?where={{"checks.valid_json": {{"exists": false}}}}')["results"]
    assert [row["external_id"] for row in unchecked] == ["before"]


def test_rules_of_the_plan_see_the_outcomes_of_the_very_items_they_draw(lea):
    lea.patch(URL, {"checks": CHECKS})
    rule = {"name": "broken", "when": {"checks.valid_json": {"eq": "fail"}}, "rate": 1}
    lea.put(f"{URL}/plan", {"base_rate": 0, "rules": [rule]})
    result = send(lea, item("good", output="{}"), item("bad", output="{"))
    assert result["drawn"] == 1
    draw = Draw.objects.get(selected=True)
    assert (Item.objects.get(pk=draw.item_id).external_id, draw.reasons, draw.probability) == ("bad", ["broken"], 1)
    preview = lea.post(f"{URL}/plan/preview", {"base_rate": 0, "rules": [rule]})
    assert (preview["drawn"], preview["rules"][0]["n_items"]) == (1, 1)


def test_an_outcome_of_later_goes_before_that_of_the_arrival_and_leaves_it_in_place(lea, project):
    lea.patch(URL, {"checks": CHECKS})
    send(lea, item("a", output="{"))
    stored = Item.objects.get()
    record_fact(NewFact(stored.pk, "checks.valid_json", "pass"), now=stored.received_at)
    assert checks_of(lea, "a")["valid_json"] == "pass"
    assert lea.get(f'{URL}/items?where={{"checks.valid_json": {{"eq": "fail"}}}}')["results"] == []
    stored.refresh_from_db()
    assert stored.checks["valid_json"] == "fail"


def test_versions_are_numbered_frozen_and_on_record(lea, project):
    lea.patch(URL, {"checks": CHECKS})
    lea.patch(URL, {"checks": CHECKS, "name": "Desk"})
    lea.patch(URL, {"checks": []})
    assert [row.version for row in ChecksVersion.objects.order_by("version")] == [1, 2]
    events = AuditEvent.objects.filter(action="checks.published").order_by("pk")
    assert [event.detail["names"] for event in events] == [["valid_json", "short", "priced"], []]
    with pytest.raises(IntegrityError), transaction.atomic():
        ChecksVersion.objects.update(version=7)
    send(lea, item("a"))
    assert checks_of(lea, "a") == {}


def test_a_project_may_be_made_with_its_checks(cast, api_of):
    cast.olga.is_superuser = True
    cast.olga.save()
    root = api_of(cast.olga, site=True)
    root.post("/projects", {"slug": "desk", "name": "Desk", "checks": CHECKS}, status=201)
    assert root.get("/projects/desk")["checks"] == CHECKS


def test_reviewers_are_not_told_what_is_checked(cast, api_of, lea):
    lea.patch(URL, {"checks": CHECKS})
    assert api_of(cast.rui).get(URL)["checks"] is None
    assert api_of(cast.vic).get(URL)["checks"] == CHECKS


@pytest.mark.parametrize(
    ("checks", "path", "said"),
    [
        ({}, "checks", "valid list"),
        ([1], "checks.0", "Expected an object"),
        ([{"name": "a"}], "checks.0.kind", "no such kind"),
        ([{"kind": "json"}], "checks.0.name", "required"),
        ([{"name": "a b", "kind": "json"}], "checks.0.name", "match pattern"),
        ([{"name": "a", "kind": "json", "colour": 1}], "checks.0.colour", "not permitted"),
        ([{"name": "a", "kind": "json", "target": "outputs"}], "checks.0.target", "Name a field"),
        ([{"name": "a", "kind": "json", "target": "latency_ms.x"}], "checks.0.target", "Name a field"),
        ([{"name": "a", "kind": "json", "target": "output#x"}], "checks.0.target", "Name a field"),
        ([{"name": "a", "kind": "json", "target": "model#/x"}], "checks.0.target", "Name a field"),
        ([{"name": "a", "kind": "json", "target": "output." + "x" * 500}], "checks.0.target", "Name a field"),
        ([{"name": "a", "kind": "json", "when": {"x": {"eq": 1}}}], "checks.0.when.x", "no such fact"),
        ([{"name": "a", "kind": "pattern", "pattern": "("}], "checks.0.pattern", "Not an RE2 pattern"),
        ([{"name": "a", "kind": "json_schema", "schema": {"type": 3}}], "checks.0.schema.type", "not valid"),
        ([{"name": "a", "kind": "length"}], "checks.0", "min, max, or both"),
        ([{"name": "a", "kind": "numeric_range", "min": 2, "max": 1}], "checks.0", "above"),
        ([{"name": "a", "kind": "allowed_values", "values": [None]}], "checks.0.values.0", "Expected text"),
        ([{"name": "a", "kind": "contains", "values": []}], "checks.0.values", "at least 1"),
        ([{"name": "a", "kind": "json"}, {"name": "a", "kind": "json"}], "checks.1.name", "Two checks"),
        ([{"name": f"c{n}", "kind": "json"} for n in range(51)], "checks", "at most"),
    ],
)
def test_a_check_that_cannot_be_run_is_refused_at_its_place(lea, checks, path, said):
    (field,) = lea.patch(URL, {"checks": checks, "name": "New"}, status=422)["error"]["fields"]
    assert field["path"] == path
    assert re.search(said, field["message"])
    assert (lea.get(URL)["name"], ChecksVersion.objects.exists()) == ("Helpdesk", False)


def test_a_check_that_raises_or_is_slow_loses_no_item(lea, monkeypatch):
    lea.patch(URL, {"checks": [*CHECKS, {"name": "tone", "kind": "contains", "values": ["hi"]}]})

    def raises(value, facts):
        raise RecursionError

    monkeypatch.setitem(compiling._QUESTIONS, "json", lambda check: raises)
    monkeypatch.setattr(compiling, "SECONDS_A_BATCH", 0.0)
    compiling.compiled_checks.cache_clear()
    monkeypatch.setattr(compiling.time, "perf_counter", iter([*[0.0] * 6, *range(1, 100)]).__next__)
    assert send(lea, item("a"), item("b"))["accepted"] == 2
    compiling.compiled_checks.cache_clear()
    assert checks_of(lea, "a") == {"valid_json": None, "short": "pass", "priced": None, "tone": None}
    assert lea.get(f'{URL}/items?where={{"checks.valid_json": {{"exists": true}}}}')["results"] == []


def test_checks_take_no_statement_an_item(lea):
    lea.patch(URL, {"checks": CHECKS})
    counts = []
    for prefix, many in (("a", 3), ("b", 300)):
        with CaptureQueriesContext(connection) as queries:
            send(lea, *(item(f"{prefix}{n}") for n in range(many)))
        counts.append(len(queries))
    assert counts[1] <= counts[0]
