"""Filters over facts in memory: compiled to closures, because every item that comes in passes the plan's rules."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from sampling.plans.filters import AllOf, AnyOf, Filter, Not, Test, Value
from sampling.plans.filters_facts import Fact, Place

Facts = Mapping[str, Any]
Matcher = Callable[[Facts], bool]
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


def compile_filter(condition: Filter) -> Matcher:
    """Return the function that tells whether facts meet the condition.

    The facts are a mapping of item fields (`metadata` an object, times as aware datetimes) and of the whole names of
    facts with rows of their own (`checks.pii`). Missing and None are the same.
    """
    match condition:
        case Test():
            return _test(condition)
        case Not(part):
            inner = compile_filter(part)
            return lambda facts: not inner(facts)
        case AllOf(parts):
            every = [compile_filter(part) for part in parts]
            return lambda facts: all(matches(facts) for matches in every)
        case AnyOf(parts):
            some = [compile_filter(part) for part in parts]
            return lambda facts: any(matches(facts) for matches in some)


def _test(test: Test) -> Matcher:
    get = fact_getter(test.fact)
    holds = _question(test)
    return lambda facts: holds(get(facts))


def fact_getter(fact: Fact) -> Callable[[Facts], Any]:
    """Return the function that finds a fact among facts."""
    root, keys = fact.root, fact.keys
    if fact.place is not Place.KEYS or not keys:
        return lambda facts: facts.get(root)

    def get(facts: Facts) -> Any:
        value = facts.get(root)
        for key in keys:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    return get


def _question(test: Test) -> Callable[[Any], bool]:
    match test.operator:
        case "exists":
            return lambda value: value is not None
        case "in":
            wanted = frozenset(_typed(value) for value in test.values)
            # Lists and objects equal no operand, and cannot be looked up.
            return lambda value: not isinstance(value, dict | list) and _typed(value) in wanted
        case "contains":
            return _contains(test.values[0])
    return _ordered(_ORDERS[test.operator], test.values[0])


def _ordered(order: Callable[[Any, Any], bool], bound: Value) -> Callable[[Any], bool]:
    if isinstance(bound, float):
        return lambda value: type(value) in {int, float} and order(float(value), bound)
    kind = type(bound)
    return lambda value: isinstance(value, kind) and order(value, bound)


def _contains(wanted: Value) -> Callable[[Any], bool]:
    element = _typed(wanted)

    def holds(value: Any) -> bool:
        if isinstance(value, list):
            return any(not isinstance(each, dict | list) and _typed(each) == element for each in value)
        return isinstance(value, str) and isinstance(wanted, str) and wanted in value

    return holds


def _typed(value: Any) -> tuple[type, Any]:
    """Return the value with its JSON type, so that true is not 1 while 1 is 1.0."""
    kind = type(value)
    return (float, float(value)) if kind is int else (kind, value)
