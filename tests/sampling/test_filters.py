"""The filter language: what is refused and where, what each operator means, and that both back-ends agree."""

from datetime import UTC, datetime

import orjson
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewapp.http.errors import InvalidError
from sampling.ingest.facts import NewFact, record_facts
from sampling.models import Item
from sampling.plans.filters import EVERYTHING, MAX_DEPTH, MAX_TESTS, MAX_TEXT, MAX_VALUES, parse_filter
from sampling.plans.filters_match import compile_filter
from sampling.plans.filters_sql import filter_sql
from sampling.plans.stored_facts import read_facts
from tests.conftest import NOW

DEEP = {"latency_ms": {"gt": 1}}
for _ in range(MAX_DEPTH):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ([], "when", "Expected an object"),
        ({"all": [{}, {}, {"latency_ms": {"gt": "slow"}}]}, "when.all.2.latency_ms.gt", "Expected a number"),
        ({"any": []}, "when.any", "at least one"),
        ({"all": {}}, "when.all", "at least one"),
        ({"not": 1}, "when.not", "Expected an object"),
        ({"colour": {"eq": "red"}}, "when.colour", "no such fact"),
        ({"metadata.": {"eq": "red"}}, "when.metadata.", "no such fact"),
        ({"metadata.a..b": {"eq": "red"}}, "when.metadata.a..b", "no such fact"),
        ({"system.a": {"eq": "red"}}, "when.system.a", "no such fact"),
        ({"verdict.tone": {"eq": "pass"}}, "when.verdict.tone", "no such fact"),
        ({"metadata.\0": {"eq": "red"}}, "when.metadata.\0", "no such fact"),
        ({"hint." + "x" * 500: {"eq": 1}}, "when.hint." + "x" * 500, "no such fact"),
        ({"system": "bot"}, "when.system", "an operator"),
        ({"system": {}}, "when.system", "an operator"),
        ({"system": {"is": "bot"}}, "when.system.is", "no such operator"),
        ({"system": {"eq": 3}}, "when.system.eq", "Expected text"),
        ({"system": {"eq": "a\0"}}, "when.system.eq", "Expected text"),
        ({"system": {"eq": "\ud800"}}, "when.system.eq", "Expected text"),
        ({"system": {"eq": "x" * (MAX_TEXT + 1)}}, "when.system.eq", "Expected text"),
        ({"system": {"in": "bot"}}, "when.system.in", "at least one"),
        ({"system": {"in": ["bot", 3]}}, "when.system.in.1", "Expected text"),
        ({"system": {"in": ["bot"] * (MAX_VALUES + 1)}}, "when.system.in", "at most"),
        ({"cost_usd": {"lt": True}}, "when.cost_usd.lt", "Expected a number"),
        ({"cost_usd": {"lt": 10**400}}, "when.cost_usd.lt", "Expected a number"),
        ({"cost_usd": {"lt": float("nan")}}, "when.cost_usd.lt", "Expected a number"),
        ({"cost_usd": {"contains": 1}}, "when.cost_usd.contains", "contains nothing"),
        ({"occurred_at": {"gt": "yesterday"}}, "when.occurred_at.gt", "Expected a time"),
        ({"occurred_at": {"gt": 3}}, "when.occurred_at.gt", "Expected a time"),
        ({"occurred_at": {"gt": "0001-01-01T00:00:00+14:00"}}, "when.occurred_at.gt", "Expected a time"),
        ({"system": {"exists": 1}}, "when.system.exists", "true or false"),
        ({"metadata.a": {"eq": None}}, "when.metadata.a.eq", "exists"),
        ({"metadata.a": {"eq": [1]}}, "when.metadata.a.eq", "Expected text, a number"),
        ({"metadata.a": {"gt": True}}, "when.metadata.a.gt", "no order"),
        ({"any": [{"latency_ms": {"gt": 1}}] * (MAX_TESTS + 1)}, f"when.any.{MAX_TESTS}.latency_ms.gt", "at most"),
        (DEEP, "when" + ".not" * MAX_DEPTH, "levels deep"),
    ],
)
def test_what_is_no_filter_is_refused_with_its_place(body, path, message):
    with pytest.raises(InvalidError) as refused:
        parse_filter(body, path="when")
    assert refused.value.code == "filter_invalid"
    assert refused.value.fields[0].path == path
    assert message in refused.value.fields[0].message


@pytest.mark.parametrize(
    ("body", "facts", "meets"),
    [
        ({}, {}, True),
        ({"system": {"eq": "bot"}, "latency_ms": {"gt": 5}}, {"system": "bot", "latency_ms": 6}, True),
        ({"system": {"eq": "bot"}, "latency_ms": {"gt": 5}}, {"system": "bot", "latency_ms": 5}, False),
        ({"latency_ms": {"gte": 5, "lt": 6}}, {"latency_ms": 5}, True),
        ({"latency_ms": {"gte": 5, "lt": 6}}, {"latency_ms": 6}, False),
        ({"latency_ms": {"lte": 5}}, {}, False),
        ({"not": {"latency_ms": {"lte": 5}}}, {}, True),
        ({"system": {"ne": "bot"}}, {}, True),
        ({"system": {"exists": False}}, {"system": None}, True),
        ({"metadata.a": {"exists": True}}, {"metadata": {"a": False}}, True),
        ({"metadata.a": {"exists": True}}, {"metadata": {"a": None}}, False),
        ({"metadata.a": {"eq": 1}}, {"metadata": {"a": "1"}}, False),
        ({"metadata.a": {"eq": 1}}, {"metadata": {"a": True}}, False),
        ({"metadata.a": {"eq": 1}}, {"metadata": {"a": 1.0}}, True),
        ({"metadata.a": {"eq": 2**53}}, {"metadata": {"a": 2**53 + 1}}, True),  # numbers are 64-bit floats
        ({"metadata.a": {"contains": 2**53}}, {"metadata": {"a": [2**53 + 1]}}, True),
        ({"metadata.a": {"lt": 2**53 + 1}}, {"metadata": {"a": 2**53}}, False),
        ({"metadata.a": {"eq": True}}, {"metadata": {"a": True}}, True),
        ({"metadata.a": {"in": ["x", 2]}}, {"metadata": {"a": 2}}, True),
        ({"metadata.a.b": {"eq": "x"}}, {"metadata": {"a": {"b": "x"}}}, True),
        ({"metadata.a.0": {"eq": "x"}}, {"metadata": {"a": ["x"]}}, False),
        ({r"metadata.gen_ai\.model": {"eq": "x"}}, {"metadata": {"gen_ai.model": "x"}}, True),
        ({"metadata.a": {"contains": "fund"}}, {"metadata": {"a": "refund"}}, True),
        ({"metadata.a": {"contains": "fund"}}, {"metadata": {"a": ["refund"]}}, False),
        ({"metadata.a": {"contains": "refund"}}, {"metadata": {"a": ["refund"]}}, True),
        ({"metadata.a": {"contains": 2}}, {"metadata": {"a": [1, 2.0]}}, True),
        ({"metadata.a": {"contains": 1}}, {"metadata": {"a": [True]}}, False),
        ({"metadata.a": {"contains": True}}, {"metadata": {"a": [True]}}, True),
        ({"metadata.a": {"contains": "x"}}, {"metadata": {"a": [["x"]]}}, False),
        ({"metadata.a": {"gt": "2026-01"}}, {"metadata": {"a": "2026-02"}}, True),
        ({"metadata.a": {"gt": "2026-01"}}, {"metadata": {"a": 2027}}, False),
        ({"external_id": {"contains": "eu/"}}, {"external_id": "eu/7"}, True),
        ({"external_id": {"gt": "é"}}, {"external_id": "z"}, False),
        ({"occurred_at": {"gte": "2026-11-21T13:00:00+01:00"}}, {"occurred_at": NOW}, True),
        ({"occurred_at": {"lt": "2026-11-21T12:00:00"}}, {"occurred_at": NOW}, False),
        ({"checks.pii": {"eq": "found"}}, {"checks.pii": "found"}, True),
        ({"verdict.tone.ok": {"ne": "pass"}}, {"verdict.tone.ok": "pass"}, False),
        ({"hint.doubt": {"gt": 0.5}}, {"hint.doubt": 0.75}, True),
        ({"feedback": {"lt": 0}}, {"feedback": -1}, True),
        ({"output": {"contains": "sorry"}}, {"output": "I am sorry."}, True),
        ({"any": [{"feedback": {"lt": 0}}, {"confidence": {"lt": 0.5}}]}, {"confidence": 0.4}, True),
        ({"all": [{"feedback": {"lt": 0}}, {"confidence": {"lt": 0.5}}]}, {"confidence": 0.4}, False),
    ],
)
def test_what_a_filter_means_in_memory_and_in_the_database(project, body, facts, meets):
    assert compile_filter(parse_filter(body))(facts) is meets
    assert stored_items_meet(project, [facts], body) == [meets]


def stored_items_meet(project, items, body):
    """Store the items with their facts, ask the database which meet the filter, and take them back."""
    condition = filter_sql(parse_filter(body))
    with transaction.atomic(), connection.cursor() as cursor:
        stored = store(project, items)
        cursor.execute(
            f"SELECT i.id, ({condition.sql}) IS TRUE FROM sampling_item i WHERE i.project_id = %s ORDER BY i.id",
            [*condition.params, project.pk],
        )
        answers = [row[1] for row in cursor.fetchall()]
        again = [compile_filter(parse_filter(body))(read_facts([item.pk])[item.pk]) for item in stored]
        assert again == answers
        transaction.set_rollback(True)
    return answers


def store(project, items):
    fields = [{name: value for name, value in facts.items() if "." not in name} for facts in items]
    rows = [
        Item(id=number, project=project, **{"external_id": str(number), "input": "", "received_at": NOW, **known})
        for number, known in enumerate(fields, start=1)
    ]
    Item.objects.bulk_create(rows)
    record_facts(
        [
            NewFact(number, name, value)
            for number, facts in enumerate(items, start=1)
            for name, value in facts.items()
            if "." in name
        ],
        now=NOW,
    )
    return list(Item.objects.filter(project=project).order_by("pk"))


def test_feedback_recorded_later_goes_before_the_items_own(project):
    (item,) = store(project, [{"feedback": 1}])
    record_facts([NewFact(item.pk, "feedback", -1)], now=NOW)
    assert read_facts([item.pk])[item.pk]["feedback"] == -1
    condition = filter_sql(parse_filter({"feedback": {"eq": -1}}))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM sampling_item i WHERE {condition.sql}", condition.params)
        assert cursor.fetchone() == (1,)


def test_everything_is_the_filter_without_conditions():
    assert parse_filter({}) == EVERYTHING


# Random filters over random items: few names and few values, so that they meet.

texts = st.sampled_from(["", "a", "b", "ab", "é", "\U0001f600", "A", "1", 'quo"te', "back\\slash", "%s"])
integers = st.sampled_from([0, 1, -1, 2, 2**53, 2**53 + 1, 2**63, -(2**63)])
floats = st.sampled_from([0.0, -0.0, 1.0, 0.1, 1e22, 1e23, 5e-324, 1.7976931348623157e308])
scalars = st.one_of(texts, integers, floats, st.booleans())
values = st.recursive(
    st.one_of(st.none(), scalars),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c.d", "0"]), inner, max_size=3)
    ),
    max_leaves=6,
)
times = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
items = st.fixed_dictionaries(
    {"metadata": st.dictionaries(st.sampled_from(["a", "b", "c.d"]), values, max_size=3)},
    optional={
        "input": values.filter(lambda value: value is not None),
        "output": values,
        "decision": values,
        "external_id": texts,
        "system": texts,
        "confidence": floats,
        "input_tokens": st.sampled_from([0, 1, 2**53 + 1, 2**62]),
        "feedback": st.sampled_from([-1, 0, 1]),
        "occurred_at": times,
        "checks.a": values,
        "checks": st.dictionaries(st.sampled_from(["a", "b"]), values, max_size=2),
        "verdict.j.q": values,
    },
)
number_tests = st.dictionaries(
    st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), st.one_of(integers, floats), min_size=1, max_size=2
)
text_tests = st.dictionaries(
    st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "contains"]), texts, min_size=1, max_size=2
)
time_tests = st.dictionaries(
    st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), times.map(datetime.isoformat), min_size=1, max_size=2
)
exists_tests = st.booleans().map(lambda answer: {"exists": answer})
json_tests = st.one_of(
    st.dictionaries(st.sampled_from(["eq", "ne", "contains"]), scalars, min_size=1, max_size=2),
    st.dictionaries(
        st.sampled_from(["gt", "gte", "lt", "lte"]), st.one_of(texts, integers, floats), min_size=1, max_size=2
    ),
    st.lists(scalars, min_size=1, max_size=4).map(lambda wanted: {"in": wanted}),
    exists_tests,
)
json_facts = st.sampled_from(
    [
        "input",
        "output",
        "output.a",
        "decision",
        "metadata",
        "metadata.a",
        "metadata.a.b",
        r"metadata.c\.d",
        "metadata.0",
        "metadata.a.0",
        "checks.a",
        "checks.b",
        "verdict.j.q",
        "hint.none",
    ]
)
conditions = st.recursive(
    st.one_of(
        st.dictionaries(json_facts, json_tests, max_size=2),
        st.dictionaries(st.sampled_from(["confidence", "input_tokens", "feedback"]), number_tests, max_size=2),
        st.dictionaries(st.sampled_from(["external_id", "system"]), st.one_of(text_tests, exists_tests), max_size=2),
        st.dictionaries(st.just("occurred_at"), st.one_of(time_tests, exists_tests), max_size=1),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)


def of_arrival(facts):
    return {f"checks.{name}": outcome for name, outcome in facts.get("checks", {}).items()}


def known_later(facts):
    return {name: value for name, value in facts.items() if value is not None or "." not in name}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(items, min_size=1, max_size=4), body=conditions)
def test_memory_and_database_agree_on_any_filter(project, facts, body):
    known = orjson.loads(orjson.dumps([{**each, "occurred_at": None} for each in facts]))  # as ingest would read it
    facts = [
        {**each, **({"occurred_at": before["occurred_at"]} if "occurred_at" in before else {})}
        for each, before in zip(known, facts, strict=True)
    ]
    in_memory = [
        compile_filter(parse_filter(body))(
            {"external_id": str(number), "input": "", "received_at": NOW, **of_arrival(each), **known_later(each)}
        )
        for number, each in enumerate(facts, start=1)
    ]
    assert stored_items_meet(project, facts, body) == in_memory
