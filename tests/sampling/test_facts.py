"""Facts beside an item's own fields: recorded, replaced, refused."""

import pytest

from sampling.ingest.facts import NewFact, facts_of_item, record_fact, record_facts
from sampling.ingest.fields import ItemIn
from sampling.ingest.prepare import Prepared
from sampling.ingest.store import store_batch
from sampling.models import Item, ItemFact
from sampling.plans.publish import parse_plan, publish_plan
from tests.conftest import NOW
from tests.sampling.lines import item


@pytest.fixture
def stored(project):
    return Item.objects.create(
        id=1, project=project, external_id="a", input="x", received_at=NOW, metadata={"tier": "gold"}, feedback=1
    )


def test_the_newest_value_of_a_name_counts(stored):
    record_fact(NewFact(1, "checks.pii", "clean"), now=NOW)
    record_facts([NewFact(1, "checks.pii", "maybe"), NewFact(1, "checks.pii", {"found": 2})], now=NOW)
    assert ItemFact.objects.get().value == {"found": 2}
    assert facts_of_item(stored)["checks.pii"] == {"found": 2}


def test_an_items_facts_hold_its_fields_and_its_rows(stored):
    record_fact(NewFact(1, "hint.doubt", 0.5), now=NOW)
    facts = facts_of_item(stored)
    assert (facts["metadata"], facts["feedback"], facts["hint.doubt"], facts["received_at"]) == (
        {"tier": "gold"}, 1, 0.5, NOW,
    )  # fmt: skip


def test_none_takes_a_fact_back(stored):
    record_fact(NewFact(1, "feedback", -1), now=NOW)
    record_fact(NewFact(1, "feedback", None), now=NOW)
    assert facts_of_item(stored)["feedback"] == 1


def test_nothing_to_record_is_no_error(db):
    record_facts([], now=NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [("colour", 1), ("verdict.tone", 1), ("feedback", 2), ("feedback", True), ("hint.x", float("nan"))],
)
def test_what_no_filter_could_ask_about_is_refused(stored, name, value):
    with pytest.raises(ValueError, match=name.partition(".")[0]):
        record_fact(NewFact(1, name, value), now=NOW)


def test_facts_known_from_the_start_are_stored_with_the_item_and_read_by_the_plan(project):
    rules = [{"name": "broken", "when": {"checks.json": {"eq": "fail"}}, "rate": 1}]
    publish_plan(project=project, plan=parse_plan({"base_rate": 0, "rules": rules}), actor=None, now=NOW)
    batch = [
        Prepared(ItemIn(**item("a")), {"checks.json": "fail", "checks.length": "pass"}),
        Prepared(ItemIn(**item("b")), {"checks.json": "pass"}),
        Prepared(ItemIn(**item("c")), {}),
    ]
    assert store_batch(project=project, batch=batch, actor=None, now=NOW) == (3, 1)
    known = ItemFact.objects.values_list("item__external_id", "name", "value").order_by("item_id", "name")
    assert list(known) == [("a", "checks.json", "fail"), ("a", "checks.length", "pass"), ("b", "checks.json", "pass")]
    assert store_batch(project=project, batch=batch, actor=None, now=NOW) == (0, 0)
