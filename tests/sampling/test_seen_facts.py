"""The facts that there are to pick from, as the filter builder asks for them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from sampling.ingest.facts import NewFact, record_facts
from sampling.items import facts
from sampling.models import Item
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

FIRST = {"tier": "gold", "n": 1, "a.b": {"c": True}}


@pytest.fixture
def store(project):
    return lambda *items: add_items(project=project, lines=cut_lines([ndjson(*items)]), actor=None, now=NOW)


@pytest.fixture
def seen(project, cast, browser_of):
    """`seen()`: the facts by name."""

    def ask(person=cast.vic):
        answer = browser_of(person).get("/p/helpdesk/filter-facts")
        assert answer.status_code == 200
        return {fact["name"]: fact for fact in answer.json()["facts"]}

    return ask


def test_an_empty_project_has_what_every_item_will_have(seen):
    assert set(seen()) == {"external_id", "received_at"}


def test_what_items_have_is_there_with_its_values_and_what_none_has_is_not(store, seen):
    store(
        item(
            "a", system_version="v1", latency_ms=3, feedback=-1, metadata={"tier": "gold", "n": 1, "a.b": {"c": True}}
        ),
        item("b", system_version="v1", metadata={"tier": "basic", "tags": ["x", "y"], "none": None, "": 1}),
        item("c", system_version="v2", decision={"kind": "refund"}, metadata={"n": "two", "long": "x" * 99}),
    )
    found = seen()
    assert found["system_version"] == {
        "name": "system_version",
        "group": "Item",
        "kind": "text",
        "types": ["text"],
        "values": ["v1", "v2"],
    }
    assert (found["latency_ms"]["kind"], found["latency_ms"]["values"]) == ("number", [])
    assert found["feedback"]["values"] == [-1, 0, 1]
    assert (found["metadata.tier"]["group"], set(found["metadata.tier"]["values"])) == ("Metadata", {"gold", "basic"})
    assert (found["metadata.n"]["types"], found["metadata.n"]["values"]) == (["number", "text"], [1, "two"])
    assert found["metadata.a\\.b.c"]["types"] == ["boolean"]
    assert (found["metadata.tags"]["types"], found["metadata.tags"]["values"]) == (["list"], ["x", "y"])
    assert found["metadata.long"]["values"] == []
    assert found["decision.kind"]["group"] == "Decision"
    assert found["external_id"]["values"] == []
    assert {"input", "output", "context"} <= set(found)
    assert not {"metadata.none", "metadata.", "model", "metadata"} & set(found)


def test_what_became_known_beside_the_items_is_there(store, seen, project):
    store(item("a"), item("b"))
    first, second = Item.objects.order_by("id").values_list("pk", flat=True)
    record_facts(
        [NewFact(first, "checks.json", "fail"), NewFact(second, "checks.json", "pass"), NewFact(first, "hint.x", 0.5)],
        now=NOW,
    )
    Item.objects.create(pk=1, project=project, external_id="c", input="x", received_at=NOW, checks={"short": "pass"})
    found = seen()
    assert (found["checks.short"]["group"], found["checks.short"]["values"]) == ("Checks", ["pass"])
    assert (found["checks.json"]["group"], set(found["checks.json"]["values"])) == ("Checks", {"pass", "fail"})
    assert found["hint.x"]["types"] == ["number"]


def test_an_old_import_is_seen_behind_many_newer_items(store, seen, project, monkeypatch):
    monkeypatch.setattr(facts, "NEWEST", 2)
    old = [
        Item(pk=n, project=project, external_id=f"o{n}", input="x", received_at=NOW, metadata={"old": 1})
        for n in (1, 2)
    ]
    new = [
        Item(pk=n, project=project, external_id=f"n{n}", input="x", received_at=NOW, metadata={"new": 1})
        for n in range(10_000, 10_050)
    ]
    Item.objects.bulk_create([*old, *new])
    assert {"metadata.old", "metadata.new"} <= set(seen())


def test_it_takes_as_many_statements_for_300_items_as_for_3(store, seen):
    counts = []
    for many in (3, 300):
        store(*(item(f"{many}-{n}", metadata={f"k{n}": n}) for n in range(many)))
        with CaptureQueriesContext(connection) as queries:
            seen()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(seen()) == facts.MAX_FACTS


@pytest.mark.parametrize(("name", "status"), [("olga", 200), ("pat", 200), ("rui", 403), ("stan", 404)])
def test_who_may_see_values_of_items(project, cast, browser_of, name, status):
    assert browser_of(getattr(cast, name)).get("/p/helpdesk/filter-facts").status_code == status
