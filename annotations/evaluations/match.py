"""Whether an output is what was expected: exactly, after normalising, as a number, field by field."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import orjson

from annotations.shadow.rules import as_number, normalised, plain
from sampling.checks.targets import find_target, target_reader

Way = Literal["exact", "normalised", "number", "fields"]


class MatchRule(NamedTuple):
    """What makes an output right.

    `way` decides `accuracy`; `tolerance` holds for numbers, absolute; `fields` are those compared in objects (all that
    are expected, where none is named); `path` is the place in the output that holds the answer, such as `intent`.
    """

    way: Way = "normalised"
    tolerance: float = 0.0
    fields: tuple[str, ...] = ()
    path: str = ""


class Marks(NamedTuple):
    """An output compared with what was expected; None where a comparison has no meaning for it."""

    correct: bool
    exact: bool
    normalised: bool
    number: bool | None
    fields: dict[str, bool] | None
    predicted: str


def mark_output(output: Any, expected: Any, rule: MatchRule) -> Marks:
    """Return how an output compares with the expected answer (which is not None)."""
    answer = answer_of(output, rule.path)
    if isinstance(expected, Mapping | list) and isinstance(answer, str):
        answer = _parsed(answer, expected)
    exact = type(answer) is type(expected) and canonical(answer) == canonical(expected)
    same = _normal(answer) == _normal(expected)
    number = _same_number(answer, expected, rule.tolerance)
    fields = _same_fields(answer, expected, rule)
    correct = {
        "exact": exact,
        "normalised": same,
        "number": bool(number),
        "fields": bool(fields) and all(fields.values()) if fields is not None else same,
    }[rule.way]
    return Marks(correct, exact, same, number, fields, plain(answer)[:200])


def answer_of(output: Any, path: str) -> Any:
    """Return the place of an output that holds the answer; the output itself without a path, None where missing."""
    if not path:
        return output
    target = find_target(f"output.{path}")
    return None if target is None else target_reader(target)({"output": output})


def canonical(value: Any) -> bytes:
    """Return a value's canonical JSON."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _parsed(answer: str, expected: Any) -> Any:
    """Return a text as the JSON that it holds, where that is of the expected kind."""
    try:
        found = orjson.loads(answer.strip().removeprefix("```json").removeprefix("```").removesuffix("```"))
    except orjson.JSONDecodeError:
        return answer
    return found if isinstance(found, type(expected)) else answer


def _normal(value: Any) -> Any:
    """Return a value in which what rarely means a difference is equal; lists are compared as sets."""
    if isinstance(value, Mapping):
        return {str(name): _normal(each) for name, each in value.items()}
    if isinstance(value, list):
        return sorted(canonical(_normal(each)) for each in value)
    number = None if isinstance(value, str) else as_number(value)
    return normalised(f"{number:.12g}" if number is not None else value)


def _same_number(answer: Any, expected: Any, tolerance: float) -> bool | None:
    """Return None where no number is expected."""
    wanted = as_number(expected)
    if wanted is None:
        return None
    found = as_number(answer)
    # Decimal fractions are not exact in binary: 0.3 is within 0.1 of 0.2.
    return found is not None and abs(found - wanted) <= tolerance + 1e-12 * max(1.0, abs(wanted))


def _same_fields(answer: Any, expected: Any, rule: MatchRule) -> dict[str, bool] | None:
    """Return None where no object is expected."""
    if not isinstance(expected, Mapping):
        return None
    found = answer if isinstance(answer, Mapping) else {}
    names = rule.fields or tuple(str(name) for name in expected)

    def same(name: str) -> bool:
        if name not in found:
            return name not in expected
        if rule.way == "exact":
            return canonical(found[name]) == canonical(expected.get(name))
        return _normal(found[name]) == _normal(expected.get(name)) or bool(
            _same_number(found[name], expected.get(name), rule.tolerance)
        )

    return {name: same(name) for name in names}
