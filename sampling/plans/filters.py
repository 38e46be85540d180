"""The one filter language of plans, lists, segments, datasets and gates: parsed once, checked, frozen.

    {"latency_ms": {"gt": 2000}, "metadata.tier": {"in": ["gold", "silver"]}}
    {"any": [{"feedback": {"lt": 0}}, {"not": {"confidence": {"gte": 0.8}}}]}

`docs/filters.md` defines what each operator means; `filters_match` (Python) and `filters_sql` (Postgres) both do just
that. Every condition is true or false, never unknown: about a fact that is missing, only `ne` and `exists: false` hold.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NoReturn, TypeAlias

from reviewapp.http.errors import FieldError, InvalidError
from sampling.plans.filters_facts import Fact, Kind, find_fact
from sampling.times import parse_time

MAX_DEPTH = 16
MAX_TESTS = 200
MAX_VALUES = 1000
MAX_TEXT = 10_000

Operator = Literal["in", "gt", "gte", "lt", "lte", "exists", "contains"]
Value: TypeAlias = str | float | bool | datetime
_WORDS = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "exists", "contains")


@dataclass(frozen=True, slots=True)
class Test:
    """One question about one fact. `in` has one or more values, `exists` none, the others one."""

    fact: Fact
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every part is; without parts, everywhere."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where some part is."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """True where the part is not."""

    part: "Filter"


Filter: TypeAlias = Test | AllOf | AnyOf | Not
EVERYTHING = AllOf(())


def parse_filter(body: object, *, path: str = "where") -> Filter:
    """Return the filter that a parsed JSON value describes.

    Raises InvalidError (`filter_invalid`) naming the place by its path, such as `where.all.2.latency_ms.gt`.
    """
    return _Parser().condition(body, path, depth=1)


def _refuse(path: str, message: str) -> NoReturn:
    raise InvalidError(f"{path}: {message}", code="filter_invalid", fields=(FieldError(path, message),))


class _Parser:
    """Counts the tests of one filter while it is parsed."""

    def __init__(self) -> None:
        self.tests = 0

    def condition(self, body: object, path: str, *, depth: int) -> Filter:
        if not isinstance(body, Mapping):
            _refuse(path, 'Expected an object like {"fact": {"op": value}}.')
        if depth > MAX_DEPTH:
            _refuse(path, f"A filter may be nested {MAX_DEPTH} levels deep at most.")
        parts = [self._entry(str(key), value, f"{path}.{key}", depth) for key, value in body.items()]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _entry(self, key: str, value: object, path: str, depth: int) -> Filter:
        if key in {"all", "any"}:
            if not isinstance(value, list) or not value:
                _refuse(path, "Expected a list of at least one condition.")
            parts = tuple(self.condition(part, f"{path}.{index}", depth=depth + 1) for index, part in enumerate(value))
            return AllOf(parts) if key == "all" else AnyOf(parts)
        if key == "not":
            return Not(self.condition(value, path, depth=depth + 1))
        fact = find_fact(key)
        if fact is None or not _is_text(key):
            _refuse(path, "There is no such fact: name a field of the item, metadata.…, checks.…, verdict.… or hint.….")
        if not isinstance(value, Mapping) or not value:
            _refuse(path, f'Expected an operator and its value, like {{"eq": …}}; there are {", ".join(_WORDS)}.')
        tests = [self._test(fact, str(word), operand, f"{path}.{word}") for word, operand in value.items()]
        return tests[0] if len(tests) == 1 else AllOf(tuple(tests))

    def _test(self, fact: Fact, word: str, operand: object, path: str) -> Filter:
        self.tests += 1
        if self.tests > MAX_TESTS:
            _refuse(path, f"A filter may hold {MAX_TESTS} tests at most.")
        match word:
            case "eq":
                return Test(fact, "in", (_value(fact, operand, path),))
            case "ne":
                return Not(Test(fact, "in", (_value(fact, operand, path),)))
            case "in":
                return Test(fact, "in", _values(fact, operand, path))
            case "gt" | "gte" | "lt" | "lte":
                value = _value(fact, operand, path)
                if isinstance(value, bool):
                    _refuse(path, "Expected a number, text or a time: true and false have no order.")
                return Test(fact, word, (value,))
            case "exists":
                if not isinstance(operand, bool):
                    _refuse(path, "Expected true or false.")
                return Test(fact, "exists") if operand else Not(Test(fact, "exists"))
            case "contains":
                if fact.kind not in {Kind.TEXT, Kind.JSON}:
                    _refuse(path, f"{fact.name} is {fact.kind.value} and contains nothing; text and lists do.")
                return Test(fact, "contains", (_value(fact, operand, path),))
            case _:
                _refuse(path, f"There is no such operator; there are {', '.join(_WORDS)}.")


def _values(fact: Fact, operand: object, path: str) -> tuple[Value, ...]:
    if not isinstance(operand, list) or not operand:
        _refuse(path, "Expected a list of at least one value.")
    if len(operand) > MAX_VALUES:
        _refuse(path, f"A list may hold {MAX_VALUES} values at most.")
    return tuple(_value(fact, element, f"{path}.{index}") for index, element in enumerate(operand))


def _value(fact: Fact, operand: object, path: str) -> Value:
    """Return the operand as a value that the fact can have."""
    match fact.kind:
        case Kind.NUMBER:
            number = _number(operand)
            return number if number is not None else _refuse(path, "Expected a number.")
        case Kind.TIME:
            time = parse_time(operand) if isinstance(operand, str) else None
            return time or _refuse(path, "Expected a time like 2026-11-21T12:00:00Z.")
        case Kind.TEXT:
            return operand if isinstance(operand, str) and _is_text(operand) else _refuse(path, "Expected text.")
    if isinstance(operand, bool) or (isinstance(operand, str) and _is_text(operand)):
        return operand
    number = _number(operand)
    if number is not None:
        return number
    if operand is None:
        _refuse(path, 'Expected a value; {"exists": false} asks for what is missing or null.')
    _refuse(path, "Expected text, a number, true or false.")


def _number(operand: object) -> float | None:
    # Numbers are compared as 64-bit floats, here and in the database.
    if isinstance(operand, bool) or not isinstance(operand, int | float):
        return None
    try:
        number = float(operand)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _is_text(text: Any) -> bool:
    """Tell whether Postgres can hold the text: no NUL, no lone surrogate, not endless."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text and len(text) <= MAX_TEXT
