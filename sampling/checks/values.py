"""Questions about a value: that it is JSON, meets a schema, is one of some, lies in a range."""

from typing import Any

import orjson

from sampling.checks.body import AllowedValuesCheck, JsonCheck, JsonSchemaCheck, NumericRangeCheck
from sampling.checks.findings import PASSED, Finding, Question, failed, shortened
from sampling.checks.json_schema import compile_schema
from sampling.checks.targets import Facts, read_json, text_of

_TYPES = {"object": dict, "array": list}


def json_question(check: JsonCheck) -> Question:
    """Return the question of a `json` check."""
    wanted = _TYPES.get(check.type or "")

    def parses(value: Any, facts: Facts) -> Finding:
        if isinstance(value, str):
            try:
                value = read_json(value, fences=check.fences)
            except ValueError as error:
                return failed(f"Not JSON: {error}.")
        return PASSED if wanted is None or isinstance(value, wanted) else failed(f"JSON, but no {check.type}.")

    return parses


def json_schema_question(check: JsonSchemaCheck) -> Question:
    """Return the question of a `json_schema` check."""
    schema = compile_schema(check.schema_)

    def meets(value: Any, facts: Facts) -> Finding:
        if isinstance(value, str):
            try:
                value = read_json(value, fences=check.fences)
            except ValueError as error:
                return failed(f"Not JSON: {error}.")
        problem = schema.find_problem(value)
        if problem is None:
            return PASSED
        return failed(f"{'.'.join(map(str, problem.path)) or 'It'} {shortened(problem.message, 160)}.")

    return meets


def allowed_values_question(check: AllowedValuesCheck) -> Question:
    """Return the question of an `allowed_values` check. Text is compared without the space around it."""
    ignore_case = check.ignore_case
    allowed = frozenset(_comparable(value, ignore_case=ignore_case) for value in check.values)

    def is_one(value: Any, facts: Facts) -> Finding:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict | list) or _comparable(each, ignore_case=ignore_case) not in allowed:
                return failed(f"“{shortened(text_of(each))}” is not allowed.")
        return PASSED

    return is_one


def numeric_range_question(check: NumericRangeCheck) -> Question:
    """Return the question of a `numeric_range` check."""
    low, high = check.min, check.max

    def lies_within(value: Any, facts: Facts) -> Finding:
        number = _number(value)
        if number is None:
            return failed(f"“{shortened(text_of(value))}” is no number.")
        if low is not None and number < low:
            return failed(f"{number:g} is below {low:g}.")
        return failed(f"{number:g} is above {high:g}.") if high is not None and number > high else PASSED

    return lies_within


def _comparable(value: Any, *, ignore_case: bool) -> tuple[str, Any]:
    """Return the value with its JSON type: 1 is 1.0, and neither true nor "1"."""
    if isinstance(value, str):
        return "text", value.strip().casefold() if ignore_case else value.strip()
    if isinstance(value, bool) or value is None:
        return "word", value
    return "number", float(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            found = orjson.loads(value.strip())
        except orjson.JSONDecodeError:
            return None
        return _number(found) if not isinstance(found, str) else None
    return None
