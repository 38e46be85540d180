"""Filters over stored items: an SQL condition with parameters, of the same meaning as in memory."""

from typing import Any, NamedTuple

import orjson

from sampling.plans.filters import AllOf, AnyOf, Filter, Not, Test, Value
from sampling.plans.filters_facts import FEEDBACK, Fact, Kind, Place

_ORDERS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_OF_ITEM = "FROM sampling_itemfact f WHERE "  # the one way in which facts are read
_ROW = "(SELECT f.value FROM sampling_itemfact f WHERE f.item_id = {item}.id AND f.name = %s)"
_FEEDBACK = (
    "COALESCE((SELECT f.value::float8 FROM sampling_itemfact f WHERE f.item_id = {item}.id AND f.name = 'feedback'),"
    " {item}.feedback::float8)"
)


class SqlCondition(NamedTuple):
    """A condition for WHERE or CASE, and its parameters in order. Unknown (NULL) counts as false."""

    sql: str
    params: list[Any]


def filter_sql(condition: Filter, *, item: str = "i", for_draws: bool = False) -> SqlCondition:
    """Return the condition over a row of `sampling_item` under the alias `item`.

    `for_draws` leaves out facts that are known only because the item was selected or labelled.

    Whatever came from a person travels as a parameter. AND, OR and IS NOT TRUE keep "unknown" from ever turning into
    "true", so a missing fact needs no special case.
    """
    params: list[Any] = []
    sql = _condition(condition, item, params)
    return SqlCondition(sql.replace(_OF_ITEM, f"{_OF_ITEM}NOT f.caused_by_draw AND ") if for_draws else sql, params)


def _condition(condition: Filter, item: str, params: list[Any]) -> str:
    match condition:
        case Test():
            return _test(condition, item, params)
        case Not(part):
            return f"({_condition(part, item, params)}) IS NOT TRUE"
        case AllOf(parts):
            return "(" + (" AND ".join(_condition(part, item, params) for part in parts) or "TRUE") + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(_condition(part, item, params) for part in parts) + ")"


def _test(test: Test, item: str, params: list[Any]) -> str:
    fact = test.fact
    if fact.kind is Kind.JSON:
        return _json_test(test, item, params)
    column = _column(fact, item)
    if test.operator == "exists":
        return f"{column} IS NOT NULL"
    if test.operator == "contains":
        params.append(test.values[0])
        return f"position(%s::text in {column}) > 0"
    kind = {Kind.NUMBER: "float8", Kind.TIME: "timestamptz", Kind.TEXT: "text"}[fact.kind]
    if test.operator == "in":
        params.append(list(test.values))
        return f"{column} = ANY(%s::{kind}[])"
    params.append(test.values[0])
    collation = ' COLLATE "C"' if fact.kind is Kind.TEXT else ""  # by code point, as Python compares
    return f"{column} {_ORDERS[test.operator]} %s::{kind}{collation}"


def _column(fact: Fact, item: str) -> str:
    if fact.root == FEEDBACK:
        return _FEEDBACK.format(item=item)
    return f"{item}.{fact.root}::float8" if fact.kind is Kind.NUMBER else f"{item}.{fact.root}"


def _json_test(test: Test, item: str, params: list[Any]) -> str:
    question = _json_question(test, params)
    fact = test.fact
    if fact.place is Place.ROW:
        value = _ROW.format(item=item)
        params.append(fact.root)
    elif fact.place is Place.CHECK:
        value = f"COALESCE({_ROW.format(item=item)}, {item}.checks -> %s::text)"
        params.extend([fact.root, *fact.keys])
    else:
        # `-> text` finds keys of objects only, while `#>` would count into lists.
        value = f"{item}.{fact.root}{' -> %s::text' * len(fact.keys)}"
        params.extend(fact.keys)
    return f"(SELECT {question} FROM (SELECT {value} AS v) x)"  # noqa: S608 — values are parameters


def _json_question(test: Test, params: list[Any]) -> str:
    """Return the condition on the JSON value `v`. CASE, because AND does not promise to look at the type first."""
    match test.operator:
        case "exists":
            return "jsonb_typeof(v) <> 'null'"
        case "in":
            return _json_in(test.values, params)
        case "contains":
            return _json_contains(test.values[0], params)
    bound, order = test.values[0], _ORDERS[test.operator]
    params.append(bound)
    if isinstance(bound, float):
        return f"CASE jsonb_typeof(v) WHEN 'number' THEN v::float8 {order} %s::float8 END"
    return f"CASE jsonb_typeof(v) WHEN 'string' THEN (v #>> '{{}}') {order} %s::text COLLATE \"C\" END"


def _json_in(wanted: tuple[Value, ...], params: list[Any]) -> str:
    params.append([each for each in wanted if isinstance(each, float)])
    params.append([_json_text(each) for each in wanted if not isinstance(each, float)])
    return "CASE jsonb_typeof(v) WHEN 'number' THEN v::float8 = ANY(%s::float8[]) ELSE v = ANY(%s::text[]::jsonb[]) END"


def _json_contains(wanted: Value, params: list[Any]) -> str:
    """Return the condition that a list has the element, or a text the part."""
    if isinstance(wanted, float):
        params.append(wanted)
        # Not `@>`, which compares decimals: numbers are compared as floats everywhere.
        return (
            "CASE jsonb_typeof(v) WHEN 'array' THEN EXISTS (SELECT FROM jsonb_array_elements(v) e"
            " WHERE CASE jsonb_typeof(e) WHEN 'number' THEN e::float8 = %s::float8 END) END"
        )
    params.append(_json_text(wanted))
    array = "WHEN 'array' THEN v @> jsonb_build_array(%s::text::jsonb)"
    if not isinstance(wanted, str):
        return f"CASE jsonb_typeof(v) {array} END"
    params.append(wanted)
    return f"CASE jsonb_typeof(v) {array} WHEN 'string' THEN position(%s::text in v #>> '{{}}') > 0 END"


def _json_text(value: Value) -> str:
    return orjson.dumps(value).decode()
