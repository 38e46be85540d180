"""Facts beside an item's own fields: recorded, replaced, refused."""

import pytest

from sampling.ingest.facts import NewFact, record_fact, record_facts
from sampling.models import Item, ItemFact
from sampling.plans.stored_facts import read_facts
from tests.conftest import NOW


@pytest.fixture
def stored(project):
    return Item.objects.create(
        id=1, project=project, external_id="a", input="x", received_at=NOW, metadata={"tier": "gold"}, feedback=1
    )


def test_the_newest_value_of_a_name_counts(stored):
    record_fact(NewFact(1, "checks.pii", "clean"), now=NOW)
    record_facts([NewFact(1, "checks.pii", "maybe"), NewFact(1, "checks.pii", {"found": 2})], now=NOW)
    assert ItemFact.objects.get().value == {"found": 2}
    assert read_facts([1])[1]["checks.pii"] == {"found": 2}


def test_an_items_facts_hold_its_fields_and_its_rows(stored):
    record_fact(NewFact(1, "hint.doubt", 0.5), now=NOW)
    facts = read_facts([1])[1]
    assert (facts["metadata"], facts["feedback"], facts["hint.doubt"], facts["received_at"]) == (
        {"tier": "gold"}, 1, 0.5, NOW,
    )  # fmt: skip


def test_none_takes_a_fact_back(stored):
    record_fact(NewFact(1, "feedback", -1), now=NOW)
    record_fact(NewFact(1, "feedback", None), now=NOW)
    assert read_facts([1])[1]["feedback"] == 1


def test_nothing_to_record_is_no_error(db):
    record_facts([], now=NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [("colour", 1), ("verdict.tone", 1), ("feedback", 2), ("feedback", True), ("hint.x", float("nan"))],
)
def test_what_no_filter_could_ask_about_is_refused(stored, name, value):
    with pytest.raises(ValueError, match=name.partition(".")[0]):
        record_fact(NewFact(1, name, value), now=NOW)
